// Orders over /api/v2: given, refused, shown.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';

import type { ProblemMessage } from '../../../src/api/v2/messages.ts';
import { Presence } from '../../../src/xds/presence.ts';
import type { StreamHub } from '../../../src/xds/stream-hub.ts';
import { freePort } from '../../support/free-port.ts';
import { openDesk } from '../../support/open-desk.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { at, serveDesk } from './serve-desk.ts';
import type { ServedDesk } from './serve-desk.ts';
import { serveV2 } from './serve-v2.ts';

const [one, two] = ['10.0.0.1:6379', '10.0.0.2:6379'];
const ann = { 'X-Author': 'ann' };

async function serveCommitted(t: TestContext): Promise<ServedDesk> {
  const served = await serveDesk(t);
  await served.call('PUT', '/clusters/c', { endpoints: [at('10.0.0.1'), at('10.0.0.2')] });
  await served.call('PUT', '/clusters/alone', { endpoints: [at('10.0.0.1')] });
  await served.call('POST', '/commit', {});
  return served;
}

const pathOf = (server: string, cluster = 'c') => `/clusters/${cluster}/endpoints/${encodeURIComponent(server)}/orders`;

describe('an order', () => {
  test('is answered with what stands, and shown wherever servers are', async (t) => {
    const { call } = await serveCommitted(t);
    const body = { order: 'drain', for: '10m', message: 'new memory' };
    const given = await call('POST', pathOf(two ?? ''), body, ann);
    assert.equal(given.status, 200);
    const { changed, order } = given.body;
    assert.equal(changed, true);
    const { at: since, until, ...rest } = order;
    assert.deepEqual(rest, { cluster: 'c', server: two, order: 'drain', author: 'ann', message: 'new memory' });
    assert.equal(Date.parse(until) - Date.parse(since), 600_000);
    assert.deepEqual((await call('GET', '/orders')).body, { orders: [order] });
    assert.deepEqual((await call('GET', '/orders?cluster=alone')).body, { orders: [] });
    assert.deepEqual((await call('GET', '/clusters/c/endpoints')).body.orders, [order]);
    assert.equal('orders' in (await call('GET', '/clusters/alone/endpoints')).body, false);
    assert.deepEqual((await call('GET', '/clients')).body.orders, [order]);
    const { number, ...entry } = (await call('GET', '/log')).body.entries.at(-1);
    assert.equal(number, 4);
    const terms = { order: 'drain', cluster: 'c', server: two, until, message: 'new memory' };
    assert.deepEqual(entry, { at: since, author: 'ann', type: 'order', ...terms });
  });

  test('is taken back', async (t) => {
    const { call } = await serveCommitted(t);
    await call('POST', pathOf(two ?? ''), { order: 'disable' });
    const { status, body } = await call('POST', pathOf(two ?? ''), { order: 'undrain' });
    assert.deepEqual([status, body.code], [409, 'other-order']);
    const enabled = { changed: true, order: null };
    assert.deepEqual((await call('POST', pathOf(two ?? ''), { order: 'enable' })).body, enabled);
    assert.deepEqual((await call('POST', pathOf(two ?? ''), { order: 'enable' })).body, { ...enabled, changed: false });
  });

  test('stages nothing, and leaves the tag of what is staged as it is', async (t) => {
    const { call } = await serveCommitted(t);
    await call('PUT', '/clusters/d', { endpoints: [] });
    const before = await call('GET', '/staged');
    await call('POST', pathOf(two ?? ''), { order: 'drain' });
    const after = await call('GET', '/staged');
    assert.deepEqual([after.body, after.headers.get('etag')], [before.body, before.headers.get('etag')]);
  });

  test('that waits ends when every Envoy has it, and says that the server can\'t be seen', async (t) => {
    const { call } = await serveCommitted(t);
    const port = await freePort();
    await call('PUT', '/clusters/local', { endpoints: [at('127.0.0.1', port), at('127.0.0.1', port - 1)] });
    await call('POST', '/commit', {});
    const { body } = await call('POST', `${pathOf(`127.0.0.1:${port}`, 'local')}?wait=10s`, { order: 'drain' });
    // Nobody listens there: it has nothing to answer.
    assert.deepEqual([body.changed, body.converged, body.drained, body.detail], [true, true, true, null]);
    const lifted = await call('POST', `${pathOf(`127.0.0.1:${port}`, 'local')}?wait=10s`, { order: 'undrain' });
    assert.deepEqual([lifted.body.converged, lifted.body.drained, lifted.body.order], [true, null, null]);
  });
});

