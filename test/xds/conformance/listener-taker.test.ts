// Nodes that take their listeners from here on another stream: what their streams of clusters and endpoints are given,
// ORD-08 of the catalogue.

import assert from 'node:assert/strict';

import { createMemory } from '../../support/local-control.ts';
import { scenarioOfBoth } from '../../support/xds/both-protocols.ts';
import { connectDelta } from '../../support/xds/delta-client.ts';
import { addCluster, removeCluster } from '../../support/xds/changes.ts';
import { portsOf } from '../../support/xds/resource-content.ts';
import { serveXds } from '../../support/xds/served-xds.ts';
import { allVariants, perType, scenario } from '../../support/xds/wire-variant.ts';

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

scenario('ORD-08 after a restart a stream proves by what it holds that its node has listeners', perType, async (t, variant) => {
  const memory = createMemory();
  const before = await serveXds(t, { memory });
  before.commit(...addCluster('a'));
  const client = before.client(variant, 'taker');
  await client.hold({ cluster: [], endpoint: ['a'] });
  client.subscribe('listener');
  const { versionInfo } = await client.takeAndAck('endpoint');
  await before.shutDown();
  const xds = await serveXds(t, { memory });
  const [returned, other] = [xds.client(variant, 'taker'), xds.client(variant, 'other')];
  returned.send('endpoint', { resource_names: ['a'], version_info: versionInfo });
  assert.deepEqual((await returned.takeAndAck('endpoint')).resources.map(portsOf), [[standInPort]]);
  other.send('endpoint', { resource_names: ['a'], version_info: 'of another time' });
  assert.deepEqual((await other.takeAndAck('endpoint')).resources.map(portsOf), [[]]);
});

scenario('ORD-08 delta: after a restart a stream proves by what it holds that its node has listeners', perType, async (t, variant) => {
  const memory = createMemory();
  const before = await serveXds(t, { memory, drainTimeMs: 600_000 });
  before.commit(...addCluster('a'), ...addCluster('b', 6379), ...addCluster('c', 6380));
  const client = connectDelta(before, variant, 'taker');
  await client.hold({ cluster: [], endpoint: ['a'] });
  client.subscribe('listener');
  await client.takeAndAck('endpoint');
  await client.takeAndAck('listener');
  before.commit(...removeCluster('b', 6379));
  await client.takeAndAck('listener');
  await before.shutDown();
  const xds = await serveXds(t, { memory, drainTimeMs: 600_000 });
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
