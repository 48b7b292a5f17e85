// GET /api/v2/health: what is seen of the servers that are watched.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Seen, SeenServer } from '../../../src/effective/seen.ts';
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
      role: 'primary',
      since: '1970-01-01T00:00:01.000Z',
      product: 'redis',
      version: '7.0.15',
    },
    {
      address: '10.0.0.2:6379',
      state: 'down',
      role: 'replica',
      since: '1970-01-01T00:00:02.000Z',
      reason: 'timeout: no answer',
      lag: 9,
    },
  ],
};
const b = {
  name: 'b',
  servers: [{ address: '10.0.0.3:6379', state: 'unknown', since: '1970-01-01T00:00:00.000Z', reason: 'refused: nobody' }],
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
