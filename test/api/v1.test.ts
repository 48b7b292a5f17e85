import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { suite, test } from 'node:test';
import type { TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';
import { maxBodyBytes } from '../../src/api/v1.ts';
import { CommitError } from '../../src/commit/published.ts';
import type { Change } from '../../src/inventory/change.ts';
import { StoreError } from '../../src/store/log-store.ts';
import { call, exchange, serveApi } from './serve-api.ts';
import type { Answer, ServedApi } from './serve-api.ts';

const cluster = { name: 'a', prefix: '/a' };
const endpoint = { cluster: 'a', ipaddress: '10.0.0.1', port: 6379 };

type Call = readonly [method: string, path: string, body: unknown];

/** Sends each call and expects success. */
async function arrange(api: ServedApi, calls: readonly Call[]): Promise<void> {
  for (const [method, path, body] of calls) {
    assertSuccess(await call(api, method, `/api/v1/${path}`, JSON.stringify(body)));
  }
}

function assertSuccess(answer: Answer): void {
  assert.equal(answer.body, '');
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get('content-length'), '0');
}

function assertFailure(answer: Answer, message: string | RegExp): void {
  if (typeof message === 'string') assert.equal(answer.body, `${message}\n`);
  else assert.match(answer.body, message);
  assert.equal(answer.status, 500);
  assert.equal(answer.headers.get('content-type'), 'text/plain; charset=utf-8');
  assert.equal(answer.headers.get('x-content-type-options'), 'nosniff');
}

suite('a call that succeeds', () => {
  const added: Call[] = [['POST', 'cluster', cluster]];
  const table: [name: string, before: Call[], call: Call, change: Change][] = [
    ['adds a cluster', [], ['POST', 'cluster', cluster], { kind: 'add-cluster', ...cluster }],
    ['removes a cluster', added, ['DELETE', 'cluster', { name: 'a' }], { kind: 'remove-cluster', name: 'a' }],
    [
      'adds an endpoint',
      added,
      ['POST', 'endpoint', endpoint],
      { kind: 'add-endpoint', cluster: 'a', address: '10.0.0.1', port: 6379 },
    ],
    [
      'removes an endpoint',
      [...added, ['POST', 'endpoint', endpoint]],
      ['DELETE', 'endpoint', { CLUSTER: 'a', IpAddress: '10.0.0.1', Port: 6379 }],
      { kind: 'remove-endpoint', cluster: 'a', address: '10.0.0.1', port: 6379 },
    ],
  ];
  for (const [name, before, [method, path, body], change] of table) {
    test(name, async (t) => {
      const api = await serveApi(t);
      await arrange(api, before);
      assertSuccess(await call(api, method, `/api/v1/${path}`, JSON.stringify(body)));
      assert.deepEqual(api.control.changes.slice(before.length), [change]);
    });
  }

  const bodies: [name: string, body: string | Buffer, headers: Record<string, string>][] = [
    ['no body', '', {}],
    ['a body that is no JSON', 'garbage', {}],
    ['a body over the limit', Buffer.alloc(2 * maxBodyBytes, 'x'), {}],
    ['an encoded body', gzipSync('{}'), { 'Content-Encoding': 'gzip' }],
  ];
  for (const [name, body, headers] of bodies) {
    test(`commits, given ${name}`, async (t) => {
      const api = await serveApi(t);
      assertSuccess(await call(api, 'POST', '/api/v1/commit', body, headers));
      assert.equal(api.control.commits, 1);
    });
  }

  test('adds nothing to the head but what HTTP asks for', async (t) => {
    const { headers } = await call(await serveApi(t), 'POST', '/api/v1/commit');
    assert.deepEqual([...headers.keys()].sort(), ['connection', 'content-length', 'date']);
  });
});

