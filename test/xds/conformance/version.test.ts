// What a version stands for: section "Versions" of the catalogue.

import assert from 'node:assert/strict';

import { scenarioOfBoth } from '../../support/xds/both-protocols.ts';
import { addCluster, addEndpoint, removeCluster, removeEndpoint } from '../../support/xds/changes.ts';
import type { Kind, UsualKind } from '../../support/xds/discovery-api.ts';
import { kinds } from '../../support/xds/discovery-api.ts';
import { buildSnapshot } from '../../support/xds/hand-made-snapshot.ts';
import { serveXds } from '../../support/xds/served-xds.ts';
import type { SotwResponse } from '../../support/xds/sotw-response.ts';
import { allVariants, scenario } from '../../support/xds/wire-variant.ts';

const wanted: Readonly<Record<UsualKind, readonly string[]>> = {
  cluster: [],
  endpoint: ['a'],
  listener: [],
  route: ['generic_route'],
};

scenario('VER-01 after a restart other content comes whatever version is held', allVariants, async (t, variant) => {
  const before = await serveXds(t);
  before.commit(...addCluster('a', 6379));
  const held = await before.client(variant).hold(wanted);
  const after = await serveXds(t);
  after.commit(...addCluster('a', 6380), ...addCluster('b', 6381));
  const client = after.client(variant);
  for (const kind of kinds) {
    client.send(kind, { resource_names: wanted[kind], version_info: held[kind].versionInfo });
    const response = await client.takeAndAck(kind);
    assert.notDeepEqual(response.resources, held[kind].resources);
    assert.notEqual(response.versionInfo, held[kind].versionInfo);
  }
});

scenario('VER-01 a version that was never issued is answered with the full state', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('a', 6379), ...addCluster('b', 6380));
  const client = xds.client(variant);
  client.send('cluster', { version_info: '1' });
  assert.deepEqual((await client.takeAndAck('cluster')).names, ['a', 'b']);
  client.send('endpoint', { version_info: '1', resource_names: ['a', 'b'] });
  assert.deepEqual((await client.takeAndAck('endpoint')).names, ['a', 'b']);
});

scenario('VER-01 one version never stands for two contents', allVariants, async (t, variant) => {
  const contents = new Map<string, string>();
  const held = new Map<Kind, Map<string, unknown>>(kinds.map((kind) => [kind, new Map()]));
  const note = ({ kind, versionInfo, names, resources }: SotwResponse): void => {
    const isFullState = kind === 'cluster' || kind === 'listener';
    const state = isFullState ? new Map<string, unknown>() : (held.get(kind) ?? assert.fail());
    names.forEach((name, index) => state.set(name, resources[index]));
    const content = JSON.stringify([...state].sort(([a], [b]) => (a < b ? -1 : 1)));
    const key = `${kind} ${versionInfo}`;
    assert.equal(contents.get(key) ?? content, content, `${key} stood for something else`);
    contents.set(key, content);
  };
  const xds = await serveXds(t, { inForceBoundMs: 0 });
  xds.commit(...addCluster('a', 6379));
  const client = xds.client(variant);
  for (const response of Object.values(await client.hold(wanted))) note(response);
  for (const changes of [
    addCluster('b', 6379),
    [addEndpoint('a', 6380)],
    [removeEndpoint('a', 6379)],
    [addEndpoint('a', 6379), removeEndpoint('a', 6380)],
    removeCluster('b', 6379),
    addCluster('c'),
    [removeEndpoint('a', 6379), addEndpoint('c', 6379)],
  ]) {
    xds.commit(...changes);
    await client.connection.fence();
    while (client.unread.length > 0) {
      for (const kind of client.unread.map((response) => response.kind)) note(await client.takeAndAck(kind));
      await client.connection.fence();
    }
  }
  assert.ok(contents.size > 10, 'too little was sent to tell');
});

scenarioOfBoth('VER-02 the same content once more is silence', allVariants, async (t, variant, protocol) => {
  const resources = { clusters: { a: 1 }, endpoints: { a: [1] }, listeners: { l: 1 }, routes: { r: 'a' } };
  const xds = await serveXds(t);
  xds.publish(buildSnapshot(resources));
  const client = protocol.client(xds.connect(), variant);
  await client.hold({ cluster: [], endpoint: ['a'], listener: [], route: ['r'] });
  xds.publish(buildSnapshot(resources));
  await client.assertQuiet();
});

scenario('VER-02 what was changed and changed back is no commit', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('a', 6379, 6380));
  const client = xds.client(variant);
  await client.hold(wanted);
  const result = xds.commit(...removeCluster('a', 6380, 6379), ...addCluster('a', 6380, 6379));
  assert.deepEqual(result, { changed: false });
  await client.assertQuiet();
});

scenario('VER-02 two servers with the same content have the same versions', allVariants, async (t, variant) => {
  const versions = [];
  for (const order of [['a', 'b'], ['b', 'a']]) {
    const xds = await serveXds(t);
    for (const name of order) xds.commit(...addCluster(name, 6379, 6380));
    const held = await xds.client(variant).hold(wanted);
    versions.push(kinds.map((kind) => held[kind].versionInfo));
  }
  assert.deepEqual(versions[0], versions[1]);
});
