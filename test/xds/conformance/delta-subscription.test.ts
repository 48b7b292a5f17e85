// What a delta client asks for, and what it gets: sections "Subscription", "Wildcard" and
// "On-demand" of the catalogue, as far as delta has its own way.

import assert from 'node:assert/strict';

import { addCluster, addEndpoint } from '../../support/xds/changes.ts';
import { connectDelta } from '../../support/xds/delta-client.ts';
import { kinds } from '../../support/xds/discovery-api.ts';
import { buildSnapshot } from '../../support/xds/hand-made-snapshot.ts';
import { clustersRoutedTo, portsOf } from '../../support/xds/resource-content.ts';
import { serveXds } from '../../support/xds/served-xds.ts';
import { aggregated, allVariants, perType, scenario } from '../../support/xds/wire-variant.ts';

const wildcardKinds = ['cluster', 'listener'] as const;

const wanted = { cluster: [], endpoint: ['a'], listener: [], route: ['generic_route'] };

scenario('SUB-01 delta: the first request gets the full state', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('a', 6379, 6380), ...addCluster('b', 6381));
  const client = connectDelta(xds, variant);
  client.subscribe('cluster');
  client.subscribe('listener');
  client.subscribe('endpoint', 'a', 'b');
  client.subscribe('route', 'generic_route');
  assert.deepEqual((await client.next('cluster')).changes, ['a', 'b']);
  const endpoints = await client.next('endpoint');
  assert.deepEqual(endpoints.changes, ['a', 'b']);
  assert.deepEqual(endpoints.resources.map(portsOf), [[6379, 6380], [6381]]);
  const listeners = await client.next('listener');
  assert.deepEqual(listeners.changes, ['redis_listener']);
  assert.deepEqual(clustersRoutedTo(variant.apiVersion, listeners.resources[0]), ['a', 'b']);
  assert.deepEqual((await client.next('route')).changes, ['generic_route']);
  await client.assertQuiet();
});

interface EdsCluster {
  readonly eds_cluster_config: {
    readonly eds_config: { readonly ads?: object; readonly api_config_source?: { readonly api_type: string } };
  };
}

scenario('SUB-01 delta: clusters send Envoy for their endpoints by the same way', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('a', 6379));
  const client = connectDelta(xds, variant);
  client.subscribe('cluster');
  const [cluster] = (await client.takeAndAck('cluster')).resources;
  const { eds_config: source } = (cluster as unknown as EdsCluster).eds_cluster_config;
  assert.equal(source.ads !== undefined, variant.isAggregated);
  assert.equal(source.api_config_source?.api_type, variant.isAggregated ? undefined : 'DELTA_GRPC');
});

scenario('WLD-03 delta: everything that is subscribed again is sent again', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('a', 6379), ...addCluster('b', 6380));
  const client = connectDelta(xds, variant);
  client.subscribe('cluster', '*');
  assert.deepEqual((await client.takeAndAck('cluster')).changes, ['a', 'b']);
  client.subscribe('cluster', '*');
  assert.deepEqual((await client.takeAndAck('cluster')).changes, ['a', 'b']);
  await client.assertQuiet();
});

scenario('SUB-02 delta: a stream of one type implies the type', perType, async (t, variant) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('a', 6379));
  const client = connectDelta(xds, variant);
  const expected = { cluster: ['a'], endpoint: ['a'], listener: ['redis_listener'], route: ['generic_route'] };
  for (const kind of kinds) {
    client.stream(kind).send({ resource_names_subscribe: wanted[kind] });
    assert.deepEqual((await client.next(kind)).changes, expected[kind]);
  }
});

scenario('SUB-03 delta: requests before the first snapshot are held', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  const client = connectDelta(xds, variant);
  client.subscribe('cluster');
  client.resume('listener', { held: '1' });
  client.subscribe('endpoint', 'a');
  client.subscribe('endpoint', 'b');
  client.subscribe('route', 'generic_route', 'dropped');
  client.unsubscribe('route', 'dropped');
  await client.assertQuiet();
  xds.commit(...addCluster('a', 6379), ...addCluster('b', 6380));
  assert.deepEqual((await client.next('cluster')).changes, ['a', 'b']);
  assert.deepEqual((await client.next('endpoint')).resources.map(portsOf), [[6379], [6380]]);
  assert.deepEqual((await client.next('listener')).changes, ['redis_listener', '-held']);
  assert.deepEqual((await client.next('route')).changes, ['generic_route']);
  await client.assertQuiet();
});

scenario('SUB-04 delta: none of a type is an answer too', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.commit();
  const client = connectDelta(xds, variant);
  client.subscribe('cluster');
  assert.deepEqual((await client.takeAndAck('cluster')).changes, []);
  client.subscribe('listener', '*');
  assert.deepEqual((await client.takeAndAck('listener')).changes, []);
  await client.assertQuiet();
});

