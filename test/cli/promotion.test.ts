// `controlplane switchover`, `promote` and `failover`: what they ask, say and end with.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { problem, runInProcess, serveCanned } from './canned-api.ts';

const path = 'POST /clusters/sessions/failover';

const promotion = {
  cluster: 'sessions',
  kind: 'switchover',
  way: 'pause',
  by: 'ann',
  from: '10.0.0.1:6379',
  to: '10.0.0.2:6379',
  step: 'done',
  started_at: '2026-01-31T09:30:00.000Z',
  ended_at: '2026-01-31T09:30:00.500Z',
  gap_bytes: 0,
  steps: [
    { step: 'candidate', at: '2026-01-31T09:30:00.000Z', detail: '10.0.0.2:6379' },
    { step: 'done', at: '2026-01-31T09:30:00.500Z', detail: '10.0.0.1:6379 follows it' },
  ],
  pending: [],
  acknowledged_by: null,
};
const done = { changed: true, promotion, plan: null };
const head = 'cluster sessions: switchover by ann from 10.0.0.1:6379 to 10.0.0.2:6379';

const plan = {
  kind: 'promote',
  way: 'pause',
  from: '10.0.0.1:6379',
  to: '10.0.0.2:6379',
  offset: 900,
  gap_bytes: 100,
  candidates: [
    { address: '10.0.0.2:6379', priority: 100, offset: 900, gap_bytes: 100, excluded: null, forcible: false },
    { address: '10.0.0.3:6379', priority: 0, offset: null, gap_bytes: null, excluded: 'it is loading its data', forcible: false },
  ],
  refusal: null,
};

describe('switchover', () => {
  test('asks for it, says each step, and ends with 0', async (t) => {
    const api = await serveCanned(t, { [path]: { body: done } });
    const { status, stdout } = await runInProcess(['switchover', 'sessions', '--to', '10.0.0.2:6379', '--api', api.address]);
    assert.deepEqual(api.asked[0]?.body, { action: 'switchover', to: '10.0.0.2:6379' });
    assert.equal(api.asked[0]?.headers['x-author'], 'ann');
    const steps = ['  +0.000 s  candidate  10.0.0.2:6379', '  +0.500 s  done       10.0.0.1:6379 follows it'];
    assert.deepEqual([status, stdout], [0, `${[`${head}: done`, ...steps].join('\n')}\n`]);
  });

  test('without --to leaves it to the control plane', async (t) => {
    const api = await serveCanned(t, { [path]: { body: done } });
    await runInProcess(['switchover', 'sessions', '--api', api.address]);
    assert.deepEqual(api.asked[0]?.body, { action: 'switchover' });
  });

  const ends: readonly (readonly [what: string, more: object, status: number, line: string])[] = [
    ['was given up', { step: 'aborted' }, 1, `${head}: given up: 10.0.0.1:6379 follows it`],
    [
      'is done, but for one that does not follow',
      { pending: ['10.0.0.1:6379'] },
      3,
      `${head}: done, but nothing is sent to 10.0.0.1:6379 before it follows`,
    ],
  ];
  for (const [what, more, expected, line] of ends) {
    test(`ends with ${expected} when it ${what}`, async (t) => {
      const api = await serveCanned(t, { [path]: { body: { ...done, promotion: { ...promotion, ...more } } } });
      const { status, stdout } = await runInProcess(['switchover', 'sessions', '--api', api.address]);
      assert.deepEqual([status, stdout.split('\n')[0]], [expected, line]);
    });
  }

  test('shows steps on standard error while it goes on, and what is known when it breaks off', async (t) => {
    const line = JSON.stringify({ settled: 0, total: 0, step: 'fencing', detail: 'writes wait' });
    const headers = { 'content-type': 'application/x-ndjson' };
    const api = await serveCanned(t, { [path]: { headers, body: `${line}\n` } });
    const { status, stderr } = await runInProcess(['switchover', 'sessions', '--api', api.address]);
    assert.equal(status, 3);
    assert.match(stderr, /switchover was at fencing, and goes on without being watched: .*broke off/u);
  });

  test('that is refused says why', async (t) => {
    const refused = problem(409, 'cluster "sessions": 10.0.0.1:6379 does not say that it is the primary: use promote');
    const api = await serveCanned(t, { [path]: refused });
    const { status, stderr } = await runInProcess(['switchover', 'sessions', '--api', api.address]);
    assert.equal(status, 1);
    assert.match(stderr, /use promote/u);
  });
});

