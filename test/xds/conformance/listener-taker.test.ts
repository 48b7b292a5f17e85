// Nodes that take their listeners from here on another stream: what their streams of clusters and endpoints are given,
// ORD-08 of the catalogue.

import assert from 'node:assert/strict';

import { createMemory } from '../../support/local-control.ts';
import { scenarioOfBoth } from '../../support/xds/both-protocols.ts';
import type { DiscoveryClient } from '../../support/xds/both-protocols.ts';
import type { Kind } from '../../support/xds/discovery-api.ts';
import { DeltaClient, connectDelta } from '../../support/xds/delta-client.ts';
import { addCluster, removeCluster, removeEndpoint } from '../../support/xds/changes.ts';
import { portsOf } from '../../support/xds/resource-content.ts';
import { serveXds } from '../../support/xds/served-xds.ts';
import { waitUntil } from '../../support/wait-until.ts';
import type { SotwResponse } from '../../support/xds/sotw-response.ts';
import { aggregated, allVariants, perType, scenario } from '../../support/xds/wire-variant.ts';

const standInPort = 12_712;

scenarioOfBoth('ORD-08 a cluster without endpoints gets a host when its node asks for listeners', perType, async (t, variant, protocol) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('a'), ...addCluster('b', 6379));
  const [taker, other] = ['taker', 'other'].map((id) => protocol.client(xds.connect(), variant, id));
  assert.ok(taker !== undefined && other !== undefined);
  for (const client of [taker, other]) await client.hold({ cluster: [], endpoint: ['a'] });
  taker.subscribe('listener');
  assert.deepEqual((await taker.takeAndAck('endpoint')).resources.map(portsOf), [[standInPort]]);
  await taker.takeAndAck('listener');
  await taker.assertQuiet();
  await other.assertQuiet();
});

scenarioOfBoth('ORD-08 a removed cluster drains for a node with listeners, and goes at once for others', perType, async (t, variant, protocol) => {
  const xds = await serveXds(t, { drainTimeMs: 600_000 });
  xds.commit(...addCluster('a', 6379), ...addCluster('b', 6380));
  const [taker, other] = ['taker', 'other'].map((id) => protocol.client(xds.connect(), variant, id));
  assert.ok(taker !== undefined && other !== undefined);
  for (const client of [taker, other]) await client.hold({ cluster: [], endpoint: ['a'] });
  await taker.hold({ listener: [] });
  xds.commit(...removeCluster('a', 6379));
  await other.takeAndAck('cluster');
  // b has its keys now.
  assert.deepEqual((await taker.takeAndAck('endpoint')).resources.map(portsOf), [[6380]]);
  await taker.takeAndAck('listener');
  await taker.assertQuiet();
});

scenarioOfBoth('ORD-08 listeners may come by the other way than clusters and endpoints', allVariants, async (t, variant, protocol) => {
  const xds = await serveXds(t, { drainTimeMs: 600_000 });
  xds.commit(...addCluster('a'), ...addCluster('b', 6380));
  const upstreams = protocol.client(xds.connect(), variant, 'mixed');
  const listeners = protocol.client(xds.connect(), { ...variant, isAggregated: !variant.isAggregated }, 'mixed');
  await upstreams.hold({ cluster: [], endpoint: ['a', 'b'] });
  listeners.subscribe('listener');
  assert.deepEqual((await upstreams.takeAndAck('endpoint')).resources.map(portsOf), [[standInPort]]);
  await listeners.takeAndAck('listener');
  xds.commit(...removeCluster('b', 6380));
  // It stays, and a has its keys now.
  assert.deepEqual((await upstreams.takeAndAck('endpoint')).resources.map(portsOf), [[standInPort]]);
  await listeners.takeAndAck('listener');
  await upstreams.assertQuiet();
});

