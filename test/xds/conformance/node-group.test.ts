// Nodes that are given different content: section "Node groups and sharing" of the catalogue.
// There are two groups here, red and blue; a node's id begins with the name of its group.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Cluster } from '../../../src/model/objects.ts';
import { parseCluster } from '../../../src/model/parse.ts';
import { nodeClusterOf } from '../../../src/xds/node.ts';
import type { Node } from '../../../src/xds/node.ts';
import type { StreamStatus } from '../../../src/xds/stream-status.ts';
import { DeltaClient, connectDelta } from '../../support/xds/delta-client.ts';
import { kinds } from '../../support/xds/discovery-api.ts';
import { buildSnapshot } from '../../support/xds/hand-made-snapshot.ts';
import type { HandMadeResources } from '../../support/xds/hand-made-snapshot.ts';
import { portsOf } from '../../support/xds/resource-content.ts';
import { serveXds } from '../../support/xds/served-xds.ts';
import type { Scope, ServedXds } from '../../support/xds/served-xds.ts';
import { SotwClient } from '../../support/xds/sotw-client.ts';
import { allVariants, scenario } from '../../support/xds/wire-variant.ts';
import type { WireVariant } from '../../support/xds/wire-variant.ts';

const red: HandMadeResources = { clusters: { r: 1 }, endpoints: { r: [1] }, listeners: { r: 1 }, routes: { r: 'r' } };
const blue: HandMadeResources = { clusters: { b: 1 }, endpoints: { b: [2] }, listeners: { b: 2 }, routes: { b: 'b' } };

/** The first part of the node id names the group. */
function groupOf({ id }: Node): string {
  return id.split('-')[0] ?? '';
}

function wantedBy(name: string): Readonly<Record<(typeof kinds)[number], readonly string[]>> {
  return { cluster: [], endpoint: [name], listener: [], route: [name] };
}

async function serveGroups(t: Scope): Promise<ServedXds> {
  const xds = await serveXds(t, { groupOf });
  xds.publish(buildSnapshot(red), 'red');
  xds.publish(buildSnapshot(blue), 'blue');
  return xds;
}

/** What the server knows of the streams of these groups, oldest first. */
function statusesOf(xds: ServedXds, ...groups: readonly string[]): StreamStatus[] {
  return [...xds.hub.streams].filter(({ group = '' }) => groups.includes(group)).map((stream) => stream.status());
}

/** Responses of all kinds, taken and ACKed. */
async function takeAll(client: SotwClient | DeltaClient): Promise<unknown[]> {
  const all = [];
  for (const kind of kinds) all.push((await client.takeAndAck(kind)).resources);
  return all;
}

/** Version and resources of each kind, as a new state-of-the-world client with this node id is given them. */
async function holdRed(xds: ServedXds, variant: WireVariant, id: string): Promise<unknown> {
  const held = await xds.client(variant, id).hold(wantedBy('r'));
  return kinds.map((kind) => [held[kind].versionInfo, held[kind].resources]);
}

scenario('GRP-01 Envoys of one group, or with one id, hold the same', allVariants, async (t, variant) => {
  const xds = await serveGroups(t);
  const first = await holdRed(xds, variant, 'red-1');
  assert.deepEqual(await holdRed(xds, variant, 'red-2'), first);
  assert.deepEqual(await holdRed(xds, variant, 'red-2'), first);
  const [one, other] = [connectDelta(xds, variant, 'red-1'), connectDelta(xds, variant, 'red-3')];
  for (const client of [one, other]) await client.hold(wantedBy('r'));
  for (const kind of kinds) assert.deepEqual(one.versions(kind), other.versions(kind));
});

scenario('GRP-01 the answers of one stream are not those of another', allVariants, async (t, variant) => {
  const xds = await serveGroups(t);
  const clients = [xds.client(variant, 'red-1'), xds.client(variant, 'red-1')] as const;
  for (const client of clients) await client.hold({ cluster: [] });
  xds.publish(buildSnapshot({ ...red, clusters: { r: 2 } }), 'red');
  for (const client of clients) assert.deepEqual((await client.next('cluster')).names, ['r']);
  clients[0].nack('cluster');
  clients[1].ack('cluster');
  for (const client of clients) await client.assertQuiet();
  const states = statusesOf(xds, 'red').flatMap(({ types }) => types.map(({ state }) => state));
  assert.deepEqual(states, ['error', 'synced']);
});

