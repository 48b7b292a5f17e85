// What Envoy waits for before it uses a cluster: section "Warming" of the catalogue.
// On streams of one type Envoy opens a new endpoint stream for a cluster that changed, so
// the scenarios in which the server must speak first are about aggregated streams.

import assert from 'node:assert/strict';

import { scenarioOfBoth } from '../../support/xds/both-protocols.ts';
import { addCluster, addEndpoint, removeCluster, removeEndpoint } from '../../support/xds/changes.ts';
import { takeNext } from '../../support/xds/cluster-swap.ts';
import { buildSnapshot } from '../../support/xds/hand-made-snapshot.ts';
import { clustersRoutedTo, portsOf } from '../../support/xds/resource-content.ts';
import { serveXds } from '../../support/xds/served-xds.ts';
import type { Scope } from '../../support/xds/served-xds.ts';
import type { SotwClient } from '../../support/xds/sotw-client.ts';
import { aggregated, allVariants, scenario } from '../../support/xds/wire-variant.ts';
import type { WireVariant } from '../../support/xds/wire-variant.ts';

scenario('WRM-01 the endpoints of a changed cluster are sent again, once, unasked', aggregated, async (t, variant) => {
  const endpoints = { a: [1], b: [2], c: [3] };
  const xds = await serveXds(t);
  xds.publish(buildSnapshot({ clusters: { a: 1, b: 1, c: 1 }, endpoints }));
  const client = xds.client(variant);
  const held = await client.hold({ cluster: [], endpoint: ['a', 'b', 'c'] });
  xds.publish(buildSnapshot({ clusters: { a: 1, b: 1, c: 2 }, endpoints }));
  assert.equal((await client.nextOfAny()).kind, 'cluster');
  const resent = await client.nextOfAny();
  assert.equal(resent.kind, 'endpoint');
  assert.deepEqual(resent.names, ['c']);
  assert.deepEqual(resent.resources, [held.endpoint.resources[2]]);
  client.ack('cluster');
  client.ack('endpoint');
  await client.assertQuiet();
});

scenario('WRM-01 a request that looks like an ACK changes nothing about that', aggregated, async (t, variant) => {
  const xds = await serveXds(t);
  xds.publish(buildSnapshot({ clusters: { a: 1 }, endpoints: { a: [1] } }));
  const client = xds.client(variant);
  await client.hold({ cluster: [], endpoint: ['a'] });
  xds.publish(buildSnapshot({ clusters: { a: 2 }, endpoints: { a: [1] } }));
  await client.takeAndAck('cluster');
  client.ack('endpoint');
  assert.deepEqual((await client.takeAndAck('endpoint')).names, ['a']);
  await client.assertQuiet();
});

scenarioOfBoth('WRM-01 an empty assignment is sent again too', aggregated, async (t, variant, protocol) => {
  const xds = await serveXds(t);
  xds.publish(buildSnapshot({ clusters: { a: 1 } }));
  const client = protocol.client(xds.connect(), variant);
  await client.hold({ cluster: [], endpoint: ['a'] });
  xds.publish(buildSnapshot({ clusters: { a: 2 } }));
  assert.deepEqual(await takeNext(client, 'cluster'), ['a']);
  const resent = await client.takeAndAck('endpoint');
  // Delta says that there is none.
  assert.deepEqual(resent.changes.map((change) => change.replace(/^-/, '')), ['a']);
  assert.deepEqual(resent.resources.flatMap(portsOf), []);
  client.ack('cluster');
  await client.assertQuiet();
});

interface Scene {
  readonly client: SotwClient;
  /** Publishes these clusters, with the endpoints that they have from the start. */
  readonly publish: (clusters: Readonly<Record<string, number>>) => void;
}

async function holdAAndB(t: Scope, variant: WireVariant): Promise<Scene> {
  const xds = await serveXds(t);
  const publish = (clusters: Readonly<Record<string, number>>): void => {
    xds.publish(buildSnapshot({ clusters, endpoints: { a: [1], b: [2] } }));
  };
  publish({ a: 1, b: 1 });
  const client = xds.client(variant);
  await client.hold({ cluster: [], endpoint: ['a', 'b'] });
  return { client, publish };
}

