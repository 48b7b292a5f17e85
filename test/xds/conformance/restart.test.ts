// The control plane goes and comes back: section "Restart behaviour" of the catalogue.

import assert from 'node:assert/strict';

import { createMemory } from '../../support/local-control.ts';
import { addCluster, addEndpoint, removeCluster } from '../../support/xds/changes.ts';
import { kinds } from '../../support/xds/discovery-api.ts';
import type { UsualKind } from '../../support/xds/discovery-api.ts';
import { portsOf } from '../../support/xds/resource-content.ts';
import { serveXds } from '../../support/xds/served-xds.ts';
import type { Scope, ServedXds, ServedXdsOptions } from '../../support/xds/served-xds.ts';
import type { SotwClient } from '../../support/xds/sotw-client.ts';
import type { SotwResponse } from '../../support/xds/sotw-response.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { aggregated, allVariants, perType, scenario } from '../../support/xds/wire-variant.ts';

const wanted: Readonly<Record<UsualKind, readonly string[]>> = {
  cluster: [],
  endpoint: ['a', 'd'],
  listener: [],
  route: ['generic_route'],
};

/** Asks as Envoy does on a new stream: with the versions that it holds. */
function resume(client: SotwClient, held: Readonly<Record<UsualKind, SotwResponse>>): void {
  for (const kind of kinds) {
    client.send(kind, { resource_names: wanted[kind], version_info: held[kind].versionInfo });
  }
}

scenario('RST-01 a new stream is answered although nothing changed', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('a', 6379), ...addCluster('d', 6380));
  const held = await xds.client(variant).hold(wanted);
  const client = xds.client(variant);
  resume(client, held);
  for (const kind of kinds) {
    const response = await client.takeAndAck(kind);
    assert.deepEqual(response.resources, held[kind].resources);
    assert.equal(response.versionInfo, held[kind].versionInfo);
  }
});

scenario('RST-01 so is one that has nothing and is to have nothing', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.commit();
  const held = await xds.client(variant).hold({ cluster: [], listener: [] });
  const client = xds.client(variant);
  for (const kind of ['cluster', 'listener'] as const) {
    client.send(kind, { version_info: held[kind].versionInfo });
    assert.deepEqual((await client.takeAndAck(kind)).names, []);
  }
  await client.assertQuiet();
});

scenario('RST-01 also when the snapshot of that version comes later', allVariants, async (t, variant) => {
  const changes = [...addCluster('a', 6379), ...addCluster('d', 6380)];
  const before = await serveXds(t);
  before.commit(...changes);
  const held = await before.client(variant).hold(wanted);
  const after = await serveXds(t);
  const client = after.client(variant);
  resume(client, held);
  await client.assertQuiet();
  after.commit(...changes);
  for (const kind of kinds) assert.equal((await client.takeAndAck(kind)).versionInfo, held[kind].versionInfo);
  await client.assertQuiet();
});

scenario('RST-02 a restart with the same content removes nothing', allVariants, async (t, variant) => {
  const memory = createMemory();
  const before = await serveXds(t, { memory });
  before.commit(...addCluster('a', 6379), ...addCluster('d', 6380));
  before.stage(...addCluster('not committed'));
  const fleet = Array.from({ length: 20 }, () => before.client(variant));
  const [held] = await Promise.all(fleet.map((client) => client.hold(wanted)));
  assert.ok(held !== undefined);
  await before.shutDown();
  const after = await serveXds(t, { memory });
  const returned = fleet.map(() => after.client(variant));
  for (const client of returned) resume(client, held);
  for (const client of returned) {
    for (const kind of kinds) {
      const response = await client.takeAndAck(kind);
      assert.deepEqual(response.names, held[kind].names);
      assert.equal(response.versionInfo, held[kind].versionInfo);
    }
  }
  after.commit(addEndpoint('a', 6381));
  const pushes = await Promise.all(returned.map((client) => client.takeAndAck('cluster')));
  assert.ok(pushes.every(({ names }) => names.length === 3));
});

/** A control plane that was started again: `x` was replaced by `y` before, and drains. */
async function restartWhileXDrains(t: Scope, options: ServedXdsOptions = {}): Promise<ServedXds> {
  const memory = createMemory();
  const before = await serveXds(t, { memory, drainTimeMs: 600_000 });
  before.commit(...addCluster('x', 6379));
  before.commit(...removeCluster('x', 6379), ...addCluster('y', 6380));
  await before.shutDown();
  return serveXds(t, { memory, drainTimeMs: 600_000, ...options });
}