scenario('GRP-01 a change of one group writes nothing to the other', allVariants, async (t, variant) => {
  const xds = await serveGroups(t);
  const clients = [xds.client(variant, 'red-1'), connectDelta(xds, variant, 'red-2')];
  const others = [xds.client(variant, 'blue-1'), connectDelta(xds, variant, 'blue-2')];
  for (const client of clients) await client.hold(wantedBy('r'));
  for (const client of others) await client.hold(wantedBy('b'));
  const changed = { clusters: { r: 2 }, endpoints: { r: [11] }, listeners: { r: 11 }, routes: { r: 'b' } };
  xds.publish(buildSnapshot(changed), 'red');
  const [fromSotw, fromDelta] = await Promise.all(clients.map(takeAll));
  assert.deepEqual(fromSotw, fromDelta);
  for (const client of [...clients, ...others]) await client.assertQuiet();
});

scenario('GRP-01 the status lists each stream', allVariants, async (t, variant) => {
  const xds = await serveGroups(t);
  for (const id of ['red-1', 'red-1', 'blue-1']) await xds.client(variant, id).hold({ cluster: [] });
  const ids = statusesOf(xds, 'red', 'blue').map(({ node }) => node?.id);
  assert.deepEqual(ids, ['red-1', 'red-1', 'blue-1']);
});

scenario('GRP-02 a node of no group is held', allVariants, async (t, variant) => {
  const xds = await serveGroups(t);
  const clients = [xds.client(variant, 'green-1'), connectDelta(xds, variant, 'green-2')];
  for (const client of clients) for (const kind of kinds) client.subscribe(kind, ...wantedBy('g')[kind]);
  for (const client of clients) await client.assertQuiet();
  xds.publish(buildSnapshot({ clusters: { r: 2 } }), 'red');
  for (const client of clients) await client.assertQuiet();
  const states = statusesOf(xds, 'green').flatMap(({ types }) => types.map(({ state }) => state));
  assert.deepEqual([states.length, [...new Set(states)]], [clients.length * kinds.length, ['not-sent']]);
  xds.publish(
    buildSnapshot({ clusters: { g: 1 }, endpoints: { g: [3] }, listeners: { g: 3 }, routes: { g: 'g' } }),
    'green',
  );
  for (const client of clients) {
    for (const kind of kinds) assert.deepEqual((await client.takeAndAck(kind)).names, ['g']);
    await client.assertQuiet();
  }
});

// A node can't change while its stream is open (STR-01), so its group is asked for once per stream: who moves a
// node to another group has it reconnect.
scenario('GRP-03 a node that is moved to another group has to reconnect', allVariants, async (t, variant) => {
  const groups = new Map([['mover', 'red']]);
  const asked: string[] = [];
  const xds = await serveXds(t, {
    groupOf: ({ id }) => {
      asked.push(id);
      return groups.get(id) ?? '';
    },
  });
  xds.publish(buildSnapshot(red), 'red');
  xds.publish(buildSnapshot(blue), 'blue');
  const client = connectDelta(xds, variant, 'mover');
  await client.hold({ cluster: [] });
  groups.set('mover', 'blue');
  client.subscribe('cluster', 'r');
  assert.deepEqual((await client.takeAndAck('cluster')).changes, ['r']);
  xds.publish(buildSnapshot({ clusters: { b: 2 } }), 'blue');
  await client.assertQuiet();
  xds.publish(buildSnapshot({ clusters: { r: 2 } }), 'red');
  assert.deepEqual((await client.takeAndAck('cluster')).changes, ['r']);
  assert.deepEqual(asked, ['mover']);
  client.cancel();
  const returned = connectDelta(xds, variant, 'mover');
  returned.resume('cluster', client.versions('cluster'));
  assert.deepEqual((await returned.takeAndAck('cluster')).changes, ['b', '-r']);
  await returned.assertQuiet();
});

