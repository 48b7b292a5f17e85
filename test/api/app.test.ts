import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { call, exchange, serveApi } from './serve-api.ts';

suite('an unknown path', () => {
  const paths = [
    '/',
    '/api',
    '/api/v1',
    '/api/v1/',
    '/api/v1/cluster/',
    '/api/v1/cluster/a',
    '/API/v1/cluster',
    '/api/v1/Cluster',
    '//api/v1/cluster',
    '/api/v1/cluster%2f',
    '/%zz',
    '/api/v1/%zz',
    '/%00',
    '/../api/v1/cluster',
    '/healthz/',
  ];
  for (const path of paths) {
    for (const method of ['GET', 'POST', 'OPTIONS']) {
      test(`${method} ${path} is not found`, async (t) => {
        const api = await serveApi(t);
        const answer = await call(api, method, path, '{"name":"a","prefix":"/"}');
        assert.equal(answer.status, 404);
        assert.equal(answer.body, '404 page not found\n');
        assert.equal(answer.headers.get('content-type'), 'text/plain; charset=utf-8');
        assert.deepEqual([api.control.changes, api.logged], [[], []]);
      });
    }
  }

  test('is answered without a body to HEAD', async (t) => {
    const answer = await call(await serveApi(t), 'HEAD', '/nowhere');
    assert.deepEqual([answer.status, answer.body], [404, '']);
  });
});

test('a query is no part of the path', async (t) => {
  const api = await serveApi(t);
  assert.equal((await call(api, 'POST', '/api/v1/commit?now=1&x[y]=%zz')).status, 200);
  assert.equal(api.control.commits, 1);
});

test('an answer names neither the framework nor an entity tag', async (t) => {
  const api = await serveApi(t);
  for (const path of ['/healthz', '/nowhere']) {
    const { headers } = await call(api, 'GET', path);
    assert.deepEqual([headers.get('x-powered-by'), headers.get('etag')], [undefined, undefined]);
  }
});

test('what is no HTTP is refused, and the next call is served', async (t) => {
  const api = await serveApi(t);
  assert.equal((await exchange(api.port, '\u0000\u0001 garbage\r\n\r\n')).status, 400);
  assert.equal((await call(api, 'POST', '/api/v1/commit')).status, 200);
});

suite('GET /healthz', () => {
  test('says ok unless told otherwise', async (t) => {
    const answer = await call(await serveApi(t), 'GET', '/healthz');
    assert.deepEqual([answer.status, answer.body], [200, 'ok\n']);
  });

  test('follows isReady', async (t) => {
    let ready = false;
    const api = await serveApi(t, { isReady: () => ready });
    const before = await call(api, 'GET', '/healthz');
    assert.deepEqual([before.status, before.body], [503, 'not ready\n']);
    ready = true;
    assert.equal((await call(api, 'GET', '/healthz')).status, 200);
  });

  test('takes no other method', async (t) => {
    const answer = await call(await serveApi(t), 'POST', '/healthz');
    assert.deepEqual([answer.status, answer.body, answer.headers.get('allow')], [405, '', 'GET, HEAD']);
  });
});
