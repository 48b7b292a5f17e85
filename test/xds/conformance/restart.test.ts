// The control plane goes and comes back: section "Restart behaviour" of the catalogue.

import assert from 'node:assert/strict';

import { createMemoryStore } from '../../../src/store/memory-store.ts';
import { addCluster, addEndpoint, removeCluster } from '../../support/xds/changes.ts';
import { kinds } from '../../support/xds/discovery-api.ts';
import type { Kind } from '../../support/xds/discovery-api.ts';
import { portsOf } from '../../support/xds/resource-content.ts';
import { serveXds } from '../../support/xds/served-xds.ts';
import type { SotwClient } from '../../support/xds/sotw-client.ts';
import type { SotwResponse } from '../../support/xds/sotw-response.ts';
import { allVariants, scenario } from '../../support/xds/wire-variant.ts';

const wanted: Readonly<Record<Kind, readonly string[]>> = {
  cluster: [],
  endpoint: ['a', 'd'],
  listener: [],
  route: ['generic_route'],
};

/** Asks as Envoy does on a new stream: with the versions that it holds. */
function resume(client: SotwClient, held: Readonly<Record<Kind, SotwResponse>>): void {
  for (const kind of kinds) {
    client.send(kind, { resource_names: wanted[kind], version_info: held[kind].versionInfo });
  }
}

scenario('RST-01 a new stream is answered although nothing changed', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('a', 6379), ...addCluster('d'));
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
  const changes = [...addCluster('a', 6379), ...addCluster('d')];
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
  const store = createMemoryStore();
  const before = await serveXds(t, { store });
  before.commit(...addCluster('a', 6379), ...addCluster('d', 6380));
  before.stage(...addCluster('not committed'));
  const fleet = Array.from({ length: 20 }, () => before.client(variant));
  const [held] = await Promise.all(fleet.map((client) => client.hold(wanted)));
  assert.ok(held !== undefined);
  await before.shutDown();
  const after = await serveXds(t, { store });
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