suite('a call that fails', () => {
  const added: Call[] = [['POST', 'cluster', cluster]];
  const filled: Call[] = [...added, ['POST', 'endpoint', endpoint]];
  const missing = 'required parameter missing';
  const portRange = 'must be a whole number from 1 to 65535';
  const table: [name: string, before: Call[], call: Call, message: string | RegExp][] = [
    ['POST cluster without a name', added, ['POST', 'cluster', { prefix: '/a' }], missing],
    ['POST cluster without a prefix', added, ['POST', 'cluster', { name: 'a', prefix: '' }], missing],
    ['POST cluster with nothing', [], ['POST', 'cluster', null], missing],
    ['POST cluster, name and prefix taken', added, ['POST', 'cluster', cluster], 'cluster already exists'],
    ['POST cluster, prefix taken', added, ['POST', 'cluster', { name: 'b', prefix: '/a' }], 'prefix already exists'],
    ['POST cluster, control character', [], ['POST', 'cluster', { name: 'a\nb', prefix: '/' }], /^name "a\\nb": .+\n$/],
    ['POST cluster, wrong type', added, ['POST', 'cluster', { name: 'a', prefix: 1 }], 'prefix 1: must be a string'],
    ['DELETE cluster without a name', filled, ['DELETE', 'cluster', {}], missing],
    ['DELETE cluster, not there', filled, ['DELETE', 'cluster', { name: 'b' }], 'cluster not found'],
    ['DELETE cluster that has endpoints', filled, ['DELETE', 'cluster', { name: 'a' }], 'cluster has endpoints'],
    ...['POST', 'DELETE'].flatMap((method): [string, Call[], Call, string | RegExp][] => [
      [`${method} endpoint, no cluster named`, [], [method, 'endpoint', { ...endpoint, cluster: '' }], missing],
      [`${method} endpoint without an address`, [], [method, 'endpoint', { cluster: 'a', port: 1 }], missing],
      [`${method} endpoint without a port`, [], [method, 'endpoint', { ...endpoint, port: null }], missing],
      [`${method} endpoint, port 0`, [], [method, 'endpoint', { ...endpoint, port: 0 }], missing],
      [`${method} endpoint, wrong type and no cluster`, [], [method, 'endpoint', { port: '1' }], /^port "1": .+\n$/],
      [`${method} endpoint, port out of range and no cluster`, [], [method, 'endpoint', { port: 65_536 }], missing],
      [`${method} endpoint, cluster not there`, [], [method, 'endpoint', endpoint], 'cluster not found'],
    ]),
    ['POST endpoint that is there', filled, ['POST', 'endpoint', endpoint], 'endpoint already exists'],
    ['DELETE endpoint, not there', filled, ['DELETE', 'endpoint', { ...endpoint, port: 1 }], 'endpoint not found'],
    [
      'POST endpoint, port out of range',
      filled,
      ['POST', 'endpoint', { ...endpoint, port: 65_536 }],
      `port 65536: ${portRange}`,
    ],
    [
      'POST endpoint, host name for an address',
      filled,
      ['POST', 'endpoint', { ...endpoint, ipaddress: 'localhost' }],
      /^ipaddress "localhost": .+\n$/,
    ],
  ];
  for (const [name, before, [method, path, body], message] of table) {
    test(`${name}: says why, and changes nothing`, async (t) => {
      const api = await serveApi(t);
      await arrange(api, before);
      assertFailure(await call(api, method, `/api/v1/${path}`, JSON.stringify(body)), message);
      assert.equal(api.control.changes.length, before.length);
    });
  }

  const calls: [method: string, path: string][] = [
    ['POST', 'cluster'],
    ['DELETE', 'cluster'],
    ['POST', 'endpoint'],
    ['DELETE', 'endpoint'],
  ];
  const bodies: [name: string, body: string | Buffer, message: string | RegExp, headers?: Record<string, string>][] = [
    ['no body', '', 'empty body: must be a JSON object'],
    ['malformed JSON', '{"name"', /^malformed JSON: .+\n$/],
    ['an array', '[]', 'body []: must be a JSON object'],
    ['2 MiB', Buffer.alloc(2 * maxBodyBytes, ' '), 'body of 2097152 bytes: at most 1048576 are taken'],
    ['gzip', gzipSync('{}'), 'Content-Encoding "gzip": the body must be sent as it is', { 'Content-Encoding': 'gzip' }],
  ];
  for (const [method, path] of calls) {
    for (const [name, body, message, headers] of bodies) {
      test(`${method} ${path} refuses ${name}`, async (t) => {
        const api = await serveApi(t);
        assertFailure(await call(api, method, `/api/v1/${path}`, body, headers), message);
        assert.deepEqual(api.control.changes, []);
      });
    }
  }
});

