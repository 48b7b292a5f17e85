// Secrets by the API: staged, planned, committed and rolled back as all objects are, and no answer has a value.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { parseSecret } from '../../../src/model/parse.ts';
import { makePair, testVault } from '../../support/test-vault.ts';
import { at, serveDesk } from './serve-desk.ts';
import type { Answer, ServedDesk } from './serve-desk.ts';

const value = 'correct horse battery staple';
const password = { kind: 'password', value };
const fingerprintOf = (secret: object): string => testVault.seal(parseSecret({ name: 'n', ...secret })).fingerprint;
const fingerprint = fingerprintOf(password);
const shown = { name: 'a', kind: 'password', fingerprint };
const user = { endpoints: [at('10.0.0.1')], upstream_auth: { password: { secret: 'a' } } };
const mergePatch = { 'Content-Type': 'application/merge-patch+json' };

/** Answers are searched for what they must not have. */
function watched({ call }: ServedDesk, ...values: readonly string[]): ServedDesk['call'] {
  return async (...args) => {
    const answer = await call(...args);
    const text = JSON.stringify([answer.body, Object.fromEntries(answer.headers)]);
    for (const each of [value, ...values]) assert.ok(!text.includes(each), `${args[0]} ${args[1]}: ${text}`);
    assert.ok(!text.includes('sealed'), text);
    return answer;
  };
}

function staged(call: ServedDesk['call']): Promise<string[]> {
  return call('GET', '/staged').then(({ body }) => body.changes.map((each: any) => `${each.change} ${each.kind} ${each.name}`));
}

