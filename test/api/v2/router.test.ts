import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Presence } from '../../../src/xds/presence.ts';
import type { StreamHub } from '../../../src/xds/stream-hub.ts';
import { serveV2 } from './serve-v2.ts';

for (const path of ['', '/', '/clients/', '/Clients', '/clients/a', '/commits', '/%zz', '/a%20b']) {
  test(`${path || 'nothing'} is not found, as a problem`, async (t) => {
    const { url } = await serveV2(t);
    const response = await fetch(`${url}${path}`);
    assert.equal(response.headers.get('content-type'), 'application/problem+json; charset=utf-8');
    const detail = `${new URL(url + path).pathname.replace(/v2$/u, 'v2/')}: no such resource`;
    assert.deepEqual(await response.json(), { type: 'about:blank', title: 'Not Found', status: 404, detail });
    assert.equal(response.status, 404);
  });
}

const refused: readonly (readonly [method: string, path: string, allowed: string])[] = [
  ['POST', '/clients', 'GET, HEAD'],
  ['DELETE', '/clients', 'GET, HEAD'],
  ['GET', '/commit', 'POST'],
  ['OPTIONS', '/commit', 'POST'],
  ['GET', '/retry', 'POST'],
];
for (const [method, path, allowed] of refused) {
  test(`${method} ${path} is not allowed`, async (t) => {
    const response = await fetch((await serveV2(t)).url + path, { method });
    assert.deepEqual([response.status, response.headers.get('allow')], [405, allowed]);
    const detail = `${method}: must be ${allowed.replace(', ', ' or ')}`;
    assert.deepEqual(await response.json(), { type: 'about:blank', title: 'Method Not Allowed', status: 405, detail });
  });
}

test('HEAD /clients has no body', async (t) => {
  const response = await fetch(`${(await serveV2(t)).url}/clients`, { method: 'HEAD' });
  assert.deepEqual([response.status, await response.text()], [200, '']);
});

test('an answer that fails half way is cut off and logged', async (t) => {
  const node = { id: 'a', cluster: '', userAgentName: '', userAgentVersion: '' };
  const method = { apiVersion: 'v3', protocol: 'sotw', kind: undefined };
  // A time that no calendar has.
  const status = () => ({ peer: 'p', node, method, types: [], unknownTypeUrls: [], openedAtMs: NaN });
  const stream = { nodeId: 'a', peer: 'p', status };
  const hub = { streams: new Set([stream]), presence: new Presence(0) };
  const api = await serveV2(t, { hub: hub as unknown as StreamHub });
  await assert.rejects(async () => (await fetch(`${api.url}/clients`)).text());
  assert.deepEqual(api.log.map(({ msg }) => msg), ['request failed']);
});
