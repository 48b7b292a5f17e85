// A delta client goes and comes back, to this server or another: VER-02, VER-03 and section
// "Restart behaviour" of the catalogue.

import assert from 'node:assert/strict';

import type { Snapshot } from '../../../src/snapshot/snapshot.ts';
import { createMemory } from '../../support/local-control.ts';
import { addCluster, addEndpoint, removeCluster } from '../../support/xds/changes.ts';
import { connectDelta } from '../../support/xds/delta-client.ts';
import type { DeltaClient } from '../../support/xds/delta-client.ts';
import { kinds } from '../../support/xds/discovery-api.ts';
import type { UsualKind } from '../../support/xds/discovery-api.ts';
import { buildSnapshot } from '../../support/xds/hand-made-snapshot.ts';
import { portsOf } from '../../support/xds/resource-content.ts';
import { serveXds } from '../../support/xds/served-xds.ts';
import type { Scope, ServedXds, ServedXdsOptions } from '../../support/xds/served-xds.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { aggregated, allVariants, perType, scenario } from '../../support/xds/wire-variant.ts';
import type { WireVariant } from '../../support/xds/wire-variant.ts';

const wanted: Readonly<Record<UsualKind, readonly string[]>> = {
  cluster: [],
  endpoint: ['a', 'd'],
  listener: [],
  route: ['generic_route'],
};

/** Asks as Envoy does on a new stream: for what `before` wanted, with the versions that it holds. */
function resume(client: DeltaClient, before: DeltaClient): void {
  for (const kind of kinds) client.resume(kind, before.versions(kind), ...wanted[kind]);
}

scenario('VER-01 delta: after a restart other content of a name is sent', allVariants, async (t, variant) => {
  const before = await serveXds(t);
  before.commit(...addCluster('a', 6379), ...addCluster('d', 6380));
  const held = connectDelta(before, variant);
  await held.hold(wanted);
  const after = await serveXds(t);
  after.commit(...addCluster('a', 6389), ...addCluster('d', 6380));
  const client = connectDelta(after, variant);
  resume(client, held);
  assert.deepEqual((await client.takeAndAck('cluster')).changes, []);
  const endpoints = await client.takeAndAck('endpoint');
  // Clusters on the same stream may still wait for their endpoints: what is held of these is sent again.
  assert.deepEqual(endpoints.changes, variant.isAggregated ? ['a', 'd'] : ['a']);
  assert.deepEqual(portsOf(endpoints.resources[0]), [6389]);
});

scenario('VER-01 delta: a version that was never issued is no reason to be silent', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('a', 6379), ...addCluster('d', 6380));
  const client = connectDelta(xds, variant);
  client.resume('cluster', { a: '1', d: '1' });
  assert.deepEqual((await client.takeAndAck('cluster')).changes, ['a', 'd']);
  client.resume('endpoint', { a: '1' }, 'a', 'd');
  assert.deepEqual((await client.takeAndAck('endpoint')).changes, ['a', 'd']);
});

scenario('VER-02 delta: what was changed and changed back is silence', allVariants, async (t, variant) => {
  const snapshotOf = (n: number): Snapshot =>
    buildSnapshot({ clusters: { a: n }, endpoints: { a: [n] }, listeners: { l: n }, routes: { r: `${n}` } });
  const xds = await serveXds(t);
  xds.publish(snapshotOf(1));
  const client = connectDelta(xds, variant);
  await client.hold({ cluster: [], endpoint: ['a'], listener: [], route: ['r'] });
  xds.publish(snapshotOf(2));
  xds.publish(snapshotOf(1));
  await client.assertQuiet();
});

scenario('VER-03 another server with the same content has nothing to send', allVariants, async (t, variant) => {
  const orders = [addCluster('a', 6379, 6380), addCluster('d', 6381)];
  const first = await serveXds(t);
  for (const changes of orders) first.commit(...changes);
  const held = connectDelta(first, variant);
  await held.hold(wanted);
  const second = await serveXds(t);
  for (const changes of orders.toReversed()) second.commit(...changes);
  for (const kind of kinds) {
    const client = connectDelta(second, variant);
    client.resume(kind, held.versions(kind), ...wanted[kind]);
    assert.deepEqual((await client.takeAndAck(kind)).changes, []);
    await client.assertQuiet();
  }
});

