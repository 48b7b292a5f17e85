// Who is seen to take the writes of a replicated cluster, as Envoys are told of it.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type { ControlPlane, ControlPlaneParts } from '../../src/commit/control-plane.ts';
import type { SeenSentinels, SeenServer, Watchers } from '../../src/effective/seen.ts';
import type { HostNames } from '../../src/effective/host-names.ts';
import type { Topologies } from '../../src/effective/topology.ts';
import type { Cluster } from '../../src/inventory/cluster.ts';
import { noEdits } from '../../src/inventory/edits.ts';
import { parseCluster } from '../../src/model/parse.ts';
import { decodeMessage } from '../../src/proto/protos.ts';
import { dialects, messageNames } from '../../src/snapshot/dialect.ts';
import { SnapshotCache, defaultNodeGroup } from '../../src/snapshot/snapshot.ts';
import { createMemoryLogStore } from '../../src/store/memory-log-store.ts';
import { openDesk } from '../support/open-desk.ts';

class Sight implements Watchers {
  readonly sentinels: SeenSentinels = new Map();
  seen: ReadonlyMap<string, ReadonlyMap<string, SeenServer>> = new Map();
  watched: readonly Cluster[] = [];

  follow(clusters: Iterable<Cluster>): void {
    this.watched = [...clusters];
  }

  seenNow(): Watchers['seen'] {
    return this.seen;
  }

  /** Servers of cluster c, by the last part of their address. */
  say(servers: Readonly<Record<number, Partial<SeenServer>>>): void {
    const all = Object.entries(servers).map(([last, said]): [string, SeenServer] => {
      return [`10.0.0.${last}:6379`, { state: 'up', sinceMs: 0, ...said }];
    });
    this.seen = new Map([['c', new Map(all)]]);
  }
}

interface Setting {
  readonly desk: ControlPlane;
  readonly sight: Sight;
  readonly snapshots: SnapshotCache;
  /** As IP:PORT, of the cluster that takes the writes. */
  readonly served: () => string;
  readonly version: () => string | undefined;
  readonly declare: (primary: string) => Promise<void>;
}

const history = (id: string, former?: string) => {
  return { id, offset: 1_000, former: former === undefined ? undefined : { id: former, end: 900 } };
};

async function open(store = createMemoryLogStore(), parts: Partial<ControlPlaneParts> = {}): Promise<Setting> {
  const [snapshots, sight] = [new SnapshotCache(), new Sight()];
  const desk = await openDesk({ store, snapshots, watchers: sight, ...parts });
  const resources = (type: 'endpoint' | 'cluster') => snapshots.get(defaultNodeGroup)?.resources(type, dialects.v3.ads);
  return {
    desk,
    sight,
    snapshots,
    served: () => {
      const resource = resources('endpoint')?.resources.get('c');
      assert.ok(resource !== undefined);
      const { endpoints = [] } = decodeMessage(messageNames.v3.endpoint, resource.value) as any;
      const addresses = endpoints.flatMap(({ lb_endpoints: of }: any) => of).map((each: any) => each.endpoint.address);
      return addresses.map(({ socket_address: { address, port_value: port } }: any) => `${address}:${port}`).join(' ');
    },
    version: () => resources('cluster')?.resources.get('c')?.version,
    declare: async (primary) => {
      const endpoints = [1, 2, 3].map((last) => ({ address: `10.0.0.${last}`, port: 6379 }));
      const after = parseCluster({ name: 'c', kind: 'replicated', primary, endpoints });
      await desk.stage(() => ({ ...noEdits, clusters: [{ name: 'c', after }] }), 'ann');
      await desk.commit({ author: 'ann', force: true });
    },
  };
}

const first = { role: 'primary', runId: 'r1', history: history('h1'), keys: 5 };
const second = { role: 'replica', runId: 'r2', history: history('h1'), link: 'up', keys: 5 } as const;
const third = { ...second, runId: 'r3' };
const promoted = { role: 'primary', runId: 'r2', history: history('h2', 'h1'), keys: 5 };

