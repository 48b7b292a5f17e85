// apply, export and validate.

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import type { Scope } from '../support/child-process.ts';
import { tempDir } from '../support/temp-dir.ts';
import { problem, runInProcess, serveCanned } from './canned-api.ts';

const yaml = 'clusters:\n- name: a\n  prefix: "p:"\n';
const changes = [{ kind: 'cluster', name: 'a', change: 'added' }];

async function file(scope: Scope, name: string, text: string): Promise<string> {
  const path = join(await tempDir(scope), name);
  await writeFile(path, text);
  return path;
}

describe('apply', () => {
  test('stages a file as it is, and says what that changes', async (t) => {
    const api = await serveCanned(t, { 'PUT /config': { body: { changes } } });
    const { stdout } = await runInProcess(['apply', '-f', await file(t, 'c.yaml', yaml), '--api', api.address]);
    assert.equal(stdout, '+ cluster a\nstaged; controlplane plan shows what a commit would do\n');
    const [{ body, headers } = assert.fail()] = api.asked;
    assert.deepEqual([body, headers['content-type'], headers['x-author']], [yaml, 'application/yaml', 'ann']);
  });

  test('knows JSON by its name, and takes standard input', async (t) => {
    const api = await serveCanned(t, { 'PUT /config': { body: { changes: [] } } });
    const path = await file(t, 'c.json', '{"clusters":[]}');
    const nothing = 'nothing to stage: all is as the file has it\n';
    assert.equal((await runInProcess(['apply', '-f', path, '--api', api.address])).stdout, nothing);
    await runInProcess(['apply', '-f', '-', '--api', api.address], { input: yaml });
    assert.deepEqual(
      api.asked.map(({ body }) => body),
      [{ clusters: [] }, yaml],
    );
  });

  test('--dry-run stages nothing', async (t) => {
    const api = await serveCanned(t, { 'PUT /config?dry_run=true': { body: { changes } } });
    const words = ['apply', '-f', '-', '--dry-run', '--api', api.address];
    assert.equal((await runInProcess(words)).stdout, '+ cluster a\nnot staged: a dry run\n');
    const { stdout } = await runInProcess([...words, '-o', 'json']);
    assert.deepEqual(JSON.parse(stdout), { changes });
  });

  test('--commit commits, and ends as commit does', async (t) => {
    const fields = [{ field: 'prefix', after: 'p:' }];
    const converged = {
      changed: true,
      revision: 7,
      warnings: [],
      draining: [],
      old_routes: [],
      converged: false,
      took_ms: 0,
      clients: { total: 1, in_sync: 0, refused: 1, waiting: 0 },
      gone: [],
      returning: null,
      expected: null,
      not_in_sync: [],
    };
    const api = await serveCanned(t, {
      'PUT /config': { body: { changes } },
      'GET /diff': { body: { changes: [{ kind: 'cluster', name: 'a', change: 'changed', fields }] } },
      'POST /commit?wait=10s': { body: converged },
    });
    const words = ['apply', '-f', '-', '--commit', '--wait', '10s', '-m', 'as in git', '--force', '--api', api.address];
    const { status, stdout } = await runInProcess(words);
    assert.equal(stdout, '~ cluster a  prefix: none -> p:\ncommitted revision 7: 0 of 1 in sync after 0.0 s, 1 rejected\n');
    assert.equal(status, 3);
    assert.deepEqual(api.calls, ['PUT /config', 'GET /diff', 'POST /commit?wait=10s']);
    assert.deepEqual(api.asked[2]?.body, { message: 'as in git', force: true });
    assert.deepEqual(JSON.parse((await runInProcess([...words, '-o', 'json'])).stdout), converged);
  });

  const ways = '  controlplane diff shows it\n  controlplane discard takes it back\n';
  const refusals: readonly (readonly [detail: string, code: string, more: string])[] = [
    ['takes the last endpoint of cluster "a"', 'guard', '  controlplane commit --force commits it all the same\n'],
    ['somebody else has committed', 'stale-revision', ''],
  ];
  for (const [detail, code, more] of refusals) {
    test(`a commit that is refused (${code}) leaves it staged, and says how to go on`, async (t) => {
      const api = await serveCanned(t, {
        'PUT /config': { body: { changes } },
        'GET /diff': { body: { changes } },
        'POST /commit': problem(409, detail, { code }),
      });
      const { status, stderr } = await runInProcess(['apply', '-f', '-', '--commit', '--api', api.address]);
      assert.equal(stderr, `controlplane: ${detail}\nstaged, and not committed:\n${ways}${more}`);
      assert.equal(status, 1);
    });
  }

  test('faults are told with file, line and column', async (t) => {
    const faults = [
      { pointer: '/clusters/0/prefix', value: 7, rule: 'must be text', line: 3, column: 11 },
      { pointer: '/x', rule: 'no such field' },
    ];
    const api = await serveCanned(t, { 'PUT /config': problem(422, '2 faults', { faults }) });
    const path = await file(t, 'c.yaml', yaml);
    const { status, stderr } = await runInProcess(['apply', '-f', path, '--api', api.address]);
    assert.equal(
      stderr,
      `controlplane: ${path}:3:11: /clusters/0/prefix 7: must be text\n${path}: /x: no such field\n`,
    );
    assert.equal(status, 1);
  });

  for (const [words, line] of [
    [['--commit', '--dry-run'], '--dry-run and --commit: one or the other, see --help'],
    [['--wait', '1s'], '--wait, --message, --force and --if-revision: only with --commit, see --help'],
  ] as const) {
    test(`${words.join(' ')} is refused`, async () => {
      const finished = await runInProcess(['apply', '-f', '-', ...words]);
      assert.deepEqual(finished, { status: 2, stdout: '', stderr: `controlplane: ${line}\n` });
    });
  }

  test('a file that is no UTF-8 is refused, and nothing is sent', async (t) => {
    const api = await serveCanned(t);
    const path = join(await tempDir(t), 'latin.yaml');
    await writeFile(path, Buffer.from('clusters: [{ name: caf\xe9 }]', 'latin1'));
    for (const words of [['apply', '-f', path, '--api', api.address], ['validate', '-f', path]]) {
      const { status, stderr } = await runInProcess(words);
      assert.deepEqual([status, stderr], [1, `controlplane: ${path}: must be UTF-8\n`]);
    }
    assert.deepEqual(api.calls, []);
  });

  test('without a file, or with one that is not there', async () => {
    assert.equal((await runInProcess(['apply'])).status, 2);
    const { status, stderr } = await runInProcess(['apply', '-f', '/no/such.yaml']);
    assert.equal(status, 1);
    assert.match(stderr, /^controlplane: \/no\/such\.yaml: ENOENT/u);
  });
});