scenario('SUB-05 delta: nothing changed: silence', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('a', 6379));
  const client = connectDelta(xds, variant);
  await client.hold(wanted);
  for (const kind of kinds) client.ack(kind);
  for (const kind of kinds) client.send(kind);
  await client.assertQuiet();
});

scenario('SUB-06 delta: only the type that changed is sent', allVariants, async (t, variant) => {
  const resources = { clusters: { a: 1 }, endpoints: { a: [1] }, listeners: { l: 1, m: 2 }, routes: { r: 'a' } };
  const xds = await serveXds(t);
  xds.publish(buildSnapshot(resources));
  const client = connectDelta(xds, variant);
  const held = await client.hold({ cluster: [], endpoint: ['a'], listener: [], route: ['r'] });
  xds.publish(buildSnapshot({ ...resources, listeners: { l: 1, m: 22 } }));
  const changed = await client.takeAndAck('listener');
  assert.deepEqual(changed.changes, ['m']);
  assert.notEqual(changed.versions[0], held.listener.versions[1]);
  await client.assertQuiet();
});

scenario('SUB-07 delta: a name that is added is answered at an unchanged snapshot', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  const [numbers, ports, routes] = [{ a: 1, b: 2 }, { a: [1], b: [2] }, { a: 'x', b: 'x' }];
  xds.publish(buildSnapshot({ clusters: numbers, endpoints: ports, listeners: numbers, routes }));
  for (const kind of kinds) {
    const client = connectDelta(xds, variant);
    await client.hold({ [kind]: ['a'] });
    client.subscribe(kind, 'b');
    assert.deepEqual((await client.takeAndAck(kind)).changes, ['b']);
    await client.assertQuiet();
  }
});

scenario('SUB-08 delta: what is missing holds nothing back', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.publish(buildSnapshot({ routes: { r: 'a', other: 'a' } }));
  const client = connectDelta(xds, variant);
  client.subscribe('route', 'missing', 'r');
  assert.deepEqual((await client.takeAndAck('route')).changes, ['r', '-missing']);
  xds.publish(buildSnapshot({ routes: { r: 'a', other: 'b', missing: 'a' } }));
  assert.deepEqual((await client.takeAndAck('route')).changes, ['missing']);
  await client.assertQuiet();
});

scenario('SUB-11 delta: requests that come at once all count', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  const client = connectDelta(xds, variant);
  const names = Array.from({ length: 10 }, (_, index) => `c${index}`);
  for (const name of names) client.subscribe('endpoint', name);
  client.unsubscribe('endpoint', 'c0', 'c5');
  client.subscribe('endpoint', 'c0');
  await client.assertQuiet();
  xds.commit(...names.flatMap((name, index) => addCluster(name, 7000 + index)));
  const expected = names.filter((name) => name !== 'c5');
  assert.deepEqual((await client.takeAndAck('endpoint')).changes, expected);
  await client.assertQuiet();
});

scenario('SUB-13 delta: a resource wanted twice is sent once', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('a', 6379), ...addCluster('b', 6380));
  const client = connectDelta(xds, variant);
  client.subscribe('cluster', 'a', '*', 'a', 'missing', 'missing');
  assert.deepEqual((await client.takeAndAck('cluster')).changes, ['a', 'b', '-missing']);
  client.subscribe('endpoint', 'b', 'a', 'b');
  assert.deepEqual((await client.takeAndAck('endpoint')).changes, ['a', 'b']);
  await client.assertQuiet();
});

scenario('SUB-13 delta: endpoints that are due for two reasons are sent once', aggregated, async (t, variant) => {
  const xds = await serveXds(t);
  xds.publish(buildSnapshot({ clusters: { a: 1, b: 1 }, endpoints: { a: [1], b: [2] } }));
  const client = connectDelta(xds, variant);
  await client.hold({ cluster: [], endpoint: ['a', 'b'] });
  xds.publish(buildSnapshot({ clusters: { a: 2, b: 1 }, endpoints: { a: [11], b: [2] } }));
  assert.deepEqual((await client.takeAndAck('cluster')).changes, ['a']);
  assert.deepEqual((await client.takeAndAck('endpoint')).changes, ['a']);
  await client.assertQuiet();
});

scenario('WLD-01 delta: no names in the first request mean everything', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.publish(buildSnapshot({ clusters: { a: 1 }, listeners: { a: 1 } }));
  for (const kind of wildcardKinds) {
    const client = connectDelta(xds, variant);
    await client.hold({ [kind]: [] });
    client.send(kind);
    xds.publish(buildSnapshot({ clusters: { a: 1, b: 1 }, listeners: { a: 1, b: 2 } }));
    assert.deepEqual((await client.takeAndAck(kind)).changes, ['b']);
    xds.publish(buildSnapshot({ clusters: { a: 1 }, listeners: { a: 1 } }));
    assert.deepEqual((await client.takeAndAck(kind)).changes, ['-b']);
    await client.assertQuiet();
  }
});