scenario('VER-03 a version stands for name and content, not for a time', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  const snapshotOf = (port: number): Snapshot => buildSnapshot({ endpoints: { a: [port], b: [1] } });
  xds.publish(snapshotOf(1));
  const client = connectDelta(xds, variant);
  const first = (await client.hold({ endpoint: ['a', 'b'] })).endpoint;
  xds.publish(snapshotOf(2));
  const second = await client.takeAndAck('endpoint');
  xds.publish(snapshotOf(1));
  const third = await client.takeAndAck('endpoint');
  assert.notEqual(second.versions[0], first.versions[0]);
  assert.equal(third.versions[0], first.versions[0]);
});

scenario('RST-01 delta: a new stream is answered although nothing changed', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('a', 6379), ...addCluster('d', 6380));
  const before = connectDelta(xds, variant);
  await before.hold(wanted);
  for (const kind of kinds) {
    const client = connectDelta(xds, variant);
    client.resume(kind, before.versions(kind), ...wanted[kind]);
    assert.deepEqual((await client.takeAndAck(kind)).changes, []);
    await client.assertQuiet();
  }
});

scenario('RST-01 delta: also when the snapshot of those versions comes later', allVariants, async (t, variant) => {
  const changes = [...addCluster('a', 6379), ...addCluster('d', 6380)];
  const before = await serveXds(t);
  before.commit(...changes);
  const held = connectDelta(before, variant);
  await held.hold(wanted);
  const after = await serveXds(t);
  const clients = kinds.map((kind) => ({ kind, client: connectDelta(after, variant) }));
  for (const { kind, client } of clients) {
    client.resume(kind, held.versions(kind), ...wanted[kind]);
    await client.assertQuiet();
  }
  after.commit(...changes);
  for (const { kind, client } of clients) {
    assert.deepEqual((await client.takeAndAck(kind)).changes, []);
    await client.assertQuiet();
  }
});

scenario('RST-02 delta: a restart with the same content removes nothing', allVariants, async (t, variant) => {
  const memory = createMemory();
  const before = await serveXds(t, { memory });
  before.commit(...addCluster('a', 6379), ...addCluster('d', 6380));
  before.stage(...addCluster('not committed'));
  const fleet = Array.from({ length: 20 }, () => connectDelta(before, variant));
  await Promise.all(fleet.map((client) => client.hold(wanted)));
  await before.shutDown();
  const after = await serveXds(t, { memory });
  const returned = fleet.map((held) => {
    const client = connectDelta(after, variant);
    resume(client, held);
    return client;
  });
  for (const client of returned) {
    for (const kind of kinds) assert.deepEqual((await client.takeAndAck(kind)).removed, []);
    await client.assertQuiet();
  }
  after.commit(addEndpoint('a', 6381));
  const pushes = await Promise.all(returned.map((client) => client.takeAndAck('cluster')));
  assert.ok(pushes.every(({ changes }) => changes.join() === 'not committed'));
});

/**
 * A client as it comes back to a control plane that was started again: `x` was replaced by `y` before, and drains. So
 * does `v`, which the client never held.
 */
async function restartWhileXDrains(
  t: Scope,
  variant: WireVariant,
  options: ServedXdsOptions = {},
): Promise<{ xds: ServedXds; held: DeltaClient; client: DeltaClient }> {
  const memory = createMemory();
  const before = await serveXds(t, { memory, drainTimeMs: 600_000 });
  before.commit(...addCluster('v', 6377), ...addCluster('x', 6379));
  before.commit(...removeCluster('v', 6377));
  const held = connectDelta(before, variant);
  for (const kind of ['listener', 'cluster', 'endpoint'] as const) {
    held.subscribe(kind, ...(kind === 'endpoint' ? ['x', 'y'] : []));
    await held.takeAndAck(kind);
  }
  before.commit(...removeCluster('x', 6379), ...addCluster('y', 6380));
  for (const kind of ['cluster', 'endpoint', 'listener'] as const) await held.takeAndAck(kind);
  await before.shutDown();
  const xds = await serveXds(t, { memory, drainTimeMs: 600_000, ...options });
  return { xds, held, client: connectDelta(xds, variant) };
}

scenario('RST-02 delta: what drains stays when the request for listeners is late', aggregated, async (t, variant) => {
  const { xds, held, client } = await restartWhileXDrains(t, variant);
  client.resume('cluster', held.versions('cluster'));
  assert.deepEqual((await client.takeAndAck('cluster')).changes, []);
  client.resume('endpoint', held.versions('endpoint'), 'x', 'y');
  // x is served by y, which has its keys now.
  assert.deepEqual((await client.takeAndAck('endpoint')).resources.map(portsOf), [[6380], [6380]]);
  await client.assertQuiet();
  assert.deepEqual(xds.states, { cluster: 'synced', endpoint: 'synced' });
  client.resume('listener', held.versions('listener'));
  assert.deepEqual((await client.takeAndAck('listener')).changes, []);
  await client.assertQuiet();
  assert.deepEqual(xds.states, { cluster: 'synced', endpoint: 'synced', listener: 'synced' });
});

