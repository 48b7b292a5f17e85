// What a client asks for, and what it gets: section "Subscription" of the catalogue.

import assert from 'node:assert/strict';

import { addCluster, addEndpoint, removeCluster, removeEndpoint } from '../../support/xds/changes.ts';
import { kinds } from '../../support/xds/discovery-api.ts';
import { buildSnapshot } from '../../support/xds/hand-made-snapshot.ts';
import { clustersRoutedTo, portsOf } from '../../support/xds/resource-content.ts';
import { serveXds } from '../../support/xds/served-xds.ts';
import { aggregated, allVariants, perType, scenario } from '../../support/xds/wire-variant.ts';

scenario('SUB-01 first request gets the full state', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('a', 6379, 6380), ...addCluster('b', 6381));
  const client = xds.client(variant);
  client.subscribe('cluster');
  client.subscribe('listener');
  client.subscribe('endpoint', 'a', 'b');
  client.subscribe('route', 'generic_route');
  assert.deepEqual((await client.next('cluster')).names, ['a', 'b']);
  const endpoints = await client.next('endpoint');
  assert.deepEqual(endpoints.names, ['a', 'b']);
  assert.deepEqual(endpoints.resources.map(portsOf), [[6379, 6380], [6381]]);
  const listeners = await client.next('listener');
  assert.deepEqual(listeners.names, ['redis_listener']);
  assert.deepEqual(clustersRoutedTo(variant.apiVersion, listeners.resources[0]), ['a', 'b']);
  assert.deepEqual((await client.next('route')).names, ['generic_route']);
  await client.assertQuiet();
});

scenario('SUB-02 a stream of one type implies the type', perType, async (t, variant) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('a', 6379));
  const client = xds.client(variant);
  const names = { cluster: [], endpoint: ['a'], listener: [], route: ['generic_route'] };
  const expected = { cluster: ['a'], endpoint: ['a'], listener: ['redis_listener'], route: ['generic_route'] };
  for (const kind of kinds) {
    client.stream(kind).send({ resource_names: names[kind] });
    assert.deepEqual((await client.next(kind)).names, expected[kind]);
  }
});

scenario('SUB-03 requests before the first snapshot are held until it comes', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  const client = xds.client(variant);
  client.subscribe('cluster');
  client.subscribe('listener');
  client.subscribe('endpoint', 'a');
  client.subscribe('route', 'generic_route');
  await client.assertQuiet();
  xds.commit(...addCluster('a', 6379));
  assert.deepEqual((await client.next('cluster')).names, ['a']);
  assert.deepEqual(portsOf((await client.next('endpoint')).resources[0]), [6379]);
  assert.deepEqual((await client.next('listener')).names, ['redis_listener']);
  assert.deepEqual((await client.next('route')).names, ['generic_route']);
  await client.assertQuiet();
});

scenario('SUB-04 no clusters and no listeners is an answer too', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.commit();
  const client = xds.client(variant);
  for (const kind of ['cluster', 'listener'] as const) {
    client.subscribe(kind);
    assert.deepEqual((await client.takeAndAck(kind)).names, []);
  }
  await client.assertQuiet();
});

scenario('SUB-05 nothing changed: silence', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('a', 6379));
  const client = xds.client(variant);
  const names = { cluster: [], endpoint: ['a'], listener: [], route: ['generic_route'] };
  await client.hold(names);
  for (const kind of kinds) client.ack(kind);
  await client.assertQuiet();
});

