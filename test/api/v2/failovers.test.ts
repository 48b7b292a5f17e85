// Promotions over /api/v2: told, planned, refused, shown.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';

import { freePort } from '../../support/free-port.ts';
import { nameOf, startGroup } from '../../failover/redis-group.ts';
import { at, serveDesk } from './serve-desk.ts';
import type { ServedDesk } from './serve-desk.ts';

const path = '/clusters/c/failover';
const ann = { 'X-Author': 'ann' };

/** A replicated cluster whose servers do not answer, a plain one, and one that is not watched. */
async function serveDead(t: TestContext): Promise<ServedDesk & { readonly primary: string; readonly replica: string }> {
  const served = await serveDesk(t);
  const ports = [await freePort(), await freePort()];
  const [primary = '', replica = ''] = ports.map((port) => `127.0.0.1:${port}`);
  const endpoints = ports.map((port) => ({ address: '127.0.0.1', port }));
  const failover = { by: 'controlplane', cooldown: '30m' };
  await served.call('PUT', '/clusters/c', { kind: 'replicated', primary, endpoints, failover });
  await served.call('PUT', '/clusters/plain', { endpoints: [at('10.0.0.1')] });
  await served.call('PUT', '/clusters/blind', { kind: 'replicated', primary: '10.0.0.1:6379', endpoints: [at('10.0.0.1')], watch: 'off' });
  await served.call('POST', '/commit', {});
  return { ...served, primary, replica };
}

describe('a promotion', () => {
  test('that is planned says why it would be refused, and does nothing', async (t) => {
    const { call, primary, replica } = await serveDead(t);
    const { status, body } = await call('POST', path, { action: 'promote', to: replica, dry_run: true });
    assert.equal(status, 200);
    assert.deepEqual([body.changed, body.promotion, body.plan.from, body.plan.to], [false, null, primary, null]);
    assert.deepEqual(body.plan.refusal, { code: 'excluded', reason: `${replica} can't be promoted: it does not answer`, forcible: false });
    assert.deepEqual((await call('GET', '/failovers')).body, { promotions: [], clusters: [] });
  });

  const refusals: readonly (readonly [what: string, path: string, body: object, status: number, code: string | undefined])[] = [
    ['of a cluster that is not there', '/clusters/x/failover', { action: 'pause' }, 404, undefined],
    ['of a plain cluster', '/clusters/plain/failover', { action: 'switchover' }, 409, 'not-replicated'],
    ['of one that is not watched', '/clusters/blind/failover', { action: 'switchover' }, 409, 'not-watched'],
    ['without a primary that answers', path, { action: 'switchover' }, 409, 'no-primary'],
    ['without an action', path, {}, 422, undefined],
    ['without the server to promote', path, { action: 'promote' }, 422, undefined],
    ['of no address', path, { action: 'promote', to: 'redis' }, 422, undefined],
    ['with a field that a pause has not', path, { action: 'pause', force: true }, 422, undefined],
  ];
  for (const [what, where, body, status, code] of refusals) {
    test(`${what} is refused`, async (t) => {
      const { call } = await serveDead(t);
      const answer = await call('POST', where, body);
      assert.deepEqual([answer.status, answer.body.code], [status, code]);
    });
  }

  test('is made, told step by step, and shown', async (t) => {
    const served = await serveDesk(t);
    const [old, next] = await startGroup(t, 1);
    assert.ok(old !== undefined && next !== undefined);
    const endpoints = [old, next].map(({ address, port }) => ({ address, port }));
    await served.call('PUT', '/clusters/c', { kind: 'replicated', primary: nameOf(old), endpoints });
    await served.call('POST', '/commit', {});
    const planned = await served.call('POST', path, { action: 'switchover', dry_run: true });
    assert.deepEqual([planned.body.plan.to, planned.body.plan.gap_bytes, planned.body.plan.refusal], [nameOf(next), 0, null]);
    const { status, body } = await served.call('POST', path, { action: 'switchover' }, ann);
    assert.equal(status, 200);
    const { promotion } = body;
    assert.deepEqual([body.changed, promotion.by, promotion.from, promotion.to], [true, 'ann', nameOf(old), nameOf(next)]);
    assert.deepEqual([promotion.step, promotion.pending, promotion.acknowledged_by], ['done', [], null]);
    const listed = await served.call('GET', '/failovers?cluster=c');
    assert.deepEqual(listed.body, { promotions: [promotion], clusters: [{ cluster: 'c', paused_by: null, cooldown_until: null }] });
    assert.deepEqual((await served.call('GET', '/failovers?cluster=d')).body, { promotions: [], clusters: [] });
  });
});

describe('a pause', () => {
  test('is kept, told twice, shown, and taken back', async (t) => {
    const { call } = await serveDead(t);
    const tell = async (action: string) => (await call('POST', path, { action }, ann)).body.changed;
    assert.deepEqual([await tell('pause'), await tell('pause')], [true, false]);
    const shown = await call('GET', '/failovers');
    assert.deepEqual(shown.body.clusters, [{ cluster: 'c', paused_by: 'ann', cooldown_until: null }]);
    assert.deepEqual([await tell('resume'), await tell('resume'), await tell('ack')], [true, false, false]);
  });
});