describe('a secret', () => {
  test('is created, read, listed, replaced, labelled and deleted', async (t) => {
    const call = watched(await serveDesk(t));
    const created = await call('PUT', '/secrets/a', password);
    assert.deepEqual([created.status, created.body, created.headers.get('location')], [201, shown, '/api/v2/secrets/a']);
    const read = await call('GET', '/secrets/a');
    assert.deepEqual([read.status, read.body, read.headers.get('etag')], [200, shown, created.headers.get('etag')]);
    assert.deepEqual((await call('GET', '/secrets')).body, { secrets: [shown] });
    assert.deepEqual((await call('GET', '/secrets?view=effective')).body, { secrets: [] });
    const replaced = await call('PUT', '/secrets/a', { ...password, value: 'another', labels: { team: 'x' } });
    assert.deepEqual([replaced.status, replaced.body.labels], [200, { team: 'x' }]);
    assert.notEqual(replaced.body.fingerprint, fingerprint);
    const patched = await call('PATCH', '/secrets/a', { labels: { team: null, rack: '7' } }, mergePatch);
    assert.deepEqual(patched.body, { ...replaced.body, labels: { rack: '7' } });
    assert.equal((await call('GET', '/secrets/a')).headers.get('etag'), patched.headers.get('etag'));
    assert.deepEqual([(await call('DELETE', '/secrets/a')).status, (await call('GET', '/secrets/a')).status], [204, 404]);
  });

  test('is certificate or CA too, and tells when it ends', async (t) => {
    const pair = makePair({ name: 'redis.test' });
    const secretLine = pair.key.split('\n')[1] ?? '';
    const call = watched(await serveDesk(t), secretLine, pair.chain.split('\n')[1] ?? '');
    const { status, body } = await call('PUT', '/secrets/c', { kind: 'certificate', ...pair });
    assert.deepEqual([status, body.subject, body.sans], [201, 'CN=redis.test', ['DNS:redis.test']]);
    assert.match(body.not_after, /^\d{4}-.*Z$/u);
    assert.equal((await call('PUT', '/secrets/ca', { kind: 'ca', value: pair.chain })).status, 201);
    const wrong = await call('PUT', '/secrets/c', { kind: 'certificate', ...pair, key: makePair({ name: 'x' }).key });
    assert.deepEqual([wrong.status, wrong.body.faults], [422, [{ pointer: '/key', rule: 'must be the key of the certificate' }]]);
  });

  test('that is there already with this value is not staged again', async (t) => {
    const served = await serveDesk(t);
    const call = watched(served);
    await call('PUT', '/secrets/a', password);
    const { lastEntry } = served.desk.declarations;
    assert.equal((await call('PUT', '/secrets/a', password)).status, 200);
    assert.equal(served.desk.declarations.lastEntry, lastEntry);
    await served.desk.commit({ author: 'test' });
    await call('PUT', '/secrets/a', { ...password, value: 'another' });
    await call('PUT', '/secrets/a', password);
    assert.deepEqual(await staged(call), []);
  });

  test('is changed under the conditions of all objects', async (t) => {
    const call = watched(await serveDesk(t));
    const { headers } = await call('PUT', '/secrets/a', password);
    const tag = headers.get('etag') ?? '';
    assert.equal((await call('PUT', '/secrets/a', password, { 'If-None-Match': '*' })).status, 412);
    assert.equal((await call('DELETE', '/secrets/a', undefined, { 'If-Match': '"x"' })).status, 412);
    assert.equal((await call('GET', '/secrets/a', undefined, { 'If-None-Match': tag })).status, 304);
    assert.equal((await call('PUT', '/secrets/a', { ...password, value: 'another' }, { 'If-Match': tag })).status, 200);
  });

  const refused: readonly (readonly [what: string, ask: (call: ServedDesk['call']) => Promise<Answer>, status: number, faults: object[]])[] = [
    ['a value that is none', (call) => call('PUT', '/secrets/a', { kind: 'password', value: [value] }), 422, [{ pointer: '/value', rule: 'must be text' }]],
    ['no object', (call) => call('PUT', '/secrets/a', JSON.stringify(value)), 422, [{ pointer: '', rule: 'must be an object' }]],
    ['another field', (call) => call('PUT', '/secrets/a', { ...password, [value]: value }), 422, []],
    ['a patch of the value', (call) => call('PATCH', '/secrets/a', { value }, mergePatch), 422, [
      { pointer: '/value', rule: 'must be left out: PUT replaces a secret, PATCH changes its labels' },
    ]],
    ['a patch that is no object', (call) => call('PATCH', '/secrets/a', JSON.stringify(value), mergePatch), 422, [{ pointer: '', rule: 'must be an object' }]],
    ['what is no JSON', (call) => call('PUT', '/secrets/a', `{"value": ${value}`), 400, []],
  ];
  for (const [what, ask, status, faults] of refused) {
    test(`is refused without its value being told: ${what}`, async (t) => {
      const served = await serveDesk(t);
      await served.call('PUT', '/secrets/a', { kind: 'password', value: 'first' });
      const isNamed = what === 'another field';
      const answer = await ask(isNamed ? served.call : watched(served));
      assert.equal(answer.status, status);
      if (faults.length > 0) assert.deepEqual(answer.body.faults, faults);
      else assert.ok(answer.body.faults.every((each: object) => !('value' in each) || what === 'what is no JSON'));
    });
  }
});