suite('a body', () => {
  const json = JSON.stringify(cluster);
  const table: [name: string, body: string, headers: Record<string, string>][] = [
    ['is taken with a JSON type', json, { 'Content-Type': 'application/json' }],
    ['is taken with a type that makes no sense', json, { 'Content-Type': ';;' }],
    ['is taken with another charset named', json, { 'Content-Type': 'application/json; charset=utf-16' }],
    ['may say that it is not encoded', json, { 'Content-Encoding': 'Identity' }],
    ['is read to the end of its first value', `${json} {"name":5`, {}],
    ['may be as large as the limit', json.padEnd(maxBodyBytes), {}],
  ];
  for (const [name, body, headers] of table) {
    test(name, async (t) => {
      const api = await serveApi(t);
      assertSuccess(await call(api, 'POST', '/api/v1/cluster', body, headers));
      assert.deepEqual(api.control.changes, [{ kind: 'add-cluster', ...cluster }]);
    });
  }

  const chunked = 'POST /api/v1/cluster HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n';

  test('may come in chunks, cut inside a character', async (t) => {
    const api = await serveApi(t);
    const bytes = Buffer.from(JSON.stringify({ name: '\u00e9', prefix: '/' }));
    const chunks = [...bytes].map((byte) => Buffer.from([0x31, 0x0d, 0x0a, byte, 0x0d, 0x0a]));
    const request = Buffer.concat([Buffer.from(chunked), ...chunks, Buffer.from('0\r\n\r\n')]);
    assertSuccess(await exchange(api.port, request));
    assert.deepEqual(api.control.changes, [{ kind: 'add-cluster', name: '\u00e9', prefix: '/' }]);
  });

  test('is counted in chunks, too', async (t) => {
    const api = await serveApi(t);
    const chunk = `10000\r\n${' '.repeat(0x10000)}\r\n`;
    const answer = await exchange(api.port, `${chunked}${chunk.repeat(17)}0\r\n\r\n`);
    assertFailure(answer, 'body of 1114112 bytes: at most 1048576 are taken');
  });

  test('that is cut off changes nothing, and the next call is served', async (t) => {
    const api = await serveApi(t, { level: 'debug' });
    const socket = connect(api.port, '127.0.0.1');
    const head = 'POST /api/v1/cluster HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n';
    socket.write(`${head}Content-Length: 1000\r\n\r\n${json}`);
    socket.once('data', () => socket.destroy());
    await loggedRequest(t, api);
    assert.deepEqual(api.control.changes, []);
    assert.deepEqual(errorsLogged(api), []);
    await arrange(api, [['POST', 'cluster', cluster]]);
  });

  test('that comes slowly keeps no other call waiting', async (t) => {
    const api = await serveApi(t);
    const socket = connect(api.port, '127.0.0.1');
    socket.setEncoding('utf8');
    const head = 'POST /api/v1/cluster HTTP/1.1\r\nHost: x\r\nConnection: close\r\n';
    socket.write(`${head}Content-Length: ${json.length}\r\n\r\n${json.slice(0, 9)}`);
    await arrange(api, [['POST', 'cluster', { name: 'b', prefix: '/b' }]]);
    socket.write(json.slice(9));
    const text = (await socket.toArray()).join('');
    assert.match(text, /^HTTP\/1\.1 200 OK\r\n/u);
    assert.deepEqual(api.control.changes.map((change) => change.kind === 'add-cluster' && change.name), ['b', 'a']);
  });
});

