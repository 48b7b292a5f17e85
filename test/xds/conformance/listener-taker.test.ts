// Nodes that take their listeners from here on a stream of their own: what their other streams are given, ORD-08 of the
// catalogue.

import assert from 'node:assert/strict';

import { createMemoryStore } from '../../../src/store/memory-store.ts';
import { scenarioOfBoth } from '../../support/xds/both-protocols.ts';
import { addCluster, removeCluster } from '../../support/xds/changes.ts';
import { portsOf } from '../../support/xds/resource-content.ts';
import { serveXds } from '../../support/xds/served-xds.ts';
import { perType, scenario } from '../../support/xds/wire-variant.ts';

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

scenario('ORD-08 after a restart a stream proves by what it holds that its node has listeners', perType, async (t, variant) => {
  const store = createMemoryStore();
  const before = await serveXds(t, { store });
  before.commit(...addCluster('a'));
  const client = before.client(variant, 'taker');
  await client.hold({ cluster: [], endpoint: ['a'] });
  client.subscribe('listener');
  const { versionInfo } = await client.takeAndAck('endpoint');
  await before.shutDown();
  const xds = await serveXds(t, { store });
  const [returned, other] = [xds.client(variant, 'taker'), xds.client(variant, 'other')];
  returned.send('endpoint', { resource_names: ['a'], version_info: versionInfo });
  assert.deepEqual((await returned.takeAndAck('endpoint')).resources.map(portsOf), [[standInPort]]);
  other.send('endpoint', { resource_names: ['a'], version_info: 'of another time' });
  assert.deepEqual((await other.takeAndAck('endpoint')).resources.map(portsOf), [[]]);
});