scenario('SUB-06 only the type that changed is sent', allVariants, async (t, variant) => {
  const resources = {
    clusters: { a: 1 },
    endpoints: { a: [6379] },
    listeners: { l: 1001, m: 1002 },
    routes: { r: 'a' },
  };
  const xds = await serveXds(t);
  xds.publish(buildSnapshot(resources));
  const client = xds.client(variant);
  const held = await client.hold({ cluster: [], endpoint: ['a'], listener: [], route: ['r'] });
  xds.publish(buildSnapshot({ ...resources, listeners: { l: 1001, m: 2002 } }));
  const changed = await client.takeAndAck('listener');
  assert.deepEqual(changed.names, ['l', 'm']);
  assert.notEqual(changed.versionInfo, held.listener.versionInfo);
  await client.assertQuiet();
  xds.publish(buildSnapshot({ ...resources, listeners: { l: 1001, m: 2002 }, routes: { r: 'b' } }));
  assert.deepEqual((await client.takeAndAck('route')).names, ['r']);
  await client.assertQuiet();
});

scenario('SUB-06 a new endpoint is an endpoint response and no other', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('a', 6379), ...addCluster('b', 6380));
  const client = xds.client(variant);
  await client.hold({ cluster: [], endpoint: ['a', 'b'], listener: [], route: ['generic_route'] });
  xds.commit(addEndpoint('a', 6381));
  const changed = await client.takeAndAck('endpoint');
  assert.deepEqual(changed.names, ['a']);
  assert.deepEqual(portsOf(changed.resources[0]), [6379, 6381]);
  await client.assertQuiet();
});

scenario('SUB-07 a name that is added is answered at an unchanged snapshot', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('a', 6379), ...addCluster('b', 6380));
  const client = xds.client(variant);
  client.subscribe('endpoint', 'a');
  const first = await client.takeAndAck('endpoint');
  client.subscribe('endpoint', 'a', 'b');
  const second = await client.takeAndAck('endpoint');
  assert.deepEqual(second.names, ['b']);
  assert.notEqual(second.versionInfo, first.versionInfo);
  await client.assertQuiet();
});

scenario('SUB-07 a cluster or listener added by name brings the full state', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.publish(buildSnapshot({ clusters: { a: 1, b: 1, c: 1 }, listeners: { a: 1, b: 2, c: 3 } }));
  const client = xds.client(variant);
  for (const kind of ['cluster', 'listener'] as const) {
    client.subscribe(kind, 'a');
    assert.deepEqual((await client.takeAndAck(kind)).names, ['a']);
    client.subscribe(kind, 'a', 'b');
    assert.deepEqual((await client.takeAndAck(kind)).names, ['a', 'b']);
  }
  await client.assertQuiet();
});

scenario('SUB-08 a name that does not exist does not hold back one that does', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.publish(buildSnapshot({ routes: { r: 'a', other: 'a' } }));
  const client = xds.client(variant);
  client.subscribe('route', 'r', 'missing');
  assert.deepEqual((await client.takeAndAck('route')).names, ['r']);
  await client.assertQuiet();
  xds.publish(buildSnapshot({ routes: { r: 'a', other: 'a', missing: 'a' } }));
  assert.deepEqual((await client.takeAndAck('route')).names, ['missing']);
  await client.assertQuiet();
});

scenario('SUB-08 endpoints of an unknown cluster are none until it appears', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('a', 6379), ...addCluster('other', 6380));
  const client = xds.client(variant);
  client.subscribe('endpoint', 'a', 'missing');
  const first = await client.takeAndAck('endpoint');
  assert.deepEqual(first.names, ['a', 'missing']);
  assert.deepEqual(first.resources.map(portsOf), [[6379], []]);
  await client.assertQuiet();
  xds.commit(...addCluster('missing', 6381));
  const second = await client.takeAndAck('endpoint');
  assert.deepEqual(second.names, ['missing']);
  assert.deepEqual(portsOf(second.resources[0]), [6381]);
  await client.assertQuiet();
});

scenario('SUB-08 no endpoints are made up for a name that no cluster has', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('a', 6379));
  const client = xds.client(variant);
  client.subscribe('endpoint', '', 'a');
  assert.deepEqual((await client.takeAndAck('endpoint')).names, ['a']);
  client.subscribe('endpoint', '', 'a', 'missing');
  assert.deepEqual((await client.takeAndAck('endpoint')).names, ['missing']);
  await client.assertQuiet();
});