describe('a commit', () => {
  async function start(t: Parameters<typeof serveDesk>[0]) {
    const served = await serveDesk(t);
    const call = watched(served, 'another');
    await call('PUT', '/secrets/a', password);
    await call('PUT', '/clusters/c', user);
    return { ...served, call };
  }

  test('tells of it by its fingerprint, in plan, diff, history and log', async (t) => {
    const { call } = await start(t);
    const plan = (await call('POST', '/plan')).body;
    assert.deepEqual([plan.errors, plan.changes.find(({ kind }: any) => kind === 'secret')], [
      [], { kind: 'secret', name: 'a', change: 'added', fields: [], after: shown },
    ]);
    assert.equal((await call('POST', '/commit')).status, 200);
    await call('PUT', '/secrets/a', { ...password, value: 'another' });
    const [change] = (await call('GET', '/diff')).body.changes;
    const after = fingerprintOf({ ...password, value: 'another' });
    assert.deepEqual(change, { kind: 'secret', name: 'a', change: 'changed', fields: [{ field: 'fingerprint', before: fingerprint, after }] });
    const { resources, warnings } = (await call('POST', '/plan')).body;
    assert.deepEqual(warnings.map(({ code, message }: any) => `${code} ${message}`), [
      'upstream-reconnects cluster "c": how Envoys authenticate changes: they connect to the servers anew, and commands that wait for an answer fail',
    ]);
    assert.deepEqual(resources, [{ group: '', kind: 'cluster', added: [], changed: ['c'], removed: [] }]);
    // Of the step alone: the commit says it too, and nothing does after it.
    assert.deepEqual((await call('POST', '/commit')).body.warnings, warnings);
    assert.deepEqual((await call('GET', '/clients')).body.warnings, []);
    const revision = (await call('GET', '/revisions/2')).body;
    assert.deepEqual([revision.summary.secret, revision.content.secrets[0].fingerprint], [{ added: 0, changed: 1, removed: 0 }, after]);
    assert.deepEqual((await call('GET', '/revisions/0/diff/1')).body.changes.map(({ kind }: any) => kind), ['cluster', 'secret']);
    assert.equal((await call('GET', '/log')).body.entries.length, 5);
    await call('POST', '/rollback');
    assert.equal((await call('GET', '/secrets/a')).body.fingerprint, fingerprint);
  });

  test('is refused when a name has no secret, or one of another kind', async (t) => {
    const { call } = await start(t);
    await call('PUT', '/listeners/l', { address: '0.0.0.0:7000', auth: { passwords: [{ secret: 'a' }, { secret: 'b' }, { secret: 'ca' }] } });
    await call('PUT', '/secrets/ca', { kind: 'ca', value: makePair({ name: 'ca.test' }).chain });
    const { status, body } = await call('POST', '/commit');
    assert.equal(status, 409);
    assert.equal(
      body.detail,
      'not published: listener "l": auth.passwords: secret "b" is not declared; ' +
        'listener "l": auth.passwords: secret "ca" is a ca, and must be a password',
    );
  });

  test('is refused when it takes what somebody names', async (t) => {
    const { call } = await start(t);
    await call('PUT', '/listeners/l', { address: '0.0.0.0:7000', auth: { passwords: [{ secret: 'a' }] } });
    await call('POST', '/commit');
    await call('DELETE', '/secrets/a');
    const [problem] = (await call('POST', '/plan')).body.errors;
    assert.equal(problem.message, `secret "a": can't be removed while it is named by cluster "c", listener "l"`);
    await call('PUT', '/secrets/a', { kind: 'ca', value: makePair({ name: 'ca.test' }).chain });
    const { body } = await call('POST', '/commit');
    assert.equal(body.detail, `not published: secret "a": can't be made a ca while it is named by cluster "c", listener "l"`);
    await call('DELETE', '/secrets/a');
    await call('DELETE', '/clusters/c');
    await call('DELETE', '/listeners/l');
    assert.equal((await call('POST', '/commit', { force: true })).status, 200);
  });

  test('can be taken back together with the secret that it brought', async (t) => {
    const { call } = await start(t);
    await call('DELETE', '/clusters/c');
    await call('POST', '/commit');
    await call('PUT', '/secrets/b', { ...password, value: 'another' });
    await call('PUT', '/clusters/d', { ...user, upstream_auth: { password: { secret: 'b' } } });
    await call('POST', '/commit');
    const { status, body } = await call('POST', '/rollback', { force: true });
    assert.deepEqual([status, body.changes.map((each: any) => `${each.change} ${each.name}`)], [200, ['removed d', 'removed b']]);
  });

  test('warns of certificates that expire, and so does the status', async (t) => {
    const served = await start(t);
    const pair = makePair({ name: 'short.test', days: 9 });
    await served.call('PUT', '/secrets/c', { kind: 'certificate', ...pair });
    const messages = [(await served.call('POST', '/plan')).body.warnings, (await served.call('POST', '/commit')).body.warnings]
      .map((warnings) => warnings.filter(({ code }: any) => code === 'certificate-expires').map(({ message }: any) => message));
    const [[message] = []] = messages;
    assert.match(message, /^secret "c": the certificate \("CN=short.test"\) expires in 9 days, on \d{4}-/u);
    assert.deepEqual(messages[1], [message]);
    assert.ok(served.desk.status().warnings.some((warning) => warning.message === message));
  });

  test('tells what Envoys that speak v2 are not told', async (t) => {
    const { call } = await start(t);
    await call('PUT', '/clusters/acl', { ...user, upstream_auth: { username: 'u', password: { secret: 'a' } } });
    await call('PUT', '/secrets/b', { ...password, value: 'another' });
    await call('PUT', '/listeners/l', { address: '0.0.0.0:7000', catch_all: 'acl', auth: { username: 'u', passwords: [{ secret: 'a' }, { secret: 'b' }] } });
    const { warnings } = (await call('POST', '/plan')).body;
    assert.deepEqual(warnings.filter(({ code }: any) => code === 'not-in-v2').map(({ message }: any) => message), [
      'cluster "acl": upstream_auth.username: v2 has no such field, nobody is authenticated there',
      'listener "l": auth.username: v2 has no such field, the password alone is asked for there',
      'listener "l": auth.passwords: v2 has one, "a" here',
    ]);
  });
});

