// Clusters that Sentinels are followed for: their primary is learned before they are published.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ConflictError } from '../../src/commit/desk.ts';
import type { HostNames } from '../../src/effective/host-names.ts';
import type { SeenSentinel, SeenSentinels, SeenServer, Watchers } from '../../src/effective/seen.ts';
import type { Cluster } from '../../src/inventory/cluster.ts';
import { noEdits } from '../../src/inventory/edits.ts';
import { parseCluster } from '../../src/model/parse.ts';
import { decodeMessage } from '../../src/proto/protos.ts';
import { dialects, messageNames } from '../../src/snapshot/dialect.ts';
import { SnapshotCache, defaultNodeGroup } from '../../src/snapshot/snapshot.ts';
import { openDesk } from '../support/open-desk.ts';

const [primary, replica, sentinel] = ['10.0.0.1:6379', '10.0.0.2:6379', '10.0.0.5:26379'];

const opinion = { primary, epoch: 0, flags: [], quorum: 1, replicas: [{ address: replica, flags: [] }], sentinels: [] };

/** A Sentinel that says so when it is asked, and servers that do. */
class Sight implements Watchers {
  seen: ReadonlyMap<string, ReadonlyMap<string, SeenServer>> = new Map();
  sentinels: SeenSentinels = new Map();
  watched: readonly Cluster[] = [];
  learned = 0;
  answer: SeenSentinel;
  /** What is seen of the primary, look by look; then that it is one. */
  looks: SeenServer[] = [];

  constructor(answer: SeenSentinel) {
    this.answer = answer;
  }

  follow(clusters: Iterable<Cluster>): void {
    this.watched = [...clusters];
  }

  async learn([cluster]: readonly Cluster[]): Promise<void> {
    this.learned += 1;
    this.sentinels = new Map([['c', new Map([[sentinel, this.answer]])]]);
    const endpoints = cluster !== undefined && 'endpoints' in cluster ? cluster.endpoints : [];
    this.seen = new Map([['c', new Map(endpoints.map(({ address, port }): [string, SeenServer] => {
      const isPrimary = `${address}:${port}` === primary;
      const look = isPrimary ? this.looks.shift() : undefined;
      return [`${address}:${port}`, look ?? { state: 'up', sinceMs: 0, role: isPrimary ? 'primary' : 'replica' }];
    }))]]);
  }

  seenNow(): Watchers['seen'] {
    return this.seen;
  }
}

async function open(answer: SeenSentinel, hostNames?: HostNames) {
  const [snapshots, sight] = [new SnapshotCache(), new Sight(answer)];
  const desk = await openDesk({ snapshots, watchers: sight, ...(hostNames && { hostNames }) });
  return {
    sight,
    desk,
    /** As IP:PORT, of the cluster that takes the writes. */
    served: (): string | undefined => {
      const resource = snapshots.get(defaultNodeGroup)?.resources('endpoint', dialects.v3.ads).resources.get('c');
      if (resource === undefined) return undefined;
      const { endpoints = [] } = decodeMessage(messageNames.v3.endpoint, resource.value) as any;
      const addresses = endpoints.flatMap(({ lb_endpoints: of }: any) => of).map((each: any) => each.endpoint.address);
      return addresses.map(({ socket_address: { address, port_value: port } }: any) => `${address}:${port}`).join(' ');
    },
    declare: async (fields: object = {}) => {
      const failover = { by: 'sentinel', master: 'mymaster', sentinels: [sentinel] };
      const after = parseCluster({ name: 'c', kind: 'replicated', failover, ...fields });
      await desk.stage(() => ({ ...noEdits, clusters: [{ name: 'c', after }] }), 'ann');
    },
  };
}

test('the primary is learned before it is published, and what is learned of what is not is forgotten', async () => {
  const { sight, desk, served, declare } = await open({ answeredAtMs: 1, opinion });
  await declare();
  assert.deepEqual((await desk.plan()).guards, []);
  assert.deepEqual([sight.learned, sight.watched], [2, []]);
  sight.seen = new Map();
  sight.sentinels = new Map();
  await desk.commit({ author: 'ann' });
  assert.equal(served(), primary);
  assert.deepEqual(sight.watched.map(({ name }) => name), ['c']);
});

