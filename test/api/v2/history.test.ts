import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { serveDesk } from './serve-desk.ts';
import type { ServedDesk } from './serve-desk.ts';

const isTime = (text: unknown) => new Date(String(text)).toISOString() === text;
const ann = { 'X-Author': 'ann' };

/** Revision 1 has cluster a, revision 2 has b too, and c is staged. */
async function serveHistory(t: Parameters<typeof serveDesk>[0]): Promise<ServedDesk> {
  const served = await serveDesk(t);
  for (const name of ['a', 'b']) {
    await served.call('PUT', `/clusters/${name}`, {}, ann);
    await served.call('POST', '/commit', { message: `adds ${name}` }, ann);
  }
  await served.call('PUT', '/clusters/c', {}, ann);
  return served;
}

test('what is staged: by whom, and when', async (t) => {
  const { call } = await serveHistory(t);
  await call('DELETE', '/clusters/a');
  await call('PATCH', '/clusters/b', { prefix: 'b' }, { 'X-Author': Buffer.from('李').toString('latin1') });
  const { body, headers } = await call('GET', '/staged');
  assert.ok(body.changes.every(({ at }: { at: string }) => isTime(at)));
  assert.deepEqual(body.changes.map(({ at: _at, ...change }: { at: string }) => change), [
    { kind: 'cluster', name: 'a', change: 'removed', author: 'api' },
    { kind: 'cluster', name: 'b', change: 'changed', author: '李' },
    { kind: 'cluster', name: 'c', change: 'added', author: 'ann' },
  ]);
  assert.equal((await call('GET', '/staged', undefined, { 'If-None-Match': headers.get('etag') ?? '' })).status, 304);
});

test('a commit answers what it made; one with nothing to commit makes nothing', async (t) => {
  const { call } = await serveHistory(t);
  const changes = [{ kind: 'cluster', name: 'c', change: 'added' }];
  const first = await call('POST', '/commit', { expected_revision: 2 });
  const { warnings, ...rest } = first.body;
  assert.equal(first.status, 200);
  assert.deepEqual(rest, { changed: true, revision: 3, changes, draining: [], old_routes: [] });
  assert.deepEqual(warnings.map(({ code }: { code: string }) => code), ['no-catch-all']);
  const second = await call('POST', '/commit');
  assert.deepEqual(second.body, { ...first.body, changed: false, changes: [] });
});

describe('a commit is refused', () => {
  type Row = readonly [what: string, body: object, headers: Readonly<Record<string, string>>, status: number, code?: string];
  const rows: readonly Row[] = [
    ['when somebody else committed', { expected_revision: 1 }, {}, 409, 'stale-revision'],
    ['when the plan is stale', { plan: 'plan-0' }, {}, 409, 'stale-plan'],
    ['by a guard', {}, {}, 409, 'guard'],
    ['when something else is staged', { force: true }, { 'If-Match': '"1"' }, 412],
    ['for what it does not know', { force: true, now: true }, {}, 422],
    ['for a wrong type', { force: 'yes' }, {}, 422],
    ['when it can not be read', '{' as unknown as object, {}, 400],
    ['in another language', { force: true }, { 'Content-Type': 'application/xml' }, 415],
  ];
  for (const [what, body, headers, status, code] of rows) {
    test(what, async (t) => {
      const { desk, call } = await serveHistory(t);
      for (const name of ['a', 'b', 'c']) await call('DELETE', `/clusters/${name}`);
      const answer = await call('POST', '/commit', body, headers);
      assert.deepEqual([answer.status, answer.body.code], [status, code]);
      const findings = [{ code: 'many-clusters', message: 'takes 2 of 2 clusters: "a", "b"' }];
      if (code === 'guard') assert.deepEqual(answer.body.findings, findings);
      assert.equal(desk.declarations.revision, 2);
    });
  }

  test('for what Envoys would not take', async (t) => {
    const { call } = await serveHistory(t);
    await call('PUT', '/clusters/xds_cluster', {});
    const { status, body } = await call('POST', '/commit');
    assert.equal(status, 409);
    assert.match(body.detail, /^not published: cluster "xds_cluster": /);
  });
});

