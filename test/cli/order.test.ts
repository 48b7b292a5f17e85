// `controlplane drain`, `undrain`, `disable` and `enable`: what they ask, say and end with.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { problem, runInProcess, serveCanned } from './canned-api.ts';

const path = '/clusters/carts/endpoints/10.0.0.1%3A6379/orders';
const order = {
  cluster: 'carts',
  server: '10.0.0.1:6379',
  order: 'drain',
  author: 'ann',
  at: '2026-01-31T09:30:00.000Z',
  until: '2026-01-31T09:40:00.000Z',
  message: 'new memory',
};
const converged = {
  changed: true,
  order,
  converged: true,
  took_ms: 1_234,
  clients: { total: 2, in_sync: 2, refused: 0, waiting: 0 },
  gone: [],
  returning: null,
  expected: null,
  not_in_sync: [],
  drained: true,
  detail: null,
};
const words = ['drain', 'carts', '10.0.0.1:6379'];
const server = '10.0.0.1:6379 of cluster carts';

describe('an order', () => {
  test('waits a minute for all, says what was done, and ends with 0', async (t) => {
    const api = await serveCanned(t, { [`POST ${path}?wait=1m`]: { body: converged } });
    const more = ['--for', '10m', '-m', 'new memory', '--force', '--api', api.address];
    const { status, stdout } = await runInProcess([...words, ...more]);
    assert.deepEqual(api.asked[0]?.body, { order: 'drain', for: '10m', message: 'new memory', force: true });
    assert.equal(api.asked[0]?.headers['x-author'], 'ann');
    const terms = ' until 2026-01-31T09:40:00.000Z (new memory)';
    const counts = '2 of 2 Envoys have taken it, nothing is unanswered after 1.2 s';
    assert.deepEqual([status, stdout], [0, `${server}: drained${terms}: ${counts}\n`]);
  });

  const open: readonly (readonly [what: string, answer: object, lines: readonly string[]])[] = [
    [
      'while the server has commands to answer',
      { ...converged, order: { ...order, until: null, message: null }, drained: false, detail: '1 connection from 10.0.0.7' },
      [
        `${server}: drain is in force: 2 of 2 Envoys have taken it after 1.2 s`,
        'still in use: 1 connection from 10.0.0.7',
      ],
    ],
    [
      'when that can\'t be seen',
      { ...converged, order: { ...order, until: null, message: null }, drained: null, detail: 'NOPERM' },
      [
        `${server}: drain is in force: 2 of 2 Envoys have taken it after 1.2 s`,
        "whether it still answers commands can't be seen: NOPERM",
      ],
    ],
    [
      'while an Envoy has not taken it',
      {
        ...converged,
        order: { ...order, until: null, message: null },
        converged: false,
        drained: false,
        clients: { total: 2, in_sync: 1, refused: 0, waiting: 1 },
        gone: ['envoy-3'],
      },
      [
        `${server}: drain is in force: 1 of 3 Envoys have taken it after 1.2 s`,
        'envoy-3: gone, it has no connection now',
      ],
    ],
  ];
  for (const [what, answer, lines] of open) {
    test(`ends with 3 ${what}`, async (t) => {
      const api = await serveCanned(t, { [`POST ${path}?wait=5s`]: { body: answer } });
      const { status, stdout } = await runInProcess([...words, '--wait', '5s', '--api', api.address]);
      assert.deepEqual([status, stdout], [3, `${lines.join('\n')}\n`]);
    });
  }

  test('that does not wait says that it is in force', async (t) => {
    const answer = { changed: false, order: { ...order, order: 'disable', until: null, message: null } };
    const api = await serveCanned(t, { [`POST ${path}`]: { body: answer } });
    const { status, stdout } = await runInProcess(['disable', 'carts', '10.0.0.1:6379', '--no-wait', '--api', api.address]);
    assert.deepEqual([status, stdout], [0, `${server}: it was so already, disable is in force\n`]);
  });

  test('that takes one back needs no more than the Envoys', async (t) => {
    const answer = { ...converged, order: null, drained: null };
    const api = await serveCanned(t, { [`POST ${path}?wait=1m`]: { body: answer } });
    const { status, stdout } = await runInProcess(['undrain', 'carts', '10.0.0.1:6379', '--api', api.address]);
    assert.deepEqual(api.asked[0]?.body, { order: 'undrain' });
    assert.deepEqual([status, stdout], [0, `${server}: undrained: 2 of 2 Envoys have taken it after 1.2 s\n`]);
  });

  test('that is refused ends with 1 and the reason', async (t) => {
    const api = await serveCanned(t, { [`POST ${path}?wait=1m`]: problem(409, 'it is the last server', { code: 'last-server' }) });
    const { status, stderr } = await runInProcess([...words, '--api', api.address]);
    assert.equal(status, 1);
    assert.match(stderr, /it is the last server/u);
  });

  const wrong: readonly (readonly [string[], RegExp])[] = [
    [['drain', 'carts'], /ADDRESS:PORT is missing|is missing/iu],
    [['drain', 'carts', 'here'], /ADDRESS:PORT "here": must be/u],
    [[...words, '--for', 'soon'], /--for "soon": must be a whole number/u],
    [[...words, '--for', '0'], /--for "0": must be above 0/u],
    [[...words, '--wait', '11m'], /--wait "11m": must be at most 10m/u],
    [['undrain', 'carts', '10.0.0.1:6379', '--for', '1m'], /--for/u],
  ];
  for (const [given, line] of wrong) {
    test(`${given.join(' ')} is no use`, async () => {
      const { status, stderr } = await runInProcess(given);
      assert.equal(status, 2);
      assert.match(stderr, line);
    });
  }
});
