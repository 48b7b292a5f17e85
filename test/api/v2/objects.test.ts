import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { at, serveDesk } from './serve-desk.ts';

const sessions = { name: 'sessions', prefix: 'sess:', endpoints: [at('10.0.0.1')] };
const { name: _name, ...body } = sessions;

test('a cluster is created, read, replaced, changed and deleted', async (t) => {
  const { call } = await serveDesk(t);
  const created = await call('PUT', '/clusters/sessions', body);
  assert.deepEqual([created.status, created.body], [201, sessions]);
  assert.equal(created.headers.get('location'), '/api/v2/clusters/sessions');
  const read = await call('GET', '/clusters/sessions');
  assert.deepEqual([read.status, read.body, read.headers.get('etag')], [200, sessions, created.headers.get('etag')]);
  const replaced = await call('PUT', '/clusters/sessions', sessions);
  assert.deepEqual([replaced.status, replaced.body, replaced.headers.get('location')], [200, sessions, null]);
  const patch = { prefix: null, connect_timeout: '1s' };
  const changed = await call('PATCH', '/clusters/sessions', patch, { 'Content-Type': 'application/merge-patch+json' });
  assert.deepEqual([changed.status, changed.body], [200, { name: 'sessions', endpoints: [at('10.0.0.1')], connect_timeout: '1s' }]);
  assert.notEqual(changed.headers.get('etag'), created.headers.get('etag'));
  assert.deepEqual([(await call('DELETE', '/clusters/sessions')).status, (await call('GET', '/clusters/sessions')).status], [204, 404]);
});

test('a sharded cluster, and listeners of each kind', async (t) => {
  const { call } = await serveDesk(t);
  const shards = [{ name: 'shard-0', endpoint: at('10.0.0.1') }];
  const sharded = await call('PUT', '/clusters/s', { kind: 'sharded', shards });
  assert.deepEqual([sharded.status, sharded.body], [201, { name: 's', kind: 'sharded', shards }]);
  for (const [name, listener] of Object.entries({
    r: { routes: [{ prefix: 'a', cluster: 's' }] },
    t: { kind: 'tcp', address: '0.0.0.0:7000', cluster: 's' },
    h: { kind: 'http' },
  })) {
    const { status, body: answer } = await call('PUT', `/listeners/${name}`, listener);
    assert.deepEqual([status, answer], [201, { name, ...listener }]);
  }
});

test('a name of any characters is one part of the path', async (t) => {
  const { call } = await serveDesk(t);
  const created = await call('PUT', '/clusters/%E4%B8%AD%2F%20a', {});
  assert.deepEqual([created.status, created.body.name], [201, '中/ a']);
  assert.equal(created.headers.get('location'), '/api/v2/clusters/%E4%B8%AD%2F%20a');
  assert.equal((await call('GET', created.headers.get('location')?.slice('/api/v2'.length) ?? '')).status, 200);
});

test('what is staged is one view, what is committed another, and a third has the defaults', async (t) => {
  const { desk, call } = await serveDesk(t);
  await call('PUT', '/clusters/a', {});
  assert.equal((await call('GET', '/clusters/a?view=committed')).body.detail, 'cluster "a": no such cluster is committed');
  await desk.commit({ author: 'test' });
  await call('DELETE', '/clusters/a');
  assert.equal((await call('GET', '/clusters/a')).status, 404);
  assert.deepEqual((await call('GET', '/clusters/a?view=committed')).body, { name: 'a', endpoints: [] });
  const watch = { interval: '1s', timeout: '500ms', down_after: 3, up_after: 2, max_down_percent: 50 };
  const balancing = { load_balancing: { policy: 'round_robin' } };
  const effective = { name: 'a', endpoints: [], kind: 'plain', protocol: 'redis', ...balancing, connect_timeout: '5s', watch };
  assert.deepEqual((await call('GET', '/clusters/a?view=effective')).body, effective);
  assert.deepEqual((await call('GET', '/clusters?view=effective')).body, { clusters: [effective] });
  assert.deepEqual((await call('GET', '/clusters')).body, { clusters: [] });
});

test('a list comes in pages, in order of name; what is gone meanwhile is no trouble', async (t) => {
  const { call } = await serveDesk(t);
  const names = ['a', 'b', 'c', 'd', 'e'];
  for (const name of names.toReversed()) await call('PUT', `/listeners/${name}`, {});
  const listNames = (list: { listeners: { name: string }[] }) => list.listeners.map(({ name }) => name);
  const first = (await call('GET', '/listeners?limit=2')).body;
  assert.deepEqual(listNames(first), ['a', 'b']);
  await call('DELETE', '/listeners/b');
  const second = (await call('GET', `/listeners?limit=2&cursor=${first.next}`)).body;
  assert.deepEqual(listNames(second), ['c', 'd']);
  const last = (await call('GET', `/listeners?limit=2&cursor=${second.next}`)).body;
  assert.deepEqual(last, { listeners: [{ name: 'e' }] });
  assert.deepEqual(listNames((await call('GET', '/listeners')).body), ['a', 'c', 'd', 'e']);
});