scenario('SUB-08 a missing cluster or listener is pushed when it appears', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.publish(buildSnapshot({ clusters: { a: 1 }, listeners: { a: 1 } }));
  const client = xds.client(variant);
  for (const kind of ['cluster', 'listener'] as const) {
    client.subscribe(kind, 'a', 'missing');
    assert.deepEqual((await client.takeAndAck(kind)).names, ['a']);
  }
  await client.assertQuiet();
  xds.publish(buildSnapshot({ clusters: { a: 1, missing: 1 }, listeners: { a: 1, missing: 2 } }));
  assert.deepEqual((await client.takeAndAck('cluster')).names, ['a', 'missing']);
  assert.deepEqual((await client.takeAndAck('listener')).names, ['a', 'missing']);
  await client.assertQuiet();
});

scenario('SUB-09 a name that was dropped and is asked for again is sent again', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('a', 6379), ...addCluster('b', 6380));
  const client = xds.client(variant);
  client.subscribe('endpoint', 'a');
  await client.takeAndAck('endpoint');
  client.subscribe('endpoint');
  client.subscribe('endpoint', 'a');
  assert.deepEqual((await client.takeAndAck('endpoint')).names, ['a']);
  client.subscribe('endpoint', 'b');
  assert.deepEqual((await client.takeAndAck('endpoint')).names, ['b']);
  client.subscribe('endpoint', 'a', 'b');
  assert.deepEqual((await client.takeAndAck('endpoint')).names, ['a']);
  client.subscribe('route', 'generic_route');
  await client.takeAndAck('route');
  client.subscribe('route');
  await client.assertQuiet();
  client.subscribe('route', 'generic_route');
  assert.deepEqual((await client.takeAndAck('route')).names, ['generic_route']);
  await client.assertQuiet();
});

scenario('SUB-09 so is a cluster or listener asked for by name', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.publish(buildSnapshot({ clusters: { a: 1, b: 1 }, listeners: { a: 1, b: 2 } }));
  const client = xds.client(variant);
  for (const kind of ['cluster', 'listener'] as const) {
    for (const name of ['a', 'b', 'a']) {
      client.subscribe(kind, name);
      assert.deepEqual((await client.takeAndAck(kind)).names, [name]);
    }
  }
  await client.assertQuiet();
});

scenario('SUB-10 dropping names needs no answer and ends their updates', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('a', 6379), ...addCluster('b', 6380));
  const client = xds.client(variant);
  await client.hold({ endpoint: ['a', 'b'], route: ['generic_route'] });
  client.subscribe('endpoint', 'a');
  await client.assertQuiet();
  xds.commit(addEndpoint('b', 6381));
  await client.assertQuiet();
  client.subscribe('endpoint');
  client.subscribe('route');
  await client.assertQuiet();
  xds.commit(addEndpoint('a', 6382), addEndpoint('b', 6383), ...addCluster('c'));
  await client.assertQuiet();
});

scenario('SUB-10 a shorter list of clusters or listeners is answered', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.publish(buildSnapshot({ clusters: { a: 1, b: 1 }, listeners: { a: 1, b: 2 } }));
  const client = xds.client(variant);
  for (const kind of ['cluster', 'listener'] as const) {
    client.subscribe(kind, 'a', 'b');
    await client.takeAndAck(kind);
    client.subscribe(kind, 'b');
    assert.deepEqual((await client.takeAndAck(kind)).names, ['b']);
  }
  await client.assertQuiet();
});

scenario('SUB-11 of many requests the newest counts', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  const client = xds.client(variant);
  const names = Array.from({ length: 10 }, (_, index) => `c${index}`);
  for (const name of names) client.subscribe('endpoint', name);
  await client.assertQuiet();
  xds.commit(...names.flatMap((name, index) => addCluster(name, 7000 + index)));
  const response = await client.takeAndAck('endpoint');
  assert.deepEqual(response.names, ['c9']);
  await client.assertQuiet();
  xds.commit(...names.map((name) => addEndpoint(name, 8000)));
  assert.deepEqual((await client.takeAndAck('endpoint')).names, ['c9']);
  await client.assertQuiet();
});