scenario('WLD-02 delta: who dropped its last name wants nothing, not everything', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.publish(buildSnapshot({ clusters: { a: 1 }, listeners: { a: 1 } }));
  const client = connectDelta(xds, variant);
  await client.hold({ cluster: ['a'], listener: ['*'] });
  client.unsubscribe('cluster', 'a');
  client.unsubscribe('listener', '*');
  for (const kind of wildcardKinds) client.send(kind);
  await client.assertQuiet();
  xds.publish(buildSnapshot({ clusters: { a: 2, b: 1 }, listeners: { a: 11, b: 2 } }));
  await client.assertQuiet();
});

scenario('WLD-03 delta: "*" is everything, also beside a name', allVariants, async (t, variant) => {
  const resources = { clusters: { a: 1, x: 1 }, listeners: { a: 1, x: 2 } };
  const xds = await serveXds(t);
  for (const kind of wildcardKinds) {
    xds.publish(buildSnapshot(resources));
    const client = connectDelta(xds, variant);
    client.subscribe(kind, '*');
    assert.deepEqual((await client.takeAndAck(kind)).changes, ['a', 'x']);
    client.subscribe(kind, 'x');
    assert.deepEqual((await client.takeAndAck(kind)).changes, ['x']);
    client.unsubscribe(kind, '*');
    await client.assertQuiet();
    xds.publish(buildSnapshot({ [`${kind}s`]: { a: 11, b: 3, x: 22 } }));
    assert.deepEqual((await client.takeAndAck(kind)).changes, ['x']);
    xds.publish(buildSnapshot({ [`${kind}s`]: { x: 22 } }));
    await client.assertQuiet();
  }
});

scenario('WLD-03 delta: who turns to everything gets what it lacks', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.publish(buildSnapshot({ clusters: { a: 1, x: 1 }, listeners: { a: 1, x: 2 } }));
  for (const kind of wildcardKinds) {
    const client = connectDelta(xds, variant);
    await client.hold({ [kind]: ['x'] });
    client.subscribe(kind, '*');
    assert.deepEqual((await client.takeAndAck(kind)).changes, ['a']);
    await client.assertQuiet();
  }
});

scenario('WLD-03 delta: everything and its end in one request leave the names', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.publish(buildSnapshot({ clusters: { a: 1, x: 1 }, listeners: { a: 1, x: 2 } }));
  for (const kind of wildcardKinds) {
    const client = connectDelta(xds, variant);
    await client.hold({ [kind]: [] });
    client.send(kind, { resource_names_subscribe: ['x'], resource_names_unsubscribe: ['*'] });
    assert.deepEqual((await client.takeAndAck(kind)).changes, ['x']);
    xds.publish(buildSnapshot({ clusters: { a: 2, x: 1 }, listeners: { a: 11, x: 2 } }));
    await client.assertQuiet();
  }
});

scenario('WLD-04 delta: neither no names nor "*" are all endpoints or all routes', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('a', 6379));
  const client = connectDelta(xds, variant);
  for (const kind of ['endpoint', 'route'] as const) {
    client.subscribe(kind);
    client.subscribe(kind, '*');
  }
  await client.assertQuiet();
  xds.commit(addEndpoint('a', 6380), ...addCluster('b'));
  await client.assertQuiet();
  client.subscribe('endpoint', 'a');
  client.subscribe('route', 'generic_route');
  assert.deepEqual((await client.takeAndAck('endpoint')).changes, ['a']);
  assert.deepEqual((await client.takeAndAck('route')).changes, ['generic_route']);
  client.unsubscribe('endpoint', 'a');
  client.send('endpoint');
  await client.assertQuiet();
  xds.commit(addEndpoint('a', 6381));
  await client.assertQuiet();
});

scenario('WLD-05 a name beside everything, and then alone', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  for (const kind of wildcardKinds) {
    xds.publish(buildSnapshot({ [`${kind}s`]: { a: 1, b: 2 } }));
    const client = connectDelta(xds, variant);
    await client.hold({ [kind]: [] });
    client.subscribe(kind, 'a');
    assert.deepEqual((await client.takeAndAck(kind)).changes, ['a']);
    xds.publish(buildSnapshot({ [`${kind}s`]: { a: 1, b: 22, c: 3 } }));
    assert.deepEqual((await client.takeAndAck(kind)).changes, ['b', 'c']);
    client.unsubscribe(kind, '*');
    await client.assertQuiet();
    xds.publish(buildSnapshot({ [`${kind}s`]: { a: 11, b: 222 } }));
    assert.deepEqual((await client.takeAndAck(kind)).changes, ['a']);
    await client.assertQuiet();
  }
});