describe('a file', () => {
  test('has fingerprints, and changes nothing when it is applied again', async (t) => {
    const served = await serveDesk(t);
    const call = watched(served);
    await call('PUT', '/secrets/a', { ...password, labels: { team: 'x' } });
    await call('PUT', '/secrets/b', { ...password, value: 'another' });
    await call('PUT', '/clusters/c', user);
    const { body, headers } = await call('GET', '/config');
    assert.deepEqual(body.secrets[0], { ...shown, labels: { team: 'x' } });
    assert.deepEqual((await call('PUT', '/config', body, { 'If-Match': headers.get('etag') ?? '' })).body, { changes: [] });
    const yaml = (await call('GET', '/config', undefined, { Accept: 'application/yaml' })).body;
    assert.deepEqual((await call('PUT', '/config', yaml, { 'Content-Type': 'application/yaml' })).body, { changes: [] });
    const other = { ...body, secrets: [{ ...body.secrets[0], labels: undefined }] };
    assert.deepEqual((await call('PUT', '/config?dry_run=true', other)).body.changes.map((each: any) => `${each.change} ${each.name}`), [
      'changed a', 'removed b',
    ]);
  });

  test('that says nothing of secrets leaves them as they are', async (t) => {
    const call = watched(await serveDesk(t));
    await call('PUT', '/secrets/a', password);
    assert.deepEqual((await call('PUT', '/config', { clusters: [{ name: 'c', ...user }] })).body.changes, [
      { kind: 'cluster', name: 'c', change: 'added' },
    ]);
    assert.deepEqual((await call('PUT', '/config', { clusters: [], secrets: [] })).body.changes, [
      { kind: 'cluster', name: 'c', change: 'removed' }, { kind: 'secret', name: 'a', change: 'removed' },
    ]);
  });

  test('brings values, and those that are there already change nothing', async (t) => {
    const call = watched(await serveDesk(t));
    const file = { secrets: [{ name: 'a', ...password }] };
    assert.deepEqual((await call('PUT', '/config', file)).body.changes, [{ kind: 'secret', name: 'a', change: 'added' }]);
    assert.deepEqual((await call('PUT', '/config', file)).body.changes, []);
  });

  test('is refused when it is to keep what is not there, and when it says where values are', async (t) => {
    const call = watched(await serveDesk(t));
    await call('PUT', '/secrets/a', password);
    const other = '0123456789abcdef';
    const kept = await call('PUT', '/config', {
      secrets: [{ ...shown, fingerprint: other }, { ...shown, name: 'b' }],
    });
    assert.deepEqual([kept.status, kept.body.faults], [422, [
      {
        pointer: '/secrets/0/fingerprint',
        value: other,
        rule: `must be that of the secret "a" (it is a password with ${fingerprint}): another one needs its value`,
      },
      {
        pointer: '/secrets/1/fingerprint',
        value: fingerprint,
        rule: 'must be that of the secret "b" (there is none): another one needs its value',
      },
    ]]);
    const from = await call('PUT', '/config', { secrets: [{ name: 'a', kind: 'password', value_from: { env: 'X' } }] });
    assert.deepEqual(from.body.faults, [
      { pointer: '/secrets/0/value_from', rule: 'is for controlplane apply, which reads the value and sends it' },
    ]);
  });
});