test('force, a plan and the tag of the staging area are taken', async (t) => {
  const { desk, call } = await serveHistory(t);
  for (const name of ['a', 'b', 'c']) await call('DELETE', `/clusters/${name}`);
  const { body: plan } = await call('POST', '/plan');
  const guards = [{ code: 'many-clusters', message: 'takes 2 of 2 clusters: "a", "b"' }];
  assert.deepEqual([plan.revision, plan.guards, plan.errors], [2, guards, []]);
  const gone = (name: string) => ({ kind: 'cluster', name, change: 'removed', fields: [], before: { name, endpoints: [] } });
  assert.deepEqual(plan.changes, [gone('a'), gone('b')]);
  const group = '';
  const rest = { group, added: [], changed: [] };
  assert.deepEqual(plan.resources, [
    { ...rest, kind: 'cluster', removed: ['a', 'b'] },
    { ...rest, kind: 'endpoint', removed: ['a', 'b'] },
    { ...rest, kind: 'listener', removed: ['no_upstream_host'] },
  ]);
  const tag = (await call('GET', '/staged')).headers.get('etag') ?? '';
  const { status } = await call('POST', '/commit', { force: true, plan: plan.token }, { 'If-Match': tag });
  assert.deepEqual([status, desk.declarations.revision], [200, 3]);
});

test('revisions: newest first, some of them, one of them with its content', async (t) => {
  const { call } = await serveHistory(t);
  const { body } = await call('GET', '/revisions');
  const none = { added: 0, changed: 0, removed: 0 };
  const summary = { cluster: { ...none, added: 1 }, listener: none, secret: none };
  assert.ok(isTime(body.revisions[0].at));
  const [{ at: _at, ...newest }] = body.revisions;
  assert.deepEqual(newest, { revision: 2, author: 'ann', message: 'adds b', summary });
  assert.deepEqual(body.revisions.map(({ revision }: { revision: number }) => revision), [2, 1]);
  assert.equal((await call('GET', '/revisions?limit=1')).body.revisions.length, 1);
  const { body: older } = await call('GET', '/revisions?before=2');
  assert.deepEqual(older.revisions, body.revisions.slice(1));
  const content = { clusters: [{ name: 'a', endpoints: [] }], listeners: [], secrets: [] };
  assert.deepEqual((await call('GET', '/revisions/1')).body, { ...older.revisions[0], content });
});

test('differences: what is staged, since a revision, between two', async (t) => {
  const { call } = await serveHistory(t);
  await call('PATCH', '/clusters/a', { prefix: 'p' });
  const names = async (path: string) =>
    (await call('GET', path)).body.changes.map(({ name, change }: { name: string; change: string }) => `${name} ${change}`);
  assert.deepEqual(await names('/diff'), ['a changed', 'c added']);
  assert.deepEqual(await names('/diff?from=1'), ['a changed', 'b added', 'c added']);
  assert.deepEqual(await names('/diff?from=2&to=1'), ['b removed']);
  assert.deepEqual(await names('/revisions/0/diff/1'), ['a added']);
  assert.deepEqual((await call('GET', '/diff')).body.changes[0].fields, [{ field: 'prefix', after: 'p' }]);
});

test('a rollback answers as a commit does, and says what stays staged', async (t) => {
  const { desk, call } = await serveHistory(t);
  await call('PATCH', '/clusters/b', { prefix: 'p' });
  const { status, body } = await call('POST', '/rollback', { revision: 1, message: 'oops', expected_revision: 2 }, ann);
  assert.equal(status, 200);
  const { warnings: _warnings, draining: _draining, old_routes: _oldRoutes, ...answer } = body;
  assert.deepEqual(answer, {
    changed: true,
    revision: 3,
    changes: [{ kind: 'cluster', name: 'b', change: 'removed' }],
    rollback_to: 1,
    still_staged: [{ kind: 'cluster', name: 'b' }],
  });
  const [revision] = (await call('GET', '/revisions?limit=1')).body.revisions;
  assert.deepEqual([revision.rollback_to, revision.message, revision.author], [1, 'oops', 'ann']);
  assert.equal((await call('POST', '/rollback?wait=1s', {})).body.converged, true);
  assert.equal(desk.declarations.revision, 4);
});