test('one that is not found is told of: a commit is refused unless it is forced, and so once', async () => {
  const answer = { failure: { reason: 'refused: nobody listens', sinceMs: 0 } };
  const { sight, desk, served, declare } = await open(answer);
  await declare();
  const message =
    `cluster "c": Sentinel ${sentinel} (refused: nobody listens) does not answer; cluster "c": 0 of 1 Sentinels answer, ` +
    'no majority: nobody is known to be the primary: without a primary it answers nobody';
  assert.deepEqual((await desk.plan()).guards, [{ code: 'primary-not-found', message }]);
  await assert.rejects(desk.commit({ author: 'ann' }), (error) => error instanceof ConflictError && error.message.startsWith(message));
  assert.deepEqual([served(), sight.watched], [undefined, []]);
  await desk.commit({ author: 'ann', force: true });
  assert.deepEqual(served(), '');
  await declare({ labels: { a: 'b' } });
  await desk.commit({ author: 'ann' });
});

const contradictions: readonly (readonly [what: string, look: Partial<SeenServer>, said: RegExp])[] = [
  ['refuses connections', { reason: 'refused: nobody listens' }, /was not heard of \(refused: nobody listens\)/u],
  ['does not answer, look after look', { reason: 'timeout: late', isUnheard: true }, /was not heard of \(timeout: late\)/u],
  ['does not let us see', { reason: 'auth: WRONGPASS' }, /was not heard of \(auth: WRONGPASS\)/u],
  ['says to be a replica', { state: 'up', role: 'replica' }, /says to be a replica/u],
];
for (const [what, look, said] of contradictions) {
  test(`a primary that Sentinels name and that ${what} is told of as soon as it was looked at`, async () => {
    const { sight, desk, declare } = await open({ answeredAtMs: 1, opinion });
    sight.looks = [{ state: 'unknown', sinceMs: 0, ...look }];
    await declare();
    const { guards } = await desk.plan();
    assert.deepEqual(guards.map(({ code }) => code), ['primary-not-found']);
    assert.match(guards[0]?.message ?? '', said);
    // Asked once more it would have been found: nobody did.
    assert.equal(sight.learned, 2);
  });
}

test('a primary that Sentinels name is waited for until it was looked at, and while it may have been late', async () => {
  const { sight, desk, served, declare } = await open({ answeredAtMs: 1, opinion });
  const unknown: SeenServer = { state: 'unknown', sinceMs: 0 };
  sight.looks = [unknown, { ...unknown, reason: 'timeout: late' }, { ...unknown, state: 'suspect' }];
  await declare();
  await desk.commit({ author: 'ann' });
  assert.deepEqual([served(), sight.learned], [primary, 5]);
});

test('one that is declared is served until Sentinels have answered', async () => {
  const { sight, desk, served, declare } = await open({});
  await declare({ primary: replica, endpoints: [{ address: '10.0.0.2', port: 6379 }] });
  await desk.commit({ author: 'ann' });
  assert.deepEqual([served(), sight.learned], [replica, 0]);
  sight.sentinels = new Map([['c', new Map([[sentinel, { answeredAtMs: 1, opinion }]])]]);
  sight.seen = new Map([['c', new Map([[primary, { state: 'up', sinceMs: 0, role: 'primary' }]])]]);
  await desk.noteSeen();
  assert.equal(served(), primary);
});

test('servers that Sentinels call by name are looked up, and published by address', async () => {
  const said = { ...opinion, primary: 'redis-0.test:6379', replicas: [{ address: 'redis-1.test:6379', flags: [] }] };
  const found = new Map([['redis-0.test', ['10.0.0.1']], ['redis-1.test', ['10.0.0.2']]]);
  const learned: string[] = [];
  const hostNames: HostNames = {
    addresses: new Map(),
    statuses: [],
    follow: () => undefined,
    learn: async (names) => {
      learned.push(...names);
      Object.assign(hostNames, { addresses: found });
    },
  };
  const { desk, served, declare } = await open({ answeredAtMs: 1, opinion: said }, hostNames);
  await declare({ resolve: 'controlplane' });
  await desk.commit({ author: 'ann' });
  assert.equal(served(), primary);
  assert.deepEqual([...new Set(learned)], ['redis-0.test', 'redis-1.test']);
  assert.equal(desk.followings().get('c')?.leader, 'redis-0.test:6379');
});