scenario('SUB-12 clusters are full state: what is left out is deleted', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.publish(buildSnapshot({ clusters: { a: 1, b: 1, c: 1 } }));
  const client = xds.client(variant);
  await client.hold({ cluster: [] });
  xds.publish(buildSnapshot({ clusters: { a: 1, b: 2, c: 1 } }));
  assert.deepEqual((await client.takeAndAck('cluster')).names, ['a', 'b', 'c']);
  xds.publish(buildSnapshot({ clusters: { a: 1, b: 2 } }));
  assert.deepEqual((await client.takeAndAck('cluster')).names, ['a', 'b']);
  xds.publish(buildSnapshot({}));
  assert.deepEqual((await client.takeAndAck('cluster')).names, []);
  await client.assertQuiet();
});

scenario('SUB-12 listeners are full state, and the last one can go', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('a', 6379));
  const client = xds.client(variant);
  await client.hold({ listener: [] });
  xds.commit(...removeCluster('a', 6379));
  assert.deepEqual((await client.takeAndAck('listener')).names, []);
  await client.assertQuiet();
});

scenario('SUB-12 endpoints and routes send what changed, and no deletion', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.publish(buildSnapshot({ endpoints: { a: [1], b: [2], c: [3] }, routes: { r: 'a', s: 'a', u: 'a' } }));
  const client = xds.client(variant);
  await client.hold({ endpoint: ['a', 'b', 'c'], route: ['r', 's', 'u'] });
  xds.publish(buildSnapshot({ endpoints: { a: [1], b: [22], c: [3] }, routes: { r: 'a', s: 'b', u: 'a' } }));
  assert.deepEqual((await client.takeAndAck('endpoint')).names, ['b']);
  assert.deepEqual((await client.takeAndAck('route')).names, ['s']);
  xds.publish(buildSnapshot({ endpoints: { a: [1], b: [22] }, routes: { r: 'a', s: 'b' } }));
  await client.assertQuiet();
  xds.publish(buildSnapshot({}));
  await client.assertQuiet();
});

scenario('SUB-12 the last endpoint of a cluster goes', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('a', 6379));
  const client = xds.client(variant);
  await client.hold({ endpoint: ['a'] });
  xds.commit(removeEndpoint('a', 6379));
  const response = await client.takeAndAck('endpoint');
  assert.deepEqual(response.names, ['a']);
  assert.deepEqual(portsOf(response.resources[0]), []);
  await client.assertQuiet();
});

scenario('SUB-13 a resource wanted twice is sent once', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('a', 6379), ...addCluster('b', 6380));
  const client = xds.client(variant);
  client.subscribe('cluster', '*', 'a', 'a');
  assert.deepEqual((await client.takeAndAck('cluster')).names, ['a', 'b']);
  client.subscribe('endpoint', 'b', 'a', 'b');
  assert.deepEqual((await client.takeAndAck('endpoint')).names, ['a', 'b']);
  await client.assertQuiet();
});

scenario('SUB-13 endpoints that are sent again for a changed cluster are sent once', aggregated, async (t, variant) => {
  const xds = await serveXds(t);
  xds.publish(buildSnapshot({ clusters: { a: 1, b: 1 }, endpoints: { a: [1], b: [2] } }));
  const client = xds.client(variant);
  await client.hold({ cluster: [], endpoint: ['a', 'b'] });
  xds.publish(buildSnapshot({ clusters: { a: 2, b: 1 }, endpoints: { a: [11], b: [2] } }));
  assert.deepEqual((await client.takeAndAck('cluster')).names, ['a', 'b']);
  assert.deepEqual((await client.takeAndAck('endpoint')).names, ['a']);
  await client.assertQuiet();
});