describe('promote', () => {
  test('names the server, and what it would lack', async (t) => {
    const api = await serveCanned(t, { [path]: { body: { changed: false, promotion: null, plan } } });
    const words = ['promote', 'sessions', '10.0.0.2:6379', '--dry-run', '--force', '--api', api.address];
    const { status, stdout } = await runInProcess(words);
    assert.deepEqual(api.asked[0]?.body, { action: 'promote', to: '10.0.0.2:6379', force: true, dry_run: true });
    assert.deepEqual([status, stdout], [0, `${[
      'cluster sessions: promote from 10.0.0.1:6379 to 10.0.0.2:6379, offset 900, 100 bytes behind',
      'it would be done; to have passed now is no promise',
      'ADDRESS        PRIORITY  OFFSET  GAP  WHY NOT',
      '10.0.0.2:6379  100       900     100  candidate',
      '10.0.0.3:6379  0         ?       ?    it is loading its data',
    ].join('\n')}\n`]);
  });

  test('ends with 1 when it would be refused', async (t) => {
    const refusal = { code: 'primary-lives', reason: '10.0.0.1:6379 lives', forcible: true };
    const api = await serveCanned(t, { [path]: { body: { changed: false, promotion: null, plan: { ...plan, refusal } } } });
    const { status, stdout } = await runInProcess(['promote', 'sessions', '10.0.0.2:6379', '--dry-run', '--api', api.address]);
    assert.equal(status, 1);
    assert.equal(stdout.split('\n')[1], 'it would be refused: 10.0.0.1:6379 lives (--force)');
  });

  test('wants an address', async () => {
    const { status, stderr } = await runInProcess(['promote', 'sessions', 'redis']);
    assert.equal(status, 2);
    assert.match(stderr, /ADDRESS:PORT "redis": must be/u);
  });
});

describe('failover', () => {
  const verbs: readonly (readonly [verb: string, changed: boolean, line: string])[] = [
    ['pause', true, 'cluster sessions: failover: paused\n'],
    ['resume', false, 'cluster sessions: failover: it was not paused\n'],
    ['ack', true, 'cluster sessions: failover: acknowledged\n'],
  ];
  for (const [verb, changed, line] of verbs) {
    test(`${verb} tells it`, async (t) => {
      const api = await serveCanned(t, { [path]: { body: { changed, promotion: null, plan: null } } });
      const { status, stdout } = await runInProcess(['failover', verb, 'sessions', '--api', api.address]);
      assert.deepEqual([status, stdout, api.asked[0]?.body], [0, line, { action: verb }]);
    });
  }

  test('list shows what was promoted, and what is held', async (t) => {
    const clusters = [{ cluster: 'sessions', paused_by: 'bob', cooldown_until: '2026-01-31T10:30:00.000Z' }];
    const api = await serveCanned(t, { 'GET /failovers?cluster=sessions': { body: { promotions: [promotion], clusters } } });
    const { status, stdout } = await runInProcess(['failover', 'list', 'sessions', '--api', api.address]);
    assert.equal(status, 0);
    assert.deepEqual(stdout.split('\n').slice(0, 3), [
      'cluster sessions: failover is paused by bob',
      'cluster sessions: no failover before 2026-01-31T10:30:00.000Z, unless it is acknowledged',
      `${head}: done`,
    ]);
  });

  test('list says when there is nothing', async (t) => {
    const api = await serveCanned(t, { 'GET /failovers': { body: { promotions: [], clusters: [] } } });
    const { stdout } = await runInProcess(['failover', 'list', '--api', api.address]);
    assert.equal(stdout, 'nothing was promoted\n');
  });
});