suite('a failure inside', () => {
  const calls: [method: string, path: string, body: unknown][] = [
    ['POST', 'cluster', cluster],
    ['POST', 'commit', null],
  ];
  for (const [method, path, body] of calls) {
    test(`of the store is told and logged: ${path}`, async (t) => {
      const api = await serveApi(t);
      api.control.failure = new StoreError('disk is full');
      assertFailure(await call(api, method, `/api/v1/${path}`, JSON.stringify(body)), 'disk is full');
      assert.deepEqual(errorsLogged(api), ['the store failed']);
    });

    test(`of the commit is told: ${path}`, async (t) => {
      const api = await serveApi(t);
      api.control.failure = new CommitError('cluster a: refused');
      assertFailure(await call(api, method, `/api/v1/${path}`, JSON.stringify(body)), 'cluster a: refused');
      assert.deepEqual(errorsLogged(api), []);
    });

    for (const failure of [new TypeError('secret detail'), 'thrown text']) {
      test(`that nobody expects is logged, not told: ${path}, ${failure}`, async (t) => {
        const api = await serveApi(t);
        api.control.failure = failure;
        assertFailure(await call(api, method, `/api/v1/${path}`, JSON.stringify(body)), 'internal error');
        assert.deepEqual(errorsLogged(api), ['request failed']);
        api.control.failure = undefined;
        assertSuccess(await call(api, 'POST', '/api/v1/commit'));
      });
    }
  }

  test('is logged with its stack', async (t) => {
    const api = await serveApi(t);
    api.control.failure = new TypeError('secret detail');
    await call(api, 'POST', '/api/v1/commit');
    const [line] = api.logged;
    assert.equal(line?.path, '/api/v1/commit');
    assert.match((line?.err as { stack: string }).stack, /^TypeError: secret detail\n +at /u);
  });
});

suite('a method that a path does not take', () => {
  const table: [path: string, allowed: string, refused: string[]][] = [
    ['cluster', 'POST, DELETE', ['GET', 'HEAD', 'PUT', 'PATCH', 'OPTIONS', 'PURGE']],
    ['endpoint', 'POST, DELETE', ['GET', 'HEAD', 'PUT', 'PATCH', 'OPTIONS', 'PURGE']],
    ['commit', 'POST', ['GET', 'HEAD', 'PUT', 'PATCH', 'OPTIONS', 'DELETE']],
  ];
  for (const [path, allowed, methods] of table) {
    for (const method of methods) {
      test(`${method} ${path}: 405 and nothing`, async (t) => {
        const api = await serveApi(t);
        const answer = await call(api, method, `/api/v1/${path}`, JSON.stringify(cluster));
        assert.equal(answer.status, 405);
        assert.equal(answer.body, '');
        assert.equal(answer.headers.get('allow'), allowed);
        assert.deepEqual([api.control.changes, api.control.commits], [[], 0]);
      });
    }
  }
});

test('a thousand calls at once are each answered, and each staged once', async (t) => {
  const api = await serveApi(t);
  const names = Array.from({ length: 1000 }, (_, index) => `c${index % 500}`);
  const answers = await Promise.all(
    names.map(async (name) => {
      const body = JSON.stringify({ name, prefix: `/${name}` });
      const answer = await fetch(`http://127.0.0.1:${api.port}/api/v1/cluster`, { method: 'POST', body });
      return `${answer.status} ${await answer.text()}`;
    }),
  );
  assert.equal(answers.filter((answer) => answer === '200 ').length, 500);
  assert.equal(answers.filter((answer) => answer === '500 cluster already exists\n').length, 500);
  assert.equal(api.control.changes.length, 500);
});

function errorsLogged(api: ServedApi): unknown[] {
  return api.logged.filter((line) => line.level === 50).map((line) => line.msg);
}

/** Waits until a request has been logged: the server is done with it. */
async function loggedRequest(t: TestContext, api: ServedApi): Promise<void> {
  await t.waitFor(() => assert.ok(api.logged.some((line) => line.msg === 'request')), { timeout: 10_000 });
}
