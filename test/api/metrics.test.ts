import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import { pino } from 'pino';

import { createApi } from '../../src/api/app.ts';
import { createMetricsApi } from '../../src/api/metrics.ts';
import type { MetricsSource } from '../../src/api/metrics.ts';
import { exchange } from './serve-api.ts';
import type { Answer } from './serve-api.ts';

const contentType = 'text/plain; version=0.0.4; charset=utf-8';

async function ask(t: TestContext, method: string, path: string, source: MetricsSource): Promise<Answer> {
  const control = { change: async () => undefined, commit: async () => ({ changed: false, revision: 0, changes: [], warnings: [] }) };
  const app = createApi(control, pino({ level: 'silent' }), undefined, [['/', createMetricsApi(source)]]);
  const server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return exchange(port, `${method} ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
}

describe('GET /metrics', () => {
  const source: MetricsSource = { contentType, scrape: () => Promise.resolve('a 1\n') };

  test('answers with a scrape, of exactly its media type', async (t) => {
    const { status, headers, body } = await ask(t, 'GET', '/metrics', source);
    assert.deepEqual([status, headers.get('content-type'), body], [200, contentType, 'a 1\n']);
  });

  test('takes HEAD, and no other method', async (t) => {
    const head = await ask(t, 'HEAD', '/metrics', source);
    assert.deepEqual([head.status, head.body], [200, '']);
    const post = await ask(t, 'POST', '/metrics', source);
    assert.deepEqual([post.status, post.headers.get('allow')], [405, 'GET, HEAD']);
  });

  test('is one path', async (t) => {
    for (const path of ['/metrics/', '/Metrics', '/metrics/x']) {
      assert.equal((await ask(t, 'GET', path, source)).status, 404);
    }
  });

  test('is a 500 when the scrape fails', async (t) => {
    const failing = { contentType, scrape: () => Promise.reject(new Error('broken')) };
    const { status, body } = await ask(t, 'GET', '/metrics', failing);
    assert.deepEqual([status, body], [500, 'internal error\n']);
  });
});