test('64 wait at most: who comes then is told so, and orders nothing', async (t) => {
  let given = 0;
  const order = async () => ((given += 1), { changed: true, order: undefined });
  const waiting = [{ nodeId: 'one', peer: '127.0.0.1:1', isSettled: () => false }];
  const api = await serveV2(t, {
    hub: { streams: new Set(waiting), presence: new Presence(0) } as unknown as StreamHub,
    desk: Object.assign(await openDesk(), { order }),
  });
  const gone = new AbortController();
  const call = (wait: string) => {
    const request = { method: 'POST', body: '{"order":"disable"}', signal: gone.signal };
    return fetch(`${api.url}${pathOf('10.0.0.1:6379')}?wait=${wait}`, request);
  };
  const calls = Array.from({ length: 64 }, () => call('10m').catch(() => undefined));
  await waitUntil('they wait', () => given === 64);
  const refused = await call('10m');
  assert.equal(refused.status, 503);
  const { detail } = (await refused.json()) as ProblemMessage;
  assert.equal(detail, 'wait: 64 others wait already, nothing was ordered: ask again later');
  assert.equal(given, 64);
  gone.abort();
  await Promise.all(calls);
});

describe('refuses', () => {
  const cases: readonly (readonly [what: string, path: string, body: object | string, status: number, says: RegExp])[] = [
    ['what is no order', pathOf('10.0.0.1:6379'), { order: 'stop' }, 422, /order/u],
    ['a field that it does not know', pathOf('10.0.0.1:6379'), { order: 'drain', until: 'x' }, 422, /until/u],
    ['a time for what takes back', pathOf('10.0.0.1:6379'), { order: 'undrain', for: '1m' }, 422, /for.*no such field/u],
    ['what is no time', pathOf('10.0.0.1:6379'), { order: 'drain', for: 'soon' }, 422, /for.*must be a duration above 0 and up to 720h/u],
    ['a time of nothing', pathOf('10.0.0.1:6379'), { order: 'drain', for: '0s' }, 422, /for.*must be a duration above 0/u],
    ['a time that never ends', pathOf('10.0.0.1:6379'), { order: 'drain', for: '721h' }, 422, /up to 720h/u],
    ['the last server', pathOf('10.0.0.1:6379', 'alone'), { order: 'drain' }, 409, /last server that takes commands; force/u],
    ['a server that is not there', pathOf('10.0.0.9:6379'), { order: 'drain' }, 404, /no server 10\.0\.0\.9:6379/u],
    ['a cluster that is not there', pathOf('10.0.0.1:6379', 'x'), { order: 'drain' }, 404, /cluster "x": is not committed/u],
    ['what is no address', pathOf('here'), { order: 'drain' }, 404, /must be IP:PORT/u],
    ['to wait for ever', `${pathOf('10.0.0.1:6379')}?wait=1h`, { order: 'drain' }, 400, /wait "1h"/u],
    ['no body at all', pathOf('10.0.0.1:6379'), '', 422, /order/u],
  ];
  for (const [what, path, body, status, says] of cases) {
    test(what, async (t) => {
      const { call } = await serveCommitted(t);
      const answer = await call('POST', path, body);
      assert.equal(answer.status, status, JSON.stringify(answer.body));
      assert.match(JSON.stringify(answer.body).replaceAll('\\"', '"'), says);
      assert.deepEqual((await call('GET', '/orders')).body, { orders: [] });
    });
  }

  test('other methods', async (t) => {
    const { call } = await serveCommitted(t);
    assert.equal((await call('GET', pathOf(one ?? ''))).status, 405);
    assert.equal((await call('POST', '/orders', {})).status, 405);
  });
});