describe('conditions', () => {
  type Row = readonly [method: string, header: string, value: 'current' | 'weak' | string, status: number];
  const rows: readonly Row[] = [
    ['PUT', 'If-Match', 'current', 200],
    ['PUT', 'If-Match', '"other", *', 200],
    ['PUT', 'If-Match', 'weak', 412],
    ['PUT', 'If-Match', '"other"', 412],
    ['PUT', 'If-None-Match', '*', 412],
    ['PUT', 'If-None-Match', 'weak', 412],
    ['PUT', 'If-None-Match', '"other"', 200],
    ['PUT', 'If-Match', 'other', 412],
    ['PATCH', 'If-Match', '"other"', 412],
    ['PATCH', 'If-Match', 'current', 200],
    ['DELETE', 'If-Match', '"other"', 412],
    ['DELETE', 'If-Match', 'current', 204],
    ['GET', 'If-None-Match', 'current', 304],
    ['GET', 'If-None-Match', 'weak', 304],
    ['GET', 'If-None-Match', '"other"', 200],
  ];
  for (const [method, header, value, status] of rows) {
    test(`${method} with ${header}: ${value} is answered ${status}`, async (t) => {
      const { desk, call } = await serveDesk(t);
      const tag = (await call('PUT', '/clusters/sessions', body)).headers.get('etag') ?? '';
      const { lastEntry } = desk.declarations;
      const sent = { current: tag, weak: `W/${tag}` }[value] ?? value;
      const answer = await call(method, '/clusters/sessions', ['PUT', 'PATCH'].includes(method) ? { prefix: 'p' } : undefined, {
        [header]: sent,
      });
      assert.equal(answer.status, status);
      assert.equal(desk.declarations.lastEntry, lastEntry + (method !== 'GET' && status < 300 ? 1 : 0));
    });
  }

  test('of what is not there', async (t) => {
    const { call } = await serveDesk(t);
    for (const [method, headers, status] of [
      ['PUT', { 'If-Match': '*' }, 412],
      ['PATCH', { 'If-Match': '"a"' }, 412],
      ['DELETE', {}, 404],
      ['PATCH', {}, 404],
      ['PUT', { 'If-None-Match': '*' }, 201],
    ] as const) {
      const { status: actual } = await call(method, '/clusters/a', method === 'DELETE' ? undefined : {}, headers);
      assert.equal(actual, status, `${method} ${JSON.stringify(headers)}`);
    }
  });
});

describe('a body that breaks rules is refused with all that is wrong', () => {
  const rows: readonly (readonly [what: string, method: string, body: object | string, faults: readonly object[]])[] = [
    [
      'values',
      'PUT',
      { prefix: '', endpoints: [{ address: 'x_y', port: 0 }] },
      [
        { pointer: '/prefix', value: '', rule: 'must not be empty' },
        { pointer: '/endpoints/0/address', value: 'x_y', rule: 'must be an IPv4 or IPv6 address, or a host name' },
        { pointer: '/endpoints/0/port', value: 0, rule: 'must be at least 1' },
      ],
    ],
    ['an unknown field', 'PUT', { colour: 'red' }, [{ pointer: '/colour', value: 'red', rule: 'no such field' }]],
    ['a prototype', 'PUT', '{"labels":{"__proto__":"a"}}', [{ pointer: '/labels/__proto__', rule: 'no such field' }]],
    ['another name', 'PUT', { name: 'b', prefix: 7 }, [
      { pointer: '/name', value: 'b', rule: 'must be "a" as in the path, or left out' },
      { pointer: '/prefix', value: 7, rule: 'must be text' },
    ]],
    ['a list', 'PUT', [], [{ pointer: '', value: [], rule: 'must be an object' }]],
    ['another name by a patch', 'PATCH', { name: 'b' }, [
      { pointer: '/name', value: 'b', rule: 'must be "a" as in the path, or left out' },
    ]],
    ['what a patch leads to', 'PATCH', { kind: 'sharded' }, [
      { pointer: '/shards', rule: 'is required' },
      { pointer: '/endpoints', value: [], rule: 'no such field' },
    ]],
    ['a long value', 'PUT', { prefix: 'x'.repeat(1_001) }, [
      { pointer: '/prefix', value: `${'x'.repeat(200)}…`, rule: 'must have at most 1000 bytes' },
    ]],
  ];
  for (const [what, method, value, faults] of rows) {
    test(what, async (t) => {
      const { desk, call } = await serveDesk(t);
      await call('PUT', '/clusters/a', {});
      const { status, headers, body: problem } = await call(method, '/clusters/a', value);
      assert.deepEqual([status, problem.faults, problem.status, problem.title], [422, faults, 422, 'Unprocessable Entity']);
      assert.equal(headers.get('content-type'), 'application/problem+json; charset=utf-8');
      assert.equal(desk.declarations.lastEntry, 1);
    });
  }

  test('thousands of faults are cut', async (t) => {
    const { call } = await serveDesk(t);
    const { status, body: problem } = await call('PUT', '/clusters/a', { endpoints: Array(3_000).fill(0) });
    assert.deepEqual([status, problem.faults.length], [422, 1_000]);
    assert.ok(problem.detail.endsWith('and 2990 more'), problem.detail);
    const fields = Array.from({ length: 240_000 }, (_, index) => `"${index}":0`);
    const many = await call('PUT', '/clusters/a', `{${fields.join(',')}}`);
    assert.deepEqual([many.status, many.body.faults.length], [422, 1_000]);
  });
});