/** Seen whole, and then with another primary. */
async function promote(sight: Sight, desk: ControlPlane): Promise<void> {
  sight.say({ 1: first, 2: second, 3: third });
  await desk.noteSeen();
  sight.say({ 1: { ...third, runId: 'r1' }, 2: promoted, 3: third });
  await desk.noteSeen();
}

describe('another primary', () => {
  test('is followed at once, by endpoints alone, without a commit', async () => {
    const told: string[] = [];
    const { desk, sight, served, version, declare } = await open(undefined, {
      onEvent: ({ type, message }) => {
        if (type === 'primary-changed') told.push(message);
      },
    });
    await declare('10.0.0.1:6379');
    const before = version();
    await promote(sight, desk);
    assert.equal(served(), '10.0.0.2:6379');
    assert.equal(version(), before);
    assert.equal(desk.declarations.revision, 1);
    const why = '10.0.0.1:6379 is a replica now, and 10.0.0.2:6379 the primary';
    assert.deepEqual(told, [`cluster "c": 10.0.0.2:6379 takes the writes, in place of 10.0.0.1:6379: ${why}`]);
  });

  test('stays so through commits, until another one is declared', async () => {
    const { desk, sight, served, declare } = await open();
    await declare('10.0.0.1:6379');
    await promote(sight, desk);
    const after = parseCluster({ ...desk.declarations.get('committed', 'cluster', 'c'), labels: { of: 'ann' } });
    await desk.stage(() => ({ ...noEdits, clusters: [{ name: 'c', after }] }), 'ann');
    await desk.commit({ author: 'ann' });
    assert.equal(served(), '10.0.0.2:6379');
    sight.seen = new Map();
    await declare('10.0.0.3:6379');
    assert.equal(served(), '10.0.0.3:6379');
  });

  test('is known after a restart, before anything is seen', async () => {
    const store = createMemoryLogStore();
    const { desk, sight, declare } = await open(store);
    await declare('10.0.0.1:6379');
    await promote(sight, desk);
    const again = await open(store);
    assert.equal(again.served(), '10.0.0.2:6379');
    await again.declare('10.0.0.3:6379');
    // Killed before anything was seen.
    assert.equal((await open(store)).served(), '10.0.0.3:6379');
  });

  test('may be drained from by order only when it is the primary no more', async () => {
    const { desk, sight, declare } = await open();
    await declare('10.0.0.1:6379');
    await promote(sight, desk);
    const order = (server: string) => desk.order({ order: 'drain', cluster: 'c', server, author: 'ann' });
    await assert.rejects(order('10.0.0.2:6379'), /it is the primary/);
    assert.equal((await order('10.0.0.1:6379')).changed, true);
  });
});

test('a server that is declared by a name is followed by it, where the name leads to one', async () => {
  const hostNames: HostNames = {
    addresses: new Map([['redis-1.test', ['10.0.0.1']], ['redis-2.test', ['10.0.0.2']], ['many.test', ['10.0.0.3', '10.0.0.4']]]),
    statuses: [],
    follow: () => undefined,
    learn: async () => undefined,
  };
  const { desk, sight, served } = await open(undefined, { hostNames });
  const endpoints = [...hostNames.addresses.keys()].map((address) => ({ address, port: 6379 }));
  const named = { kind: 'replicated', resolve: 'controlplane', primary: 'redis-1.test:6379', endpoints };
  const after = parseCluster({ name: 'c', ...named });
  await desk.stage(() => ({ ...noEdits, clusters: [{ name: 'c', after }] }), 'ann');
  await desk.commit({ author: 'ann', force: true });
  assert.equal(served(), '10.0.0.1:6379');
  await promote(sight, desk);
  assert.equal(served(), '10.0.0.2:6379');
  assert.equal(desk.followings().get('c')?.leader, 'redis-2.test:6379');
});

test('a primary that came back empty is sent nothing, and told of, over a restart too', async () => {
  const store = createMemoryLogStore();
  const { desk, sight, served, declare } = await open(store);
  await declare('10.0.0.1:6379');
  sight.say({ 1: first, 2: second, 3: third });
  await desk.noteSeen();
  sight.say({ 1: { role: 'primary', runId: 'r9', history: history('h9'), keys: 0 }, 2: second, 3: third });
  await desk.noteSeen();
  assert.equal(served(), '127.0.0.1:1');
  assert.deepEqual(desk.status().warnings.filter(({ code }) => code === 'primary-empty').length, 1);
  // Who looks at it sees when it is let back.
  const [watched] = sight.watched;
  assert.deepEqual(watched?.kind === 'replicated' && watched.endpoints.map(({ address }) => address), [
    '10.0.0.1', '10.0.0.2', '10.0.0.3',
  ]);
  const again = await open(store);
  assert.equal(again.served(), '127.0.0.1:1');
});