scenario('ORD-08 after a restart a stream proves by what it holds that its node has listeners', allVariants, async (t, variant) => {
  const memory = createMemory();
  const before = await serveXds(t, { memory });
  before.commit(...addCluster('a'));
  const client = before.client(variant, 'taker');
  await client.hold({ cluster: [], endpoint: ['a'] });
  before.client({ ...variant, isAggregated: false }, 'taker').subscribe('listener');
  const { versionInfo } = await client.takeAndAck('endpoint');
  await before.shutDown();
  const xds = await serveXds(t, { memory, returnTimeMs: 0 });
  const [returned, other] = [xds.client(variant, 'taker'), xds.client(variant, 'other')];
  returned.send('endpoint', { resource_names: ['a'], version_info: versionInfo });
  assert.deepEqual((await returned.takeAndAck('endpoint')).resources.map(portsOf), [[standInPort]]);
  other.send('endpoint', { resource_names: ['a'], version_info: 'of another time' });
  assert.deepEqual((await other.takeAndAck('endpoint')).resources.map(portsOf), [[]]);
});

scenario('ORD-08 delta: after a restart a stream proves by what it holds that its node has listeners', allVariants, async (t, variant) => {
  const memory = createMemory();
  const before = await serveXds(t, { memory, drainTimeMs: 600_000 });
  before.commit(...addCluster('a'), ...addCluster('b', 6379), ...addCluster('c', 6380));
  const client = connectDelta(before, variant, 'taker');
  const listeners = connectDelta(before, { ...variant, isAggregated: false }, 'taker');
  await client.hold({ cluster: [], endpoint: ['a'] });
  listeners.subscribe('listener');
  await client.takeAndAck('endpoint');
  await listeners.takeAndAck('listener');
  before.commit(...removeCluster('b', 6379));
  await listeners.takeAndAck('listener');
  await before.shutDown();
  const xds = await serveXds(t, { memory, drainTimeMs: 600_000, returnTimeMs: 0 });
  const [byEndpoints, byClusters, other] = ['one', 'two', 'other'].map((id) => connectDelta(xds, variant, id));
  assert.ok(byEndpoints !== undefined && byClusters !== undefined && other !== undefined);
  byEndpoints.resume('endpoint', client.versions('endpoint'), 'a');
  byClusters.resume('cluster', client.versions('cluster'));
  for (const [resumed, kind] of [[byEndpoints, 'endpoint'], [byClusters, 'cluster']] as const) {
    const { names, removed } = await resumed.takeAndAck(kind);
    assert.deepEqual([...names, ...removed], [], kind);
  }
  other.resume('endpoint', { a: 'of another time' }, 'a');
  assert.deepEqual((await other.takeAndAck('endpoint')).resources.map(portsOf), [[]]);
});

scenario('ORD-08 an aggregated stream that comes back with endpoints alone may have listeners, for a while', aggregated, async (t, variant) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('a'));
  const resumed = [xds.client(variant), connectDelta(xds, variant)] as const;
  resumed[0].send('endpoint', { resource_names: ['a'], version_info: 'of another time' });
  resumed[1].resume('endpoint', { a: 'of another time' }, 'a');
  for (const client of resumed) {
    assert.deepEqual((await client.takeAndAck('endpoint')).resources.map(portsOf), [[standInPort]]);
    await client.assertQuiet();
  }
  const impatient = await serveXds(t, { returnTimeMs: 50 });
  impatient.commit(...addCluster('a'));
  const other = connectDelta(impatient, variant);
  other.resume('endpoint', { a: 'of another time' }, 'a');
  const isEmpty = async () => portsOf((await other.takeAndAck('endpoint')).resources[0]).length === 0;
  await waitUntil('it is not taken to have any', isEmpty);
  await other.assertQuiet();
});

/** Asks as a client does that holds something of these, which proves nothing. */
function comeBack(client: DiscoveryClient, kind: Kind, ...names: readonly string[]): void {
  const version = 'of another time';
  if (client instanceof DeltaClient) client.resume(kind, Object.fromEntries(names.map((name) => [name, version])), ...names);
  else client.resume(kind, version, ...names);
}