scenario('WRM-01 a cluster that was refused changes with the next response', aggregated, async (t, variant) => {
  const { client, publish } = await holdAAndB(t, variant);
  publish({ a: 2, b: 1 });
  await client.next('cluster');
  client.nack('cluster');
  assert.deepEqual((await client.takeAndAck('endpoint')).names, ['a']);
  await client.assertQuiet();
  publish({ a: 2, b: 2 });
  await client.takeAndAck('cluster');
  assert.deepEqual((await client.takeAndAck('endpoint')).names, ['a', 'b']);
  await client.assertQuiet();
});

scenario('WRM-01 also when one answer says both', aggregated, async (t, variant) => {
  const { client, publish } = await holdAAndB(t, variant);
  publish({ a: 2, b: 1 });
  await client.next('cluster');
  assert.deepEqual((await client.takeAndAck('endpoint')).names, ['a']);
  publish({ a: 2, b: 2 });
  const { versionInfo } = await client.next('cluster');
  assert.deepEqual((await client.takeAndAck('endpoint')).names, ['b']);
  client.send('cluster', { version_info: versionInfo, error_detail: { code: 13, message: 'the first was refused' } });
  assert.deepEqual((await client.takeAndAck('endpoint')).names, ['a']);
  await client.assertQuiet();
});

scenario('WRM-01 also when the next response is refused too', aggregated, async (t, variant) => {
  const { client, publish } = await holdAAndB(t, variant);
  for (const clusters of [{ a: 2, b: 1 }, { a: 2, b: 2 }]) {
    publish(clusters);
    await client.next('cluster');
    await client.takeAndAck('endpoint');
  }
  // It may have refused a with the first and taken it with the second, of which it refuses b.
  client.nack('cluster');
  assert.deepEqual((await client.takeAndAck('endpoint')).names, ['a']);
  await client.assertQuiet();
});

scenario('WRM-01 also when the answer says that an older response is in force', aggregated, async (t, variant) => {
  const { client, publish } = await holdAAndB(t, variant);
  // It refuses the first, takes the second, refuses the third, and says so at once.
  const versions: string[] = [];
  for (const clusters of [{ a: 2, b: 1 }, { a: 2, b: 2 }, { a: 2, b: 3 }]) {
    publish(clusters);
    versions.push((await client.next('cluster')).versionInfo);
    await client.takeAndAck('endpoint');
  }
  const [, taken = ''] = versions;
  client.send('cluster', { version_info: taken, error_detail: { code: 13, message: 'no' } });
  assert.deepEqual((await client.takeAndAck('endpoint')).names, ['a']);
  await client.assertQuiet();
});

scenario('WRM-02 a cluster that went and came back gets its endpoints', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('c', 6379), ...addCluster('other', 6380));
  const client = xds.client(variant);
  await client.hold({ cluster: [], endpoint: ['c', 'other'] });
  xds.commit(...removeCluster('c', 6379));
  assert.deepEqual((await client.takeAndAck('cluster')).names, ['other']);
  client.subscribe('endpoint', 'other');
  await client.assertQuiet();
  xds.commit(...addCluster('c', 6379));
  assert.deepEqual((await client.takeAndAck('cluster')).names, ['c', 'other']);
  client.subscribe('endpoint', 'c', 'other');
  const endpoints = await client.takeAndAck('endpoint');
  assert.deepEqual(endpoints.names, ['c']);
  assert.deepEqual(portsOf(endpoints.resources[0]), [6379]);
  await client.assertQuiet();
});

scenario('WRM-02 also to a client that kept asking', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('c', 6379));
  const client = xds.client(variant);
  await client.hold({ cluster: [], endpoint: ['c'] });
  xds.commit(...removeCluster('c', 6379));
  assert.deepEqual((await client.takeAndAck('cluster')).names, []);
  await client.assertQuiet();
  xds.commit(...addCluster('c', 6379));
  assert.deepEqual((await client.takeAndAck('cluster')).names, ['c']);
  assert.deepEqual(portsOf((await client.takeAndAck('endpoint')).resources[0]), [6379]);
  await client.assertQuiet();
});

scenarioOfBoth('WRM-03 no endpoints are an empty assignment', allVariants, async (t, variant, protocol) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('c'));
  const client = protocol.client(xds.connect(), variant);
  const held = await client.hold({ cluster: [], endpoint: ['c'] });
  assert.deepEqual(held.endpoint.changes, ['c']);
  assert.deepEqual(portsOf(held.endpoint.resources[0]), []);
  xds.commit(addEndpoint('c', 6379));
  assert.deepEqual(portsOf((await client.takeAndAck('endpoint')).resources[0]), [6379]);
  await client.assertQuiet();
  xds.commit(removeEndpoint('c', 6379));
  const emptied = await client.takeAndAck('endpoint');
  assert.deepEqual(emptied.changes, ['c']);
  assert.deepEqual(portsOf(emptied.resources[0]), []);
  await client.assertQuiet();
});