test('GRP-04 v2 and v3, state of the world and delta, of one group hold the same', async (t) => {
  const xds = await serveGroups(t);
  const ways = allVariants.flatMap((variant) => [xds.client(variant, 'red-1'), connectDelta(xds, variant, 'red-2')]);
  for (const client of ways) await client.hold(wantedBy('r'));
  xds.publish(
    buildSnapshot({ clusters: { r: 2, s: 1 }, endpoints: { r: [1, 11] }, listeners: { r: 11 }, routes: { r: 's' } }),
    'red',
  );
  const contents = [];
  for (const client of ways) {
    const isSotw = !('versions' in client);
    const clusters = await client.takeAndAck('cluster');
    assert.deepEqual(clusters.names, ['r', 's']);
    if (client.variant.isAggregated) {
      client.subscribe('endpoint', ...(isSotw ? ['r', 's'] : ['s']));
    }
    const endpoints = await client.takeAndAck('endpoint');
    contents.push(portsOf(endpoints.resources[0]));
  }
  assert.deepEqual(contents, ways.map(() => [1, 11]));
});

function edit(name: string, groups?: readonly string[]): { readonly name: string; readonly after: Cluster } {
  return { name, after: parseCluster({ name, groups, endpoints: [{ address: '10.0.0.1', port: 6379 }] }) };
}

interface Connected {
  readonly sotw: SotwClient;
  readonly delta: DeltaClient;
}

/** Two clients with this `node.cluster`, which hold all clusters there are. */
async function connectOf(xds: ServedXds, variant: WireVariant, group: string, held: readonly string[]): Promise<Connected> {
  const sotw = new SotwClient(xds.connect(), variant, `${group}-1`, group);
  const delta = new DeltaClient(xds.connect(), variant, `${group}-2`, group);
  for (const client of [sotw, delta]) {
    client.subscribe('cluster');
    assert.deepEqual((await client.takeAndAck('cluster')).names, held);
  }
  return { sotw, delta };
}

scenario('GRP-01 a node is given what is for all and for its node.cluster', allVariants, async (t, variant) => {
  const xds = await serveXds(t, { groupOf: nodeClusterOf });
  xds.commitEdits({ clusters: [edit('a'), edit('of-g', ['g']), edit('of-h', ['h']), edit('s', ['g', 'h'])], listeners: [] });
  await connectOf(xds, variant, 'g', ['a', 'of-g', 's']);
  await connectOf(xds, variant, 'h', ['a', 'of-h', 's']);
  for (const other of ['other', '']) await connectOf(xds, variant, other, ['a']);
});

scenario('GRP-03 a stream follows its group to a configuration of its own and back', allVariants, async (t, variant) => {
  const xds = await serveXds(t, { groupOf: nodeClusterOf });
  xds.commitEdits({ clusters: [edit('a')], listeners: [] });
  const moving = await connectOf(xds, variant, 'g', ['a']);
  const other = await connectOf(xds, variant, 'h', ['a']);
  xds.commitEdits({ clusters: [edit('own', ['g'])], listeners: [] });
  assert.deepEqual((await moving.sotw.takeAndAck('cluster')).names, ['a', 'own']);
  assert.deepEqual((await moving.delta.takeAndAck('cluster')).changes, ['own']);
  for (const client of [other.sotw, other.delta]) await client.assertQuiet();
  xds.commitEdits({ clusters: [edit('b')], listeners: [] });
  assert.deepEqual((await moving.sotw.takeAndAck('cluster')).names, ['a', 'b', 'own']);
  assert.deepEqual((await other.sotw.takeAndAck('cluster')).names, ['a', 'b']);
  for (const { delta } of [moving, other]) assert.deepEqual((await delta.takeAndAck('cluster')).changes, ['b']);
  xds.commitEdits({ clusters: [{ name: 'own', after: undefined }], listeners: [] });
  assert.deepEqual((await moving.sotw.takeAndAck('cluster')).names, ['a', 'b']);
  assert.deepEqual((await moving.delta.takeAndAck('cluster')).changes, ['-own']);
  for (const client of [other.sotw, other.delta, moving.sotw, moving.delta]) await client.assertQuiet();
});