test('what a failover of ours dictates is published, and its end is followed on', async () => {
  let dictated: Topologies = new Map();
  const { desk, sight, served, declare } = await open(undefined, { dictated: () => dictated });
  await declare('10.0.0.1:6379');
  sight.say({ 1: first, 2: second, 3: third });
  await desk.noteSeen();
  const servers = [1, 2, 3].map((last) => `10.0.0.${last}:6379`);
  dictated = new Map([['c', { primary: undefined, servers }]]);
  await desk.noteSeen();
  assert.equal(served(), '127.0.0.1:1');
  dictated = new Map([['c', { primary: '10.0.0.2:6379', servers }]]);
  await desk.noteSeen();
  assert.equal(served(), '10.0.0.2:6379');
  dictated = new Map();
  sight.say({ 1: { ...first, state: 'down' }, 2: promoted, 3: third });
  await desk.noteSeen();
  assert.equal(served(), '10.0.0.2:6379');
});

test('a drained replica that becomes the primary is published all the same, and that is told', async () => {
  const { desk, sight, served, declare } = await open();
  await declare('10.0.0.1:6379');
  sight.say({ 1: first, 2: second, 3: third });
  await desk.noteSeen();
  await desk.order({ order: 'drain', cluster: 'c', server: '10.0.0.2:6379', author: 'ann' });
  await new Promise((resolve) => setTimeout(resolve, 5));
  sight.say({ 1: { ...third, runId: 'r1' }, 2: promoted, 3: third });
  await desk.noteSeen();
  assert.equal(served(), '10.0.0.2:6379');
  const [warning] = desk.status().warnings.filter(({ code }) => code === 'left-out-by-order');
  assert.match(warning?.message ?? '', /10\.0\.0\.2:6379 is published in spite of an order: it has become the primary since/);
  await desk.order({ order: 'undrain', cluster: 'c', server: '10.0.0.2:6379', author: 'ann' });
  assert.deepEqual(desk.status().warnings.filter(({ code }) => code === 'left-out-by-order'), []);
});

test('a primary that was fenced for a failover that came to nothing, and is back empty, is sent nothing', async () => {
  let dictated: Topologies = new Map();
  const { desk, sight, served, declare } = await open(undefined, { dictated: () => dictated });
  await declare('10.0.0.1:6379');
  sight.say({ 1: first, 2: second, 3: third });
  await desk.noteSeen();
  dictated = new Map([['c', { primary: undefined, servers: ['10.0.0.2:6379', '10.0.0.3:6379'] }]]);
  await desk.noteSeen();
  dictated = new Map();
  sight.say({ 1: { role: 'primary', runId: 'r9', history: history('h9'), keys: 0 }, 2: second, 3: third });
  await desk.noteSeen();
  assert.equal(served(), '127.0.0.1:1');
});

test('who is declared the primary is no stray of a failover of before', async () => {
  const strays = new Map([['c', new Set(['10.0.0.1:6379'])]]);
  const { served, declare } = await open(undefined, { strays: () => strays });
  await declare('10.0.0.1:6379');
  assert.equal(served(), '10.0.0.1:6379');
});

test('a server that is out for what was seen can be ordered out, and taken back', async () => {
  const { desk, sight, declare } = await open();
  await declare('10.0.0.1:6379');
  await promote(sight, desk);
  sight.say({ 1: { ...first, state: 'down', reason: 'refused' }, 2: promoted, 3: third });
  await desk.noteSeen();
  const order = (what: 'disable' | 'enable') => desk.order({ order: what, cluster: 'c', server: '10.0.0.1:6379', author: 'ann' });
  assert.equal((await order('disable')).changed, true);
  assert.equal((await order('enable')).changed, true);
});