scenario('RST-02 what drains stays when the request for listeners is late', aggregated, async (t, variant) => {
  const xds = await restartWhileXDrains(t);
  const client = xds.client(variant);
  client.send('cluster', { version_info: 'of the stream before' });
  assert.deepEqual((await client.takeAndAck('cluster')).names, ['x', 'y']);
  client.send('endpoint', { version_info: 'of the stream before', resource_names: ['x', 'y'] });
  // x is served by y, which has its keys now.
  assert.deepEqual((await client.takeAndAck('endpoint')).resources.map(portsOf), [[6380], [6380]]);
  await client.assertQuiet();
  assert.deepEqual(xds.states, { cluster: 'synced', endpoint: 'synced' });
  client.send('listener', { version_info: 'of the stream before' });
  assert.deepEqual((await client.takeAndAck('listener')).names, ['redis_listener']);
  await client.assertQuiet();
  assert.deepEqual(xds.states, { cluster: 'synced', endpoint: 'synced', listener: 'synced' });
});

scenario('RST-02 what drains goes when a client never asks for listeners', aggregated, async (t, variant) => {
  const xds = await restartWhileXDrains(t, { returnTimeMs: 50 });
  const client = xds.client(variant);
  client.send('cluster', { version_info: 'of the stream before' });
  await waitUntil('only y is left', async () => (await client.takeAndAck('cluster')).names.join() === 'y');
  client.subscribe('endpoint', 'x', 'y');
  assert.deepEqual((await client.takeAndAck('endpoint')).resources.map(portsOf), [[6380], []]);
  await client.assertQuiet();
  assert.deepEqual(xds.states, { cluster: 'synced', endpoint: 'synced' });
});

scenario('RST-02 what drains is nothing to a client that holds nothing yet', aggregated, async (t, variant) => {
  const xds = await restartWhileXDrains(t);
  const client = xds.client(variant);
  client.subscribe('cluster');
  assert.deepEqual((await client.takeAndAck('cluster')).names, ['y']);
  client.subscribe('endpoint', 'x', 'y');
  assert.deepEqual((await client.takeAndAck('endpoint')).resources.map(portsOf), [[6380], []]);
  client.subscribe('listener');
  assert.deepEqual((await client.takeAndAck('listener')).names, ['redis_listener']);
  await client.assertQuiet();
  assert.deepEqual(xds.states, { cluster: 'synced', endpoint: 'synced', listener: 'synced' });
});

scenario('RST-02 what a new client holds drains like anybody\'s', aggregated, async (t, variant) => {
  const xds = await restartWhileXDrains(t);
  const client = xds.client(variant);
  await client.hold({ cluster: [], endpoint: ['y'], listener: [] });
  xds.commit(...removeCluster('y', 6380), ...addCluster('z', 6381));
  assert.deepEqual((await client.takeAndAck('cluster')).names, ['y', 'z']);
  // Those of its successor.
  assert.deepEqual((await client.takeAndAck('endpoint')).resources.map(portsOf), [[6381]]);
  client.subscribe('endpoint', 'y', 'z');
  assert.deepEqual((await client.takeAndAck('endpoint')).names, ['z']);
  await client.takeAndAck('listener');
  await client.assertQuiet();
  assert.deepEqual(xds.states, { cluster: 'synced', endpoint: 'synced', listener: 'synced' });
});

scenario('RST-02 what drains has gone for a stream of clusters alone', perType, async (t, variant) => {
  const xds = await restartWhileXDrains(t);
  const client = xds.client(variant);
  client.send('cluster', { version_info: 'of the stream before' });
  assert.deepEqual((await client.takeAndAck('cluster')).names, ['y']);
  await client.assertQuiet();
});

scenario('RST-03 what was removed while the control plane was away goes', allVariants, async (t, variant) => {
  const before = await serveXds(t);
  before.commit(...addCluster('a', 6379), ...addCluster('d', 6380));
  const held = await before.client(variant).hold(wanted);
  await before.shutDown();
  const after = await serveXds(t);
  after.commit(...addCluster('a', 6379), ...addCluster('d', 6380));
  after.commit(...removeCluster('d', 6380));
  const client = after.client(variant);
  resume(client, held);
  assert.deepEqual((await client.takeAndAck('cluster')).names, ['a']);
  const endpoints = await client.takeAndAck('endpoint');
  assert.deepEqual(endpoints.names, ['a', 'd']);
  assert.deepEqual(endpoints.resources.map(portsOf), [[6379], []]);
});