scenario('RST-02 delta: what drains goes when a client never asks for listeners', aggregated, async (t, variant) => {
  const { xds, client } = await restartWhileXDrains(t, variant, { returnTimeMs: 50 });
  client.resume('cluster', { x: 'of the stream before' });
  await waitUntil('x has gone', async () => (await client.takeAndAck('cluster')).removed.join() === 'x');
  client.resume('endpoint', { x: 'of the stream before' }, 'x', 'y');
  assert.deepEqual((await client.takeAndAck('endpoint')).changes, ['y', '-x']);
  await client.assertQuiet();
  assert.deepEqual(xds.states, { cluster: 'synced', endpoint: 'synced' });
});

scenario('RST-02 delta: what drains is nothing to a client that holds nothing yet', aggregated, async (t, variant) => {
  const { xds, client } = await restartWhileXDrains(t, variant);
  client.subscribe('cluster');
  assert.deepEqual((await client.takeAndAck('cluster')).changes, ['y']);
  client.subscribe('listener');
  assert.deepEqual((await client.takeAndAck('listener')).changes, ['redis_listener']);
  await client.assertQuiet();
  assert.deepEqual(xds.states, { cluster: 'synced', listener: 'synced' });
});

scenario('RST-02 delta: what drains has gone for a stream of clusters alone', perType, async (t, variant) => {
  const { client } = await restartWhileXDrains(t, variant);
  client.resume('cluster', { x: 'of the stream before' });
  assert.deepEqual((await client.takeAndAck('cluster')).changes, ['y', '-x']);
  await client.assertQuiet();
});

scenario('RST-03 delta: what was removed while the control plane was away goes', allVariants, async (t, variant) => {
  const memory = createMemory();
  const before = await serveXds(t, { memory });
  before.commit(...addCluster('a', 6379), ...addCluster('d', 6380));
  const held = connectDelta(before, variant);
  await held.hold({ cluster: [], endpoint: ['a', 'd'] });
  await before.shutDown();
  const between = await serveXds(t, { memory });
  between.commit(...removeCluster('d', 6380));
  await between.shutDown();
  const after = await serveXds(t, { memory });
  const client = connectDelta(after, variant);
  client.resume('cluster', held.versions('cluster'));
  assert.deepEqual((await client.takeAndAck('cluster')).changes, ['-d']);
  client.resume('endpoint', held.versions('endpoint'), 'a', 'd');
  // Clusters on the same stream may still wait for their endpoints: what is held of these is sent again.
  assert.deepEqual((await client.takeAndAck('endpoint')).changes, variant.isAggregated ? ['a', '-d'] : ['-d']);
  await client.assertQuiet();
});

scenario('RST-03 delta: so do listeners and routes', allVariants, async (t, variant) => {
  const before = await serveXds(t);
  before.publish(buildSnapshot({ listeners: { a: 1, d: 2 }, routes: { a: 'x', d: 'x' } }));
  const held = connectDelta(before, variant);
  await held.hold({ listener: [], route: ['a', 'd'] });
  const after = await serveXds(t);
  after.publish(buildSnapshot({ listeners: { a: 1 }, routes: { a: 'x' } }));
  const client = connectDelta(after, variant);
  client.resume('listener', held.versions('listener'));
  assert.deepEqual((await client.takeAndAck('listener')).changes, ['-d']);
  client.resume('route', held.versions('route'), 'a', 'd');
  assert.deepEqual((await client.takeAndAck('route')).changes, ['-d']);
  await client.assertQuiet();
});

scenario('RST-04 delta: a server that lost its state takes nothing away', allVariants, async (t, variant) => {
  const before = await serveXds(t);
  before.commit(...addCluster('a', 6379), ...addCluster('d', 6380));
  const held = connectDelta(before, variant);
  await held.hold(wanted);
  const after = await serveXds(t);
  const client = connectDelta(after, variant);
  resume(client, held);
  after.stage(...addCluster('a', 6379));
  await client.assertQuiet();
  after.commit();
  assert.deepEqual((await client.takeAndAck('cluster')).changes, ['-d']);
});
