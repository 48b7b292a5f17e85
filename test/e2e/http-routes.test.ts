// HTTP listeners with routes by host, timeouts, retries and connections that end, behind a real Envoy.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { IncomingMessage, RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';

import { envoyReleases } from '../support/envoy.ts';
import { freePort } from '../support/free-port.ts';
import { waitUntil } from '../support/wait-until.ts';
import { startDeclaredEnvoy } from './declared-envoy.ts';

async function serve(t: TestContext, listener: RequestListener): Promise<{ address: string; port: number }> {
  const server = createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return { address: '127.0.0.1', port: (server.address() as AddressInfo).port };
}

/** `STATUS BODY`. */
async function get(port: number, path: string, host: string): Promise<string> {
  const asked = request({ host: '127.0.0.1', port, path, headers: { host }, agent: false });
  asked.end();
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return `${response.statusCode} ${Buffer.concat(chunks).toString()}`;
}

const says = (name: string): RequestListener => (asked, response) => response.end(`${name} ${asked.url}`);

for (const version of envoyReleases) {
  test(`Envoy ${version} routes by host, whatever the port in it, and by prefix`, async (t) => {
    const [a, b, c] = await Promise.all(['a', 'b', 'c'].map((name) => serve(t, says(name))));
    const port = await freePort();
    const subject = await startDeclaredEnvoy(t, { version });
    subject.declare({
      clusters: [a, b, c].map((endpoint, index) => ({ name: 'abc'[index], endpoints: [endpoint] })),
      listeners: [
        {
          name: 'web',
          kind: 'http',
          address: `127.0.0.1:${port}`,
          routes: [
            { prefix: '/', cluster: 'a' },
            { prefix: '/all/', cluster: 'a', remove_prefix: true },
            { prefix: '/', cluster: 'b', hosts: ['Shop.example', '*.shop.example'] },
            { prefix: '/c/', cluster: 'c', hosts: ['shop.example'], remove_prefix: true },
          ],
        },
      ],
    });
    await subject.envoy.untilLive();
    await waitUntil('HTTP is served', async () => (await get(port, '/', 'x')) === '200 a /');
    for (const [host, path, reply] of [
      ['other.example', '/c/1', 'a /c/1'],
      ['shop.example', '/1', 'b /1'],
      [`SHOP.example:${port}`, '/1', 'b /1'],
      ['shop.example', '/c/1', 'c /1'],
      ['shop.example', '/all/1', 'a /1'],
      ['www.shop.example', '/c/1', 'b /c/1'],
      [`www.shop.example:${port}`, '/all/1', 'a /1'],
    ] as const) {
      assert.equal(await get(port, path, host), `200 ${reply}`, `${host}${path}`);
    }
    await subject.assertAllTaken();
  });

  test(`Envoy ${version} gives up in time, tries again, and ends old connections`, async (t) => {
    let count = 0;
    const slow = await serve(t, () => undefined);
    const flaky = await serve(t, (_asked, response) => {
      count += 1;
      response.writeHead(count < 3 ? 503 : 200).end(`${count}`);
    });
    const port = await freePort();
    const subject = await startDeclaredEnvoy(t, { version });
    subject.declare({
      clusters: [{ name: 'slow', endpoints: [slow] }, { name: 'flaky', endpoints: [flaky] }],
      listeners: [
        {
          name: 'web',
          kind: 'http',
          address: `127.0.0.1:${port}`,
          idle_timeout: '300ms',
          max_connection_duration: '1h',
          routes: [
            { prefix: '/slow', cluster: 'slow', timeout: '200ms' },
            { prefix: '/', cluster: 'flaky', retries: { attempts: 2, on: ['5xx'], per_try_timeout: '5s' } },
          ],
        },
      ],
    });
    await subject.envoy.untilLive();
    await waitUntil('HTTP is served', async () => (await get(port, '/slow', 'x')).startsWith('504 '));
    assert.equal(await get(port, '/', 'x'), '200 3');
    const idle = connect({ host: '127.0.0.1', port }).resume();
    await once(idle, 'end');
    await subject.assertAllTaken();
  });
}
