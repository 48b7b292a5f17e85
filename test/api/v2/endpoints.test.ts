import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { at, serveDesk } from './serve-desk.ts';

test('an endpoint is created, read, replaced, changed and deleted; the others stay', async (t) => {
  const { desk, call } = await serveDesk(t);
  await call('PUT', '/clusters/a', { endpoints: [at('10.0.0.1'), at('10.0.0.3')] });
  const path = '/clusters/a/endpoints/10.0.0.2:6379';
  const created = await call('PUT', path, { weight: 2 });
  assert.deepEqual([created.status, created.body], [201, { ...at('10.0.0.2'), weight: 2 }]);
  assert.equal(created.headers.get('location'), '/api/v2/clusters/a/endpoints/10.0.0.2%3A6379');
  const replaced = await call('PUT', path);
  assert.deepEqual([replaced.status, replaced.body], [200, at('10.0.0.2')]);
  const changed = await call('PATCH', path, { zone: 'z' });
  assert.deepEqual([changed.status, changed.body], [200, { ...at('10.0.0.2'), zone: 'z' }]);
  assert.deepEqual((await call('GET', path)).body, changed.body);
  const all = [at('10.0.0.1'), changed.body, at('10.0.0.3')];
  assert.deepEqual((await call('GET', '/clusters/a/endpoints')).body, { endpoints: all });
  assert.deepEqual(desk.declarations.get('staged', 'cluster', 'a'), { name: 'a', endpoints: all });
  assert.equal((await call('DELETE', path)).status, 204);
  assert.deepEqual((await call('GET', '/clusters/a/endpoints')).body, { endpoints: [all[0], all[2]] });
});

test('IPv6 has one spelling, in the path and in the body', async (t) => {
  const { call } = await serveDesk(t);
  await call('PUT', '/clusters/a', {});
  const body = { address: '2001:DB8:0::1', port: 1 };
  const created = await call('PUT', `/clusters/a/endpoints/${encodeURIComponent('[2001:db8::0:1]:1')}`, body);
  assert.deepEqual([created.status, created.body], [201, { address: '2001:db8::1', port: 1 }]);
  assert.equal((await call('GET', '/clusters/a/endpoints/[2001:db8::1]:1')).status, 200);
});

describe('of a replicated cluster', () => {
  const path = (address: string): string => `/clusters/a/endpoints/${address}:6379`;

  test('the first server is the primary, another can be made it, and it goes last', async (t) => {
    const { desk, call } = await serveDesk(t);
    const staged = () => desk.declarations.get('staged', 'cluster', 'a');
    await call('PUT', '/clusters/a', { kind: 'replicated', reads: 'any' });
    assert.equal((await call('PUT', path('10.0.0.2'), { weight: 2 })).status, 201);
    assert.equal((await call('PUT', path('10.0.0.1'))).status, 201);
    const endpoints = [at('10.0.0.1'), { ...at('10.0.0.2'), weight: 2 }];
    const group = { name: 'a', kind: 'replicated', primary: '10.0.0.2:6379', endpoints, reads: 'any' };
    assert.equal(JSON.stringify(staged()), JSON.stringify(group));
    assert.deepEqual((await call('GET', '/clusters/a/endpoints')).body, { endpoints });

    const refused = await call('DELETE', path('10.0.0.2'));
    const detail = 'endpoint 10.0.0.2:6379: is the primary of the cluster: first make another one the primary';
    assert.deepEqual([refused.status, refused.body.code, refused.body.detail], [409, 'endpoint-is-primary', detail]);
    assert.equal((await call('PATCH', '/clusters/a', { primary: '10.0.0.1:6379' })).status, 200);
    assert.equal((await call('DELETE', path('10.0.0.2'))).status, 204);
    assert.deepEqual(staged(), { ...group, primary: '10.0.0.1:6379', endpoints: [at('10.0.0.1')] });
    assert.equal((await call('DELETE', path('10.0.0.1'))).status, 204);
    assert.deepEqual(staged(), { name: 'a', kind: 'replicated', endpoints: [], reads: 'any' });
  });

  test('a primary must be one of them', async (t) => {
    const { call } = await serveDesk(t);
    await call('PUT', '/clusters/a', { kind: 'replicated', primary: '10.0.0.1:6379', endpoints: [at('10.0.0.1')] });
    const { status, body } = await call('PATCH', '/clusters/a', { primary: '10.0.0.2:6379' });
    const rule = 'must be the address and port of one of the endpoints';
    assert.deepEqual([status, body.faults], [422, [{ pointer: '/primary', value: '10.0.0.2:6379', rule }]]);
  });
});