describe('export', () => {
  const text = 'clusters:\n- name: "a\u009b"\n';

  test('prints what the API answers, byte by byte', async (t) => {
    const api = await serveCanned(t, {
      'GET /config': { body: text, headers: { 'content-type': 'application/yaml' } },
    });
    assert.equal((await runInProcess(['export', '--api', api.address])).stdout, text);
    assert.equal(api.asked[0]?.headers.accept, 'application/yaml');
    const onTerminal = await runInProcess(['export', '--api', api.address], { isTerminal: true });
    assert.equal(onTerminal.stdout, 'clusters:\n- name: "a\\u{9b}"\n');
  });

  test('as JSON, of another view', async (t) => {
    const api = await serveCanned(t, { 'GET /config?view=committed': { body: { clusters: [] } } });
    const { stdout } = await runInProcess(['export', '-o', 'json', '--view', 'committed', '--api', api.address]);
    assert.equal(stdout, '{"clusters":[]}\n');
    assert.equal(api.asked[0]?.headers.accept, 'application/json');
  });
});

describe('validate', () => {
  const cases: readonly (readonly [name: string, text: string, status: number, line: string])[] = [
    ['a.yaml', yaml, 0, 'FILE: valid, clusters: 1, listeners: 0'],
    ['nothing.yaml', '{} # yet\n', 0, 'FILE: valid, clusters: 0, listeners: 0'],
    // It may be what is left of a command that failed.
    ['empty.yaml', '# nothing yet\n', 1, 'FILE:1:1: the whole null: must be an object'],
    ['a.json', '{"listeners":[{"name":"l"}]}', 0, 'FILE: valid, clusters: 0, listeners: 1'],
    [
      'b.yaml',
      'clusters:\n- name: 7\n  x: 1\n',
      1,
      'FILE:2:9: /clusters/0/name 7: must be text\nFILE:3:6: /clusters/0/x 1: no such field',
    ],
    ['c.yaml', 'clusters: [\n', 1, 'FILE:2:1: the whole: '],
  ];
  for (const [name, text, status, line] of cases) {
    test(`${name}: ${status}`, async (t) => {
      const path = await file(t, name, text);
      const finished = await runInProcess(['validate', '-f', path]);
      const printed = status === 0 ? finished.stdout : finished.stderr.replace('controlplane: ', '');
      assert.ok(printed.startsWith(line.replaceAll('FILE', path)), printed);
      assert.equal(finished.status, status);
    });
  }
});
