// GET /api/v2/health: what is seen of the servers that are watched.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { RedisClusterStatus } from '../../../src/commit/desk.ts';
import type { Seen, SeenServer } from '../../../src/effective/seen.ts';
import type { Following } from '../../../src/failover/following.ts';
import { serveDesk } from './serve-desk.ts';

const seen: Seen = new Map<string, ReadonlyMap<string, SeenServer>>([
  ['b', new Map([['10.0.0.3:6379', { state: 'unknown', sinceMs: 0, reason: 'refused: nobody' }]])],
  [
    'a',
    new Map<string, SeenServer>([
      ['10.0.0.1:6379', { state: 'up', sinceMs: 1_000, role: 'primary', product: 'redis', version: '7.0.15' }],
      ['10.0.0.2:6379', { state: 'down', sinceMs: 2_000, reason: 'timeout: no answer', role: 'replica', lag: 9 }],
    ]),
  ],
]);

const a = {
  name: 'a',
  servers: [
    {
      address: '10.0.0.1:6379',
      state: 'up',
      published: 'server',
      role: 'primary',
      since: '1970-01-01T00:00:01.000Z',
      product: 'redis',
      version: '7.0.15',
    },
    {
      address: '10.0.0.2:6379',
      state: 'down',
      published: 'server',
      role: 'replica',
      since: '1970-01-01T00:00:02.000Z',
      reason: 'timeout: no answer',
      lag: 9,
    },
  ],
};
const b = {
  name: 'b',
  servers: [{ address: '10.0.0.3:6379', state: 'unknown', published: 'server', since: '1970-01-01T00:00:00.000Z', reason: 'refused: nobody' }],
};

test('clusters in order of name, and their servers as they have them', async (t) => {
  const { desk, call } = await serveDesk(t);
  assert.deepEqual((await call('GET', '/health')).body, { clusters: [] });
  desk.health = () => seen;
  assert.deepEqual((await call('GET', '/health')).body, { clusters: [a, b] });
});

test('says who is left out, and by which layer', async (t) => {
  const { desk, call } = await serveDesk(t);
  desk.health = () => seen;
  desk.outages = () => new Map([['a', new Map([['10.0.0.2:6379', { sinceMs: 2_000, reason: 'timeout: no answer' }]])]]);
  desk.orders = () => [{ cluster: 'b', server: '10.0.0.3:6379', order: 'drain', author: 'ann', atMs: 0 }];
  const { clusters } = (await call('GET', '/health')).body;
  const leftOut = clusters.flatMap(({ servers }: any) => servers.map(({ address, left_out_by: by }: any) => [address, by]));
  assert.deepEqual(leftOut, [
    ['10.0.0.1:6379', undefined],
    ['10.0.0.2:6379', 'health'],
    ['10.0.0.3:6379', 'order'],
  ]);
});

test('says who takes the writes of a replicated cluster, and what is published of each server', async (t) => {
  const { desk, call } = await serveDesk(t);
  const [first, second, third, named] = ['10.0.0.1:6379', '10.0.0.2:6379', '10.0.0.3:6379', '10.0.0.4:6379'] as const;
  const up = (server: string): [string, SeenServer] => [server, { state: 'up', sinceMs: 0 }];
  desk.health = () => new Map([['a', new Map([first, second, third, named].map(up))]]);
  desk.outages = () => new Map();
  desk.orders = () => [];
  const following = {
    topology: { primary: second, servers: [second, third] },
    leader: second,
    isHeld: false,
    declared: first,
    source: 'roles',
    sinceMs: 3_000,
    why: 'it was promoted',
    troubles: [],
  };
  const ask = async (more: Partial<Following> = {}) => {
    desk.followings = () => new Map([['a', { ...following, ...more }]]);
    const { followed, servers } = (await call('GET', '/health')).body.clusters[0];
    return { followed, published: servers.map(({ published, left_out_by: by }: any) => [published, by]) };
  };
  const since = '1970-01-01T00:00:03.000Z';
  const [isOut, isReplica] = [['out', 'roles'], ['replica', undefined]];
  assert.deepEqual(await ask(), {
    followed: { primary: second, held: false, by: 'roles', since, why: 'it was promoted', troubles: [] },
    published: [isOut, ['primary', undefined], isReplica, isOut],
  });
  const troubles = [{ code: 'primary-empty' as const, message: 'it is empty' }];
  const held = await ask({ isHeld: true, topology: { primary: undefined, servers: [third] }, troubles });
  assert.deepEqual([held.followed.held, held.followed.troubles], [true, troubles]);
  assert.deepEqual(held.published, [isOut, isOut, isReplica, isOut]);
  for (const [more, by] of [
    [{ why: 'declared' }, 'declared'],
    [{ why: 'failover' }, 'failover'],
    [{ source: 'sentinel mymaster' }, 'sentinel'],
  ] as const) {
    assert.equal((await ask(more)).followed.by, by);
  }
  const names = [1, 2].map((last) => ({ address: `redis-${last}.test`, port: 6379 }));
  const byName = { kind: 'replicated', primary: 'redis-1.test:6379', endpoints: names, resolve: 'controlplane' };
  await call('PUT', '/clusters/a', byName);
  await call('POST', '/commit', { force: true });
  assert.deepEqual((await ask()).published, [[undefined, undefined], ['primary', undefined], isReplica, [undefined, undefined]]);
});

