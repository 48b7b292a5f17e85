import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { call, serveApi } from './serve-api.ts';

suite('the request log', () => {
  test('has one line per request at debug level: method, path, status, ms', async (t) => {
    const api = await serveApi(t, { level: 'debug' });
    await call(api, 'POST', '/api/v1/cluster?token=hidden', '{"name":"a","prefix":"/a"}');
    await call(api, 'GET', '/nowhere');
    await t.waitFor(() => assert.equal(api.logged.length, 2), { timeout: 10_000 });
    const lines = api.logged.map(({ level, msg, method, path, status }) => ({ level, msg, method, path, status }));
    assert.deepEqual(lines, [
      { level: 20, msg: 'request', method: 'POST', path: '/api/v1/cluster', status: 200 },
      { level: 20, msg: 'request', method: 'GET', path: '/nowhere', status: 404 },
    ]);
    for (const { ms } of api.logged) assert.ok(Number.isInteger(ms) && Number(ms) >= 0, String(ms));
  });

  test('holds nothing of the body or the query', async (t) => {
    const api = await serveApi(t, { level: 'debug' });
    await call(api, 'POST', '/api/v1/cluster?token=hidden', '{"name":"hidden","prefix":"/hidden"}');
    await t.waitFor(() => assert.equal(api.logged.length, 1), { timeout: 10_000 });
    assert.doesNotMatch(JSON.stringify(api.logged), /hidden/u);
  });

  test('is silent at info level', async (t) => {
    const api = await serveApi(t, { level: 'info' });
    await call(api, 'POST', '/api/v1/commit');
    await call(api, 'GET', '/nowhere');
    assert.deepEqual(api.logged, []);
  });
});