test('discard: one object, then all', async (t) => {
  const { desk, call } = await serveHistory(t);
  await call('PUT', '/listeners/l', {});
  assert.deepEqual((await call('POST', '/discard', { kind: 'listener', name: 'l' })).body.discarded, [{ kind: 'listener', name: 'l' }]);
  assert.equal((await call('POST', '/discard', {}, { 'If-Match': '"1"' })).status, 412);
  assert.equal((await call('POST', '/discard', { kind: 'listener' })).status, 422);
  assert.deepEqual((await call('POST', '/discard')).body.discarded, [{ kind: 'cluster', name: 'c' }]);
  assert.deepEqual((await call('POST', '/discard')).body.discarded, []);
  assert.deepEqual(desk.declarations.staged, []);
});

test('the log says who did what, from any entry on', async (t) => {
  const { call } = await serveHistory(t);
  await call('POST', '/discard');
  const { body } = await call('GET', '/log?after=2');
  assert.ok(body.entries.every(({ at }: { at: string }) => isTime(at)));
  const objects = (name: string, change: string) => ({ count: 1, objects: [{ kind: 'cluster', name, change }] });
  assert.deepEqual(body.entries.map(({ at: _at, ...entry }: { at: string }) => entry), [
    { number: 3, author: 'ann', type: 'stage', ...objects('b', 'set') },
    { number: 4, author: 'ann', type: 'commit', revision: 2, message: 'adds b', ...objects('b', 'set') },
    { number: 5, author: 'ann', type: 'stage', ...objects('c', 'set') },
    { number: 6, author: 'api', type: 'discard', ...objects('c', 'discarded') },
  ]);
  assert.equal((await call('GET', '/log?limit=2')).body.entries.length, 2);
});

describe('what is not there', () => {
  for (const path of ['/revisions/9', '/revisions/x', '/revisions/-1', '/revisions/1/diff/9', '/diff?from=9', '/revisions/1/diff']) {
    test(`${path} is answered 404`, async (t) => {
      assert.equal((await (await serveHistory(t)).call('GET', path)).status, 404);
    });
  }

  test('a revision to roll back to', async (t) => {
    assert.equal((await (await serveHistory(t)).call('POST', '/rollback', { revision: 9 })).status, 404);
  });
});

test('a plan warns of what Envoys that speak v2 are not told', async (t) => {
  const { call } = await serveDesk(t);
  await call('PUT', '/clusters/a', { load_balancing: { policy: 'maglev', table_size: 503 } });
  await call('PUT', '/listeners/l', {
    address: '0.0.0.0:1',
    catch_all: { cluster: 'a', key_formatter: 't:%KEY%' },
    connection_rate_limit: 1,
    protocol: 'RESP3',
    faults: [{ type: 'error', percent: 1 }],
    custom_commands: ['json.get'],
  });
  await call('PUT', '/listeners/t', { kind: 'tcp', address: '0.0.0.0:2', cluster: 'a', max_connection_duration: '1h' });
  await call('PUT', '/listeners/w', {
    kind: 'http',
    address: '0.0.0.0:3',
    routes: [{ prefix: '/', cluster: 'a', hosts: ['a.example'] }],
  });
  const { body } = await call('POST', '/plan');
  const warned = body.warnings as readonly { code: string; message: string }[];
  const noField = 'v2 has no such field,';
  const unsupported = (all: typeof warned) => all.filter(({ code }) => code === 'not-in-v2').map(({ message }) => message);
  assert.deepEqual(unsupported(warned), [
    `cluster "a": load_balancing.table_size 503: ${noField} tables have 65537 there`,
    `listener "l": key_formatter: ${noField} servers are sent the keys as they are there`,
    `listener "l": connection_rate_limit: ${noField} connections have no limit there`,
    `listener "l": protocol RESP3: ${noField} clients speak RESP2 there`,
    `listener "l": faults: ${noField} no command fails or is late there`,
    `listener "l": custom_commands: ${noField} these commands are refused there`,
    `listener "t": max_connection_duration: ${noField} connections may grow old there`,
    `listener "w": hosts without regard to ports: ${noField} a Host with a port is another one there`,
  ]);
  // Nobody speaks it.
  assert.deepEqual(unsupported((await call('POST', '/commit')).body.warnings), []);
});