test('one cluster, which must be committed', async (t) => {
  const { desk, call } = await serveDesk(t);
  desk.health = () => seen;
  await call('PUT', '/clusters/a', {});
  const missing = await call('GET', '/health?cluster=a');
  assert.deepEqual([missing.status, missing.body.detail], [404, 'cluster "a": not committed']);
  await call('PUT', '/clusters/c', { watch: 'off' });
  await call('POST', '/commit');
  assert.deepEqual((await call('GET', '/health?cluster=a')).body, { clusters: [a] });
  assert.deepEqual((await call('GET', '/health?cluster=c')).body, { clusters: [] });
  assert.equal((await call('GET', '/health?clusters=a')).status, 400);
});

test('of a Redis Cluster what its nodes say of it', async (t) => {
  const { desk, call } = await serveDesk(t);
  desk.health = () => new Map([['a', new Map()], ['b', new Map()]]);
  const slots = { count: 5461, ranges: ['0-5460'] };
  const none = { count: 0, ranges: [] };
  const primary = { id: 'a0', address: '10.0.0.1:7000', role: 'primary', state: 'fail', slots, follows: undefined, failure: 'refused' } as const;
  const replica = { ...primary, id: 'a1', address: undefined, role: 'replica', state: 'online', slots: none, follows: 'a0', failure: undefined } as const;
  const status: RedisClusterStatus = {
    state: 'fail',
    epoch: 7,
    nodes: [primary, replica],
    uncovered: slots,
    differing: ['10.0.0.2:7000'],
    foreign: ['10.0.0.3:7000'],
    seeds: [{ address: '10.0.0.1:7000', failure: 'refused' }, { address: '10.0.0.2:7000', failure: undefined }],
    replaced: { sinceMs: 1_000, why: 'gone' },
  };
  const nothing = { differing: [], foreign: [], seeds: [], nodes: [] };
  const unseen: RedisClusterStatus = { ...nothing, state: 'unknown', epoch: undefined, uncovered: undefined, replaced: undefined };
  desk.redisClusters = () => new Map([['a', status], ['b', unseen]]);
  assert.deepEqual((await call('GET', '/health')).body.clusters.map(({ redis_cluster: found }: any) => found), [
    {
      state: 'fail',
      epoch: 7,
      nodes: [
        { id: 'a0', address: '10.0.0.1:7000', role: 'primary', state: 'fail', slots, reason: 'refused' },
        { id: 'a1', role: 'replica', state: 'online', slots: none, replica_of: 'a0' },
      ],
      uncovered_slots: slots,
      differing: ['10.0.0.2:7000'],
      foreign: ['10.0.0.3:7000'],
      seeds: [{ address: '10.0.0.1:7000', reason: 'refused' }, { address: '10.0.0.2:7000' }],
      seeds_replaced: { since: '1970-01-01T00:00:01.000Z', why: 'gone' },
    },
    { ...nothing, state: 'unknown' },
  ]);
});