scenarioOfBoth('ORD-08 a cluster that loses its last server before listeners are back after a restart keeps a host', perType, async (t, variant, protocol) => {
  const memory = createMemory();
  const before = await serveXds(t, { memory });
  before.commit(...addCluster('a', 6379));
  await before.shutDown();
  const xds = await serveXds(t, { memory });
  const [returned, fresh] = ['returned', 'fresh'].map((id) => protocol.client(xds.connect(), variant, id));
  assert.ok(returned !== undefined && fresh !== undefined);
  comeBack(returned, 'endpoint', 'a');
  fresh.subscribe('endpoint', 'a');
  for (const client of [returned, fresh]) {
    assert.deepEqual((await client.takeAndAck('endpoint')).resources.map(portsOf), [[6379]]);
  }
  xds.commit(removeEndpoint('a', 6379));
  assert.deepEqual((await returned.takeAndAck('endpoint')).resources.map(portsOf), [[standInPort]]);
  assert.deepEqual((await fresh.takeAndAck('endpoint')).resources.map(portsOf), [[]]);
  // It counts for all streams of the node, those that begin anew too.
  const another = protocol.client(xds.connect(), variant, 'returned');
  another.subscribe('endpoint', 'a');
  assert.deepEqual((await another.takeAndAck('endpoint')).resources.map(portsOf), [[standInPort]]);
  for (const client of [returned, fresh, another]) await client.assertQuiet();
});

scenarioOfBoth('ORD-08 until something is committed a restart changes nothing', perType, async (t, variant, protocol) => {
  const memory = createMemory();
  const before = await serveXds(t, { memory });
  before.commit(...addCluster('a'));
  await before.shutDown();
  const xds = await serveXds(t, { memory });
  const client = protocol.client(xds.connect(), variant);
  comeBack(client, 'endpoint', 'a');
  assert.deepEqual((await client.takeAndAck('endpoint')).resources.map(portsOf), [[]]);
  await client.assertQuiet();
  xds.commit(...addCluster('b', 6380));
  assert.deepEqual((await client.takeAndAck('endpoint')).resources.map(portsOf), [[standInPort]]);
});

scenarioOfBoth('ORD-08 who has not asked for listeners in time after a restart has none', perType, async (t, variant, protocol) => {
  const xds = await serveXds(t, { returnTimeMs: 50 });
  xds.commit(...addCluster('a', 6379));
  const client = protocol.client(xds.connect(), variant);
  comeBack(client, 'endpoint', 'a');
  await client.takeAndAck('endpoint');
  xds.commit(removeEndpoint('a', 6379));
  const isEmpty = async (): Promise<boolean> => portsOf((await client.takeAndAck('endpoint')).resources[0]).length === 0;
  await waitUntil('it is not taken to have any', isEmpty);
  await client.assertQuiet();
});

scenarioOfBoth('ORD-08 after a restart a stream proves by what it holds that its node has no listeners', allVariants, async (t, variant, protocol) => {
  const memory = createMemory();
  const before = await serveXds(t, { memory });
  before.commit(...addCluster('a', 6379), ...addCluster('b'));
  const client = protocol.client(before.connect(), variant);
  const { endpoint } = await client.hold({ cluster: [], endpoint: ['a', 'b'] });
  await before.shutDown();
  const xds = await serveXds(t, { memory });
  const returned = protocol.client(xds.connect(), variant);
  if (returned instanceof DeltaClient) returned.resume('endpoint', (client as DeltaClient).versions('endpoint'), 'a', 'b');
  else returned.resume('endpoint', (endpoint as SotwResponse).versionInfo, 'a', 'b');
  await returned.takeAndAck('endpoint');
  xds.commit(removeEndpoint('a', 6379));
  assert.deepEqual((await returned.takeAndAck('endpoint')).resources.map(portsOf), [[]]);
  await returned.assertQuiet();
});