scenario('WRM-04 endpoints go by the name that was asked for, not by the cluster', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.publish(buildSnapshot({ clusters: { c: 1 }, endpoints: { s: [6379] } }));
  const client = xds.client(variant);
  const held = await client.hold({ cluster: [], endpoint: ['s'] });
  assert.deepEqual(held.endpoint.resources[0]?.['cluster_name'], 's');
  assert.deepEqual(portsOf(held.endpoint.resources[0]), [6379]);
});

scenario('WRM-05 a new stream may ask for endpoints first', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('c', 6379));
  const held = await xds.client(variant).hold({ cluster: [], endpoint: ['c', 'unknown'] });
  const client = xds.client(variant);
  client.send('endpoint', { resource_names: ['c', 'unknown'], version_info: held.endpoint.versionInfo });
  const endpoints = await client.takeAndAck('endpoint');
  assert.deepEqual(endpoints.names, ['c', 'unknown']);
  assert.deepEqual(endpoints.resources.map(portsOf), [[6379], []]);
  await client.assertQuiet();
});

scenario('WRM-05 and gets them again after its first clusters', aggregated, async (t, variant) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('c', 6379));
  const client = xds.client(variant);
  client.subscribe('endpoint', 'c');
  await client.takeAndAck('endpoint');
  await client.assertQuiet();
  client.subscribe('cluster');
  assert.equal((await client.nextOfAny()).kind, 'cluster');
  assert.deepEqual((await client.nextOfAny()).names, ['c']);
  client.ack('cluster');
  client.ack('endpoint');
  await client.assertQuiet();
});

scenario('WRM-06 the route of a new listener is answered when asked for', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.publish(buildSnapshot({ routes: { r: 'a', s: 'a' } }));
  const client = xds.client(variant);
  await client.hold({ listener: [], route: ['r'] });
  xds.publish(buildSnapshot({ listeners: { l: 1 }, routes: { r: 'a', s: 'a' } }));
  assert.deepEqual((await client.takeAndAck('listener')).names, ['l']);
  client.subscribe('route', 'r', 's');
  assert.deepEqual((await client.takeAndAck('route')).names, ['s']);
  await client.assertQuiet();
});

scenario('WRM-06 nothing waits for a client that knows the route and does not ask', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.publish(buildSnapshot({ clusters: { a: 1 }, listeners: { l: 1 }, routes: { r: 'a' } }));
  const client = xds.client(variant);
  await client.hold({ cluster: [], listener: [], route: ['r'] });
  xds.publish(buildSnapshot({ clusters: { a: 1 }, listeners: { l: 2 }, routes: { r: 'a' } }));
  assert.deepEqual((await client.takeAndAck('listener')).names, ['l']);
  xds.publish(buildSnapshot({ clusters: { a: 1 }, listeners: { l: 3 }, routes: { r: 'b' } }));
  assert.deepEqual((await client.takeAndAck('listener')).names, ['l']);
  assert.deepEqual((await client.takeAndAck('route')).names, ['r']);
  await client.assertQuiet();
});

scenario('WRM-07 a warming cluster is replaced without an ACK', aggregated, async (t, variant) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('x', 6379));
  const client = xds.client(variant);
  await client.hold({ cluster: [], endpoint: ['x'], listener: [] });
  xds.commit(...addCluster('w1', 7001));
  assert.deepEqual((await client.next('cluster')).names, ['w1', 'x']);
  xds.commit(...removeCluster('w1', 7001), ...addCluster('w2', 7002));
  const third = await client.next('cluster');
  assert.ok(third.names.includes('w2'));
  client.subscribe('endpoint', 'w2', 'x');
  const endpoints = await client.takeAndAck('endpoint');
  assert.deepEqual(endpoints.names, ['w2']);
  assert.deepEqual(portsOf(endpoints.resources[0]), [7002]);
  client.ack('cluster');
  const listeners = await client.takeAndAck('listener');
  assert.deepEqual(clustersRoutedTo(variant.apiVersion, listeners.resources[0]), ['w2', 'x']);
});
