import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { call, exchange, serveApi } from './serve-api.ts';

type Headers = Readonly<Record<string, string>>;

const names = ['cp.example.com', 'Control.Example.org.'];

/** What curl, cli.sh, scripts, Envoy and Prometheus send, and a page of our own. */
const taken: Readonly<Record<string, Headers>> = {
  'an IPv4 address': { Host: '127.0.0.1:8000' },
  'an IPv4 address without port': { Host: '192.0.2.1' },
  'an IPv6 address': { Host: '[::1]:8000' },
  'an IPv6 address without port': { Host: '[2001:db8::1]' },
  localhost: { Host: 'localhost:8000' },
  'localhost in capitals, from the root': { Host: 'LOCALHOST.' },
  'a name given': { Host: 'cp.example.com:8000' },
  'a name given, spelt otherwise': { Host: 'CP.example.com.:8000' },
  'another name given': { Host: 'control.example.org' },
  'a name without a dot, as containers have': { Host: 'control-plane:8000' },
  'nothing': { Host: '' },
  'a page of this API': { Host: '127.0.0.1:8000', Origin: 'http://127.0.0.1:8000', 'Sec-Fetch-Site': 'same-origin' },
  'such a page by a name given': { Host: 'cp.example.com', Origin: 'https://cp.example.com' },
  'an address typed in': { Host: 'localhost:8000', 'Sec-Fetch-Site': 'none' },
};

const otherSite = 'a page of another site must not call this API';
const badHost = 'must be an IP address, localhost or a name given by --api-host';

const refused: Readonly<Record<string, readonly [headers: Headers, reason: string]>> = {
  'a page of another site': [
    { Host: '127.0.0.1:8000', Origin: 'https://evil.example' },
    `Origin "https://evil.example": ${otherSite}`,
  ],
  'a page in a sandbox, or a file': [{ Host: '127.0.0.1:8000', Origin: 'null' }, `Origin "null": ${otherSite}`],
  'a page of another port': [
    { Host: 'localhost:8000', Origin: 'http://localhost:3000', 'Sec-Fetch-Site': 'same-site' },
    `Origin "http://localhost:3000": ${otherSite}`,
  ],
  'a page of a name given that asks by an address': [
    { Host: '127.0.0.1:8000', Origin: 'http://cp.example.com' },
    `Origin "http://cp.example.com": ${otherSite}`,
  ],
  'an image of another site': [
    { Host: '127.0.0.1:8000', 'Sec-Fetch-Site': 'cross-site' },
    `Sec-Fetch-Site "cross-site": ${otherSite}`,
  ],
  'an image of another port': [
    { Host: '127.0.0.1:8000', 'Sec-Fetch-Site': 'same-site' },
    `Sec-Fetch-Site "same-site": ${otherSite}`,
  ],
  'a name that anybody may let lead here': [{ Host: 'evil.example:8000' }, `Host "evil.example:8000": ${badHost}`],
  'its page': [
    { Host: 'evil.example:8000', Origin: 'http://evil.example:8000' },
    `Host "evil.example:8000": ${badHost}`,
  ],
  'a page of a name without a dot, which a neighbour may answer for': [
    { Host: 'control-plane:8000', Origin: 'http://control-plane:8000' },
    `Host "control-plane:8000": ${badHost}`,
  ],
  'a name that ends in one given': [{ Host: 'evil-cp.example.com' }, `Host "evil-cp.example.com": ${badHost}`],
  'a name that begins like an address': [
    { Host: '127.0.0.1.evil.example' },
    `Host "127.0.0.1.evil.example": ${badHost}`,
  ],
  'what is no name': [{ Host: 'a.b:80:90' }, `Host "a.b:80:90": ${badHost}`],
  'a long one': [{ Host: `${'a'.repeat(100)}.b` }, `Host "${'a'.repeat(100)}…": ${badHost}`],
};

const changingCalls = [
  ['POST', '/api/v1/commit'],
  ['POST', '/api/v1/cluster'],
] as const;

suite('who is served', () => {
  for (const [who, headers] of Object.entries(taken)) {
    test(who, async (t) => {
      const api = await serveApi(t, { names });
      for (const [method, path] of changingCalls) {
        assert.equal((await call(api, method, path, '{"name":"a","prefix":"/"}', headers)).status, 200, path);
      }
      assert.deepEqual([api.control.commits, api.control.changes.length], [1, 1]);
    });
  }

  test('HTTP/1.0 without a Host', async (t) => {
    const api = await serveApi(t, { names });
    const answer = await exchange(api.port, 'POST /api/v1/commit HTTP/1.0\r\n\r\n');
    assert.deepEqual([answer.status, api.control.commits], [200, 1]);
  });
});

suite('who is refused, and changes nothing', () => {
  for (const [who, [headers, reason]] of Object.entries(refused)) {
    test(who, async (t) => {
      const api = await serveApi(t, { names });
      for (const [method, path] of [...changingCalls, ['GET', '/metrics'], ['GET', '/nowhere']] as const) {
        const answer = await call(api, method, path, '{"name":"a","prefix":"/"}', headers);
        assert.deepEqual([answer.status, answer.body], [403, `${reason}\n`], path);
        assert.equal(answer.headers.get('content-type'), 'text/plain; charset=utf-8');
      }
      assert.deepEqual([api.control.commits, api.control.changes], [0, []]);
    });
  }

  test('with a problem from /api/v2', async (t) => {
    const answer = await call(await serveApi(t), 'POST', '/api/v2/commit', '', { Origin: 'http://evil.example' });
    assert.equal(answer.headers.get('content-type'), 'application/problem+json; charset=utf-8');
    assert.deepEqual(JSON.parse(answer.body), {
      type: 'about:blank',
      title: 'Forbidden',
      status: 403,
      detail: `Origin "http://evil.example": ${otherSite}`,
    });
  });

  test('before a browser may ask whether it may', async (t) => {
    const headers = { Origin: 'http://evil.example', 'Access-Control-Request-Method': 'DELETE' };
    const answer = await call(await serveApi(t), 'OPTIONS', '/api/v1/cluster', '', headers);
    assert.equal(answer.status, 403);
    assert.deepEqual([...answer.headers.keys()].filter((name) => name.startsWith('access-control')), []);
  });
});

suite('any Host will do, but not from a page,', () => {
  // Envoy's Host is the name of a cluster in its own file.
  const paths = ['clusters', 'endpoints', 'listeners', 'routes'].flatMap((type) => {
    return ['v2', 'v3'].map((version) => ['POST', `/${version}/discovery:${type}`] as const);
  });
  for (const [method, path] of [...paths, ['GET', '/healthz']] as const) {
    test(`for ${method} ${path}`, async (t) => {
      const api = await serveApi(t);
      const status = async (headers: Headers) => (await call(api, method, path, '{}', headers)).status;
      const passed = path === '/healthz' ? 200 : 404;
      for (const host of ['xds.example.com', 'xds/rest:1:2']) assert.equal(await status({ Host: host }), passed);
      const [host, site] = ['evil.example', { 'Sec-Fetch-Site': 'same-origin' }];
      assert.equal(await status({ Host: host, Origin: `http://${host}` }), 403);
      assert.equal(await status({ Host: host, ...site }), 403);
    });
  }

  test('for no path that only resembles one', async (t) => {
    const api = await serveApi(t);
    for (const path of ['/v3/discovery:client_status', '/v3/discovery:clusters/', '/healthz/', '/v2/discovery:x']) {
      assert.equal((await call(api, 'POST', path, '{}', { Host: 'evil.example' })).status, 403, path);
    }
  });
});