scenario('WLD-06 delta: a listener or cluster asked for by name comes alone', allVariants, async (t, variant) => {
  const names = { 'svc:6379': 1, other: 2 };
  const xds = await serveXds(t);
  xds.publish(buildSnapshot({ clusters: names, listeners: names }));
  const client = connectDelta(xds, variant);
  for (const kind of wildcardKinds) {
    client.subscribe(kind, 'svc:6379');
    assert.deepEqual((await client.takeAndAck(kind)).changes, ['svc:6379']);
  }
  xds.publish(buildSnapshot({ clusters: { ...names, other: 3 }, listeners: { ...names, other: 3 } }));
  await client.assertQuiet();
});

scenario('OND-01 a cluster on demand comes alone, or does not exist', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.publish(buildSnapshot({ clusters: { a: 1, other: 1, 'cluster-x': 1 } }));
  const client = connectDelta(xds, variant);
  await client.hold({ cluster: ['a'] });
  client.subscribe('cluster', 'cluster-x');
  assert.deepEqual((await client.takeAndAck('cluster')).changes, ['cluster-x']);
  client.subscribe('cluster', 'cluster-y');
  assert.deepEqual((await client.takeAndAck('cluster')).changes, ['-cluster-y']);
  client.subscribe('cluster', 'cluster-y');
  assert.deepEqual((await client.takeAndAck('cluster')).changes, ['-cluster-y']);
  await client.assertQuiet();
});

scenario('OND-01 so it is beside everything, whatever else changes', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.publish(buildSnapshot({ clusters: { a: 1, 'cluster-x': 1 } }));
  const client = connectDelta(xds, variant);
  await client.hold({ cluster: ['*'] });
  client.subscribe('cluster', 'cluster-x');
  assert.deepEqual((await client.takeAndAck('cluster')).changes, ['cluster-x']);
  client.subscribe('cluster', 'cluster-y');
  assert.deepEqual((await client.takeAndAck('cluster')).changes, ['-cluster-y']);
  xds.publish(buildSnapshot({ clusters: { a: 2, 'cluster-x': 1 } }));
  assert.deepEqual((await client.takeAndAck('cluster')).changes, ['a']);
  xds.publish(buildSnapshot({ clusters: { a: 2, 'cluster-x': 2, 'cluster-y': 1 } }));
  assert.deepEqual((await client.takeAndAck('cluster')).changes, ['cluster-x', 'cluster-y']);
  await client.assertQuiet();
});

scenario('OND-01 a stream may begin with a cluster on demand', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.publish(buildSnapshot({ clusters: { a: 1, 'cluster-x': 1 } }));
  const client = connectDelta(xds, variant);
  client.subscribe('cluster', 'cluster-x');
  assert.deepEqual((await client.takeAndAck('cluster')).changes, ['cluster-x']);
  xds.publish(buildSnapshot({ clusters: { a: 2, 'cluster-x': 1 } }));
  await client.assertQuiet();
});

scenario('OND-02 a deleted cluster is not made again by its name', allVariants, async (t, variant) => {
  const before = await serveXds(t);
  before.publish(buildSnapshot({ clusters: { a: 1, kept: 1, x: 1 } }));
  const client = connectDelta(before, variant);
  await client.hold({ cluster: ['kept'] });
  client.subscribe('cluster', 'x');
  await client.takeAndAck('cluster');
  await before.shutDown();
  const after = await serveXds(t);
  after.publish(buildSnapshot({ clusters: { a: 1, kept: 1 } }));
  const versions = client.versions('cluster');
  const { x = '' } = versions;
  for (const [held, names, expected] of [
    [{}, ['x'], ['-x']],
    [{ x }, ['kept', 'x'], ['kept', '-x']],
    [versions, ['kept', 'x', 'never'], ['-never', '-x']],
    [versions, ['*', 'x'], ['a', '-x']],
  ] as const) {
    const returned = connectDelta(after, variant);
    returned.resume('cluster', held, ...names);
    assert.deepEqual((await returned.takeAndAck('cluster')).changes, expected);
    await returned.assertQuiet();
    after.publish(buildSnapshot({ clusters: { a: 1, kept: 1, x: 2 } }));
    assert.deepEqual((await returned.takeAndAck('cluster')).changes, ['x']);
    after.publish(buildSnapshot({ clusters: { a: 1, kept: 1 } }));
    assert.deepEqual((await returned.takeAndAck('cluster')).changes, ['-x']);
  }
});

scenario('OND-02 also when it is all that the client holds', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.publish(buildSnapshot({ clusters: { a: 1 } }));
  const client = connectDelta(xds, variant);
  client.resume('cluster', { x: 'some version' }, 'x');
  assert.deepEqual((await client.takeAndAck('cluster')).removed, ['x']);
});
