import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { at, serveDesk } from './serve-desk.ts';

const yaml = { 'Content-Type': 'application/yaml' };

const file = `clusters:
  - name: b
    prefix: "b:"
  - name: a
    endpoints: [{ address: 10.0.0.1, port: 6379 }]
listeners: []
`;

test('a file stages what it says and the removal of what it does not name', async (t) => {
  const { desk, call } = await serveDesk(t);
  await call('PUT', '/clusters/a', {});
  await call('PUT', '/listeners/old', {});
  const { status, body } = await call('PUT', '/config', file, yaml);
  assert.equal(status, 200);
  assert.deepEqual(body, {
    changes: [
      { kind: 'cluster', name: 'a', change: 'changed' },
      { kind: 'cluster', name: 'b', change: 'added' },
      { kind: 'listener', name: 'old', change: 'removed' },
    ],
  });
  const clusters = [{ name: 'a', endpoints: [at('10.0.0.1')] }, { name: 'b', prefix: 'b:', endpoints: [] }];
  assert.deepEqual((await call('GET', '/config')).body, { clusters, listeners: [] });
  assert.equal(desk.declarations.revision, 0);
});

for (const type of ['application/json', 'application/yaml']) {
  test(`an export as ${type} changes nothing when it is put back`, async (t) => {
    const { desk, call } = await serveDesk(t);
    await call('PUT', '/config', file, yaml);
    const { lastEntry } = desk.declarations;
    const exported = await call('GET', '/config', undefined, { Accept: type });
    assert.equal(exported.headers.get('content-type')?.split(';')[0], type);
    assert.equal(exported.headers.get('vary'), 'Accept');
    const text = typeof exported.body === 'string' ? exported.body : JSON.stringify(exported.body);
    const back = await call('PUT', '/config', text, { 'Content-Type': type, 'If-Match': exported.headers.get('etag') ?? '' });
    assert.deepEqual([back.status, back.body], [200, { changes: [] }]);
    assert.equal(desk.declarations.lastEntry, lastEntry);
  });
}

test('a dry run tells each field that would change, by the same rules, and stages nothing', async (t) => {
  const { desk, call } = await serveDesk(t);
  await call('PUT', '/clusters/a', {});
  await call('PUT', '/listeners/old', {});
  const { lastEntry } = desk.declarations;
  const { status, body } = await call('PUT', '/config?dry_run=true', file, yaml);
  assert.equal(status, 200);
  assert.deepEqual(body.changes.map(({ name, change }: Record<string, string>) => `${name} ${change}`), [
    'a changed',
    'b added',
    'old removed',
  ]);
  assert.deepEqual(body.changes[0].fields, [{ field: 'endpoints/10.0.0.1:6379', after: at('10.0.0.1') }]);
  const twins = '{"clusters":[{"name":"a","prefix":"p"},{"name":"b","prefix":"p"}]}';
  assert.equal((await call('PUT', '/config?dry_run=true', twins)).status, 409);
  assert.equal((await call('PUT', '/config?dry_run=maybe', file, yaml)).status, 400);
  assert.equal(desk.declarations.lastEntry, lastEntry);
  assert.equal((await call('PUT', '/config?dry_run=false', file, yaml)).body.changes.length, 3);
  assert.notEqual(desk.declarations.lastEntry, lastEntry);
});

test('a file that was taken from an older state is refused', async (t) => {
  const { desk, call } = await serveDesk(t);
  const tag = (await call('GET', '/config')).headers.get('etag') ?? '';
  await call('PUT', '/clusters/a', {});
  assert.equal((await call('PUT', '/config', file, { ...yaml, 'If-Match': tag })).status, 412);
  assert.equal(desk.declarations.lastEntry, 1);
  const newer = (await call('GET', '/config')).headers.get('etag') ?? '';
  assert.equal((await call('GET', '/config', undefined, { 'If-None-Match': newer })).status, 304);
});

test('the other views are of what is committed', async (t) => {
  const { desk, call } = await serveDesk(t);
  await call('PUT', '/clusters/a', {});
  assert.deepEqual((await call('GET', '/config?view=committed')).body, { clusters: [], listeners: [] });
  await desk.commit({ author: 'test' });
  assert.equal((await call('GET', '/config?view=effective')).body.clusters[0].connect_timeout, '5s');
});

describe('refused, and nothing is staged:', () => {
  type Row = readonly [what: string, text: string, headers: Readonly<Record<string, string>>, status: number, faults?: object[]];
  const rows: readonly Row[] = [
    ['a fault in YAML', 'clusters:\n  - name: a\n    port: 1\n', yaml, 422, [
      { pointer: '/clusters/0/port', value: 1, rule: 'no such field', line: 3, column: 11 },
    ]],
    ['a fault in JSON', '{"clusters":[\n{"name":""}]}', {}, 422, [
      { pointer: '/clusters/0/name', value: '', rule: 'must not be empty', line: 2, column: 9 },
    ]],
    ['no YAML', 'clusters: [', yaml, 400],
    ['no JSON', '', {}, 400],
    ['TOML', '', { 'Content-Type': 'application/toml' }, 415],
    ['too much YAML', '#'.repeat(2_097_153), yaml, 413],
    ['two clusters of one prefix', '{"clusters":[{"name":"a","prefix":"p"},{"name":"b","prefix":"p"}]}', {}, 409],
  ];
  for (const [what, text, headers, status, faults] of rows) {
    test(what, async (t) => {
      const { desk, call } = await serveDesk(t);
      const answer = await call('PUT', '/config', text, headers);
      assert.equal(answer.status, status);
      if (faults !== undefined) assert.deepEqual(answer.body.faults, faults);
      assert.equal(desk.declarations.lastEntry, 0);
    });
  }

  test('an export as what it is not', async (t) => {
    const { status, body } = await (await serveDesk(t)).call('GET', '/config', undefined, { Accept: 'text/html' });
    assert.deepEqual([status, body.detail], [406, 'Accept: must take application/json or application/yaml']);
  });
});

test('millions of faults are not counted', async (t) => {
  const { call } = await serveDesk(t);
  const bad = `[${Array(300).fill('0').join(',')}]`;
  const clusters = Array.from({ length: 45_000 }, (_, index) => `{"name":"c${index}","endpoints":${bad}}`);
  const { status, body } = await call('PUT', '/config', `{"clusters":[${clusters.join(',')}]}`);
  assert.deepEqual([status, body.faults.length], [422, 1_000]);
  const fields = Array.from({ length: 500_000 }, (_, index) => `"${index}":0`);
  const unknown = await call('PUT', '/config', `{${fields.join(',')}}`);
  assert.deepEqual(unknown.body.faults, [{ pointer: '', rule: 'must have at most 250000 values' }]);
  const one = await call('PUT', '/config', `{"clusters":[{"name":"a","labels":{${fields.join(',')}}}]}`);
  assert.deepEqual(one.body.faults, [{ pointer: '/clusters/0', rule: 'must have at most 250000 values' }]);
});

test('a thousand clusters are exported whole', async (t) => {
  const { call } = await serveDesk(t);
  const clusters = Array.from({ length: 1_001 }, (_, index) => ({ name: `c${index}`, endpoints: [] }));
  await call('PUT', '/config', { clusters, listeners: [] });
  const exported = await call('GET', '/config', undefined, { Accept: 'application/yaml' });
  assert.deepEqual((await call('PUT', '/config', exported.body, yaml)).body, { changes: [] });
});