describe('with a name', () => {
  test('it is known in lower case', async (t) => {
    const { desk, call } = await serveDesk(t);
    await call('PUT', '/clusters/a', {});
    assert.equal((await call('PUT', '/clusters/a/endpoints/Redis-A.x:6379', { address: 'REDIS-a.x' })).status, 201);
    const cluster = { name: 'a', endpoints: [at('redis-a.x')] };
    assert.deepEqual(desk.declarations.get('staged', 'cluster', 'a'), cluster);
    assert.equal((await call('DELETE', '/clusters/a/endpoints/redis-a.X:6379')).status, 204);
  });

  test('it is refused where the cluster takes none', async (t) => {
    const { desk, call } = await serveDesk(t);
    await call('PUT', '/clusters/a', { panic_threshold: 50 });
    const { status, body } = await call('PUT', '/clusters/a/endpoints/redis-a:6379');
    const rule = 'must be left out where an address is a host name, unless resolve is controlplane: there the healthy servers get all commands';
    assert.deepEqual([status, body.faults], [422, [{ pointer: '/panic_threshold', value: 50, rule }]]);
    assert.equal(desk.declarations.lastEntry, 1);
  });
});

test('of a Redis Cluster they are seeds, which have no weight', async (t) => {
  const { desk, call } = await serveDesk(t);
  await call('PUT', '/clusters/a', { kind: 'redis_cluster' });
  assert.equal((await call('PUT', '/clusters/a/endpoints/10.0.0.1:6379')).status, 201);
  const { status, body } = await call('PUT', '/clusters/a/endpoints/10.0.0.2:6379', { weight: 2 });
  assert.deepEqual([status, body.faults], [422, [{ pointer: '/weight', value: 2, rule: 'no such field' }]]);
  const cluster = { name: 'a', kind: 'redis_cluster', endpoints: [at('10.0.0.1')] };
  assert.deepEqual(desk.declarations.get('staged', 'cluster', 'a'), cluster);
});

describe('refused, and nothing changes', () => {
  type Row = readonly [what: string, method: string, path: string, body: object | undefined, status: number, said: object];
  const missing = 'no such endpoint';
  const sharded = { code: 'cluster-is-sharded' };
  const rows: readonly Row[] = [
    ['no cluster', 'PUT', '/clusters/x/endpoints/10.0.0.1:1', {}, 404, { detail: 'cluster "x": no such cluster is staged' }],
    ['no endpoint', 'GET', '/clusters/a/endpoints/10.0.0.9:1', undefined, 404, { detail: `endpoint 10.0.0.9:1: ${missing}` }],
    ['none to delete', 'DELETE', '/clusters/a/endpoints/10.0.0.9:1', undefined, 404, { detail: `endpoint 10.0.0.9:1: ${missing}` }],
    ['none to change', 'PATCH', '/clusters/a/endpoints/10.0.0.9:1', {}, 404, { detail: `endpoint 10.0.0.9:1: ${missing}` }],
    ['no address', 'PUT', '/clusters/a/endpoints/redis', {}, 404, { detail: 'endpoint "redis": must be IP:PORT, [IPV6]:PORT or NAME:PORT' }],
    ['a sharded cluster', 'PUT', '/clusters/s/endpoints/10.0.0.1:1', {}, 409, sharded],
    ['its list', 'GET', '/clusters/s/endpoints', undefined, 409, sharded],
    ['another address', 'PUT', '/clusters/a/endpoints/10.0.0.9:1', { address: '10.0.0.8', weight: 0 }, 422, {
      faults: [
        { pointer: '/address', value: '10.0.0.8', rule: 'must be "10.0.0.9" as in the path, or left out' },
        { pointer: '/weight', value: 0, rule: 'must be at least 1' },
      ],
    }],
    ['nowhere', 'PUT', '/clusters/a/endpoints/0.0.0.0:1', {}, 422, {
      faults: [{ pointer: '/address', value: '0.0.0.0', rule: 'must be an address that Envoys can connect to' }],
    }],
  ];
  for (const [what, method, path, body, status, said] of rows) {
    test(what, async (t) => {
      const { desk, call } = await serveDesk(t);
      await call('PUT', '/clusters/a', { endpoints: [at('10.0.0.1')] });
      await call('PUT', '/clusters/s', { kind: 'sharded', shards: [] });
      const answer = await call(method, path, body);
      assert.equal(answer.status, status);
      for (const [field, value] of Object.entries(said)) assert.deepEqual(answer.body[field], value);
      assert.equal(desk.declarations.lastEntry, 2);
    });
  }

  test('one more than a cluster may have', async (t) => {
    const { call } = await serveDesk(t);
    const endpoints = Array.from({ length: 10_000 }, (_, index) => at('10.0.0.1', index + 1));
    await call('PUT', '/clusters/a', { endpoints });
    const { status, body } = await call('PUT', '/clusters/a/endpoints/10.0.0.1:10001');
    assert.deepEqual([status, body.detail], [409, 'cluster "a": at most 10000 endpoints are taken']);
  });
});

test('conditions are about the endpoint', async (t) => {
  const { call } = await serveDesk(t);
  await call('PUT', '/clusters/a', {});
  const path = '/clusters/a/endpoints/10.0.0.1:1';
  const tag = (await call('PUT', path, {}, { 'If-None-Match': '*' })).headers.get('etag') ?? '';
  await call('PUT', '/clusters/a/endpoints/10.0.0.2:1');
  assert.equal((await call('PUT', path, {}, { 'If-None-Match': '*' })).status, 412);
  assert.equal((await call('PUT', path, { weight: 3 }, { 'If-Match': tag })).status, 200);
  assert.equal((await call('DELETE', path, undefined, { 'If-Match': tag })).status, 412);
});