describe('what can not be read', () => {
  const rows: readonly (readonly [what: string, body: string, headers: Readonly<Record<string, string>>, status: number])[] = [
    ['no JSON', '{"prefix": x}', {}, 400],
    ['nothing', '', {}, 400],
    ['deep', '['.repeat(50_000) + ']'.repeat(50_000), {}, 422],
    ['XML', '<a/>', { 'Content-Type': 'application/xml' }, 415],
    ['Latin', '{}', { 'Content-Type': 'application/json; charset=latin1' }, 415],
    ['large', ' '.repeat(4_194_305), {}, 413],
    ['packed', '{}', { 'Content-Encoding': 'gzip' }, 415],
    ['by nobody', '{}', { 'X-Author': 'x'.repeat(256) }, 400],
    ['as curl sends it', '{}', { 'Content-Type': 'application/x-www-form-urlencoded' }, 201],
    ['as fetch sends it', '{}', { 'Content-Type': 'text/plain;charset=UTF-8' }, 201],
  ];
  for (const [what, text, headers, status] of rows) {
    test(`${what} is answered ${status}`, async (t) => {
      const { desk, call } = await serveDesk(t);
      assert.equal((await call('PUT', '/clusters/a', text, headers)).status, status);
      assert.equal(desk.declarations.lastEntry, status < 300 ? 1 : 0);
    });
  }

  for (const [method, path, type, text] of [
    ['PUT', '/clusters/a', 'application/json', '{"prefix":"\xe9"}'],
    ['POST', '/commit', 'application/json', '{"message":"\xe9"}'],
    ['PUT', '/config', 'application/json', '{"clusters":[{"name":"\xe9"}]}'],
    ['PUT', '/config', 'application/yaml', 'clusters: [{ name: \xe9 }]'],
  ] as const) {
    test(`${method} ${path} of ${type} in no UTF-8 is refused, not read as something else`, async (t) => {
      const { desk, url } = await serveDesk(t);
      const body = Buffer.from(text, 'latin1');
      const response = await fetch(url + path, { method, headers: { 'Content-Type': type }, body });
      const { detail } = (await response.json()) as { detail: string };
      assert.deepEqual([response.status, detail], [400, 'the body must be UTF-8']);
      assert.equal(desk.declarations.lastEntry, 0);
    });
  }

  test('JSON that is none is named by line and column', async (t) => {
    const { call } = await serveDesk(t);
    const { body: problem } = await call('PUT', '/clusters/a', '{\n  "prefix": x\n}');
    const fault = { pointer: '', value: 'x', rule: 'must be JSON: this can not be here', line: 2, column: 13 };
    assert.deepEqual(problem.faults, [fault]);
  });

  test('a type that is not taken is answered with those that are', async (t) => {
    const { call } = await serveDesk(t);
    const types = { 'Content-Type': 'application/json-patch+json' };
    assert.equal((await call('PUT', '/clusters/a', '[]', types)).headers.get('accept'), 'application/json');
    const patchTypes = (await call('PATCH', '/clusters/a', '[]', types)).headers.get('accept-patch');
    assert.equal(patchTypes, 'application/merge-patch+json, application/json');
  });
});

test('a prefix that another cluster has is a conflict, and nothing is staged', async (t) => {
  const { desk, call } = await serveDesk(t);
  await call('PUT', '/clusters/a', { prefix: 'p' });
  const { status, body: problem } = await call('PUT', '/clusters/b', { prefix: 'p' });
  assert.deepEqual([status, problem.code, desk.declarations.lastEntry], [409, 'prefix-exists', 1]);
});

test('a path that is no UTF-8 is answered 400', async (t) => {
  const { call } = await serveDesk(t);
  assert.equal((await call('GET', '/clusters/%zz')).status, 400);
  assert.equal((await call('PUT', '/clusters/%ff', {})).status, 400);
});

describe('parameters', () => {
  for (const [path, detail] of [
    ['/clusters?limit=0', 'limit "0": must be a whole number from 1 to 1000'],
    ['/clusters?limit=1001', 'limit "1001": must be a whole number from 1 to 1000'],
    ['/clusters?view=old', 'view "old": must be one of staged, committed, effective'],
    ['/clusters?page=2', '"page": no such parameter, only view, cursor, limit'],
    ['/listeners/a?limit=1', '"limit": no such parameter, only view'],
  ] as const) {
    test(`${path} is refused`, async (t) => {
      const { status, body: problem } = await (await serveDesk(t)).call('GET', path);
      assert.deepEqual([status, problem.detail], [400, detail]);
    });
  }
});
