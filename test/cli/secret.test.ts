// secret: what commands ask of the API, where values come from, and what is shown.

import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import { tempDir } from '../support/temp-dir.ts';
import { problem, runInProcess, serveCanned } from './canned-api.ts';
import type { Canned } from './canned-api.ts';

const shown = { name: 'a', kind: 'password', fingerprint: '0123456789abcdef' };
const staged = { status: 201, body: shown };
const noSecret = problem(404, 'secret "a": no such secret is staged');

describe('secret set', () => {
  interface Case {
    readonly words: string;
    readonly input?: string;
    readonly there?: Canned;
    readonly body: object;
    readonly out?: string;
  }
  const cases: Readonly<Record<string, Case>> = {
    'takes a password from standard input, without the newline at its end': {
      words: '--kind password',
      input: ' hunter2\n\r\n',
      body: { name: 'a', kind: 'password', value: ' hunter2\n' },
      out: 'staged: + secret a  fingerprint 0123456789abcdef\n',
    },
    'takes a password from a file': { words: '--from-file FOLDER/pw', body: { name: 'a', kind: 'password', value: 'from file' } },
    'takes a CA as it stands there': { words: '--kind ca', input: 'PEM\n', body: { name: 'a', kind: 'ca', value: 'PEM\n' } },
    'takes a certificate from two files': {
      words: '--chain FOLDER/crt --key FOLDER/key --label k=v',
      body: { name: 'a', labels: { k: 'v' }, kind: 'certificate', chain: 'CHAIN\n', key: 'KEY\n' },
    },
    'keeps the kind and the labels that are there': {
      words: '',
      input: 'PEM',
      there: { body: { ...shown, kind: 'ca', labels: { team: 'x' } } },
      body: { name: 'a', labels: { team: 'x' }, kind: 'ca', value: 'PEM' },
      out: 'staged: ~ secret a  fingerprint 0123456789abcdef\n',
    },
    'changes labels with the value': {
      words: '--kind password --label team= --label rack=7',
      input: 'x',
      there: { body: { ...shown, labels: { team: 'x' } } },
      body: { name: 'a', labels: { rack: '7' }, kind: 'password', value: 'x' },
    },
  };
  for (const [what, { words, input = '', there = noSecret, body, out }] of Object.entries(cases)) {
    test(what, async (t) => {
      const folder = await tempDir(t);
      for (const [name, text] of [['pw', 'from file\n'], ['crt', 'CHAIN\n'], ['key', 'KEY\n']] as const) {
        await writeFile(join(folder, name), text);
      }
      const api = await serveCanned(t, { 'GET /secrets/a': there, 'PUT /secrets/a': staged });
      const given = words.split(' ').filter(Boolean).map((word) => word.replace('FOLDER', folder));
      const { status, stdout, stderr } = await runInProcess(['secret', 'set', 'a', ...given, '--api', api.address], { input });
      assert.deepEqual([status, stderr, api.asked.at(-1)?.body], [0, '', body]);
      if (out !== undefined) assert.equal(stdout, out);
    });
  }

  test('changes labels alone without a value', async (t) => {
    const api = await serveCanned(t, { 'PATCH /secrets/a': { body: shown } });
    const { stdout } = await runInProcess(['secret', 'set', 'a', '--label', 'team=x', '--label', 'rack=', '--api', api.address]);
    assert.deepEqual([api.asked[0]?.body, stdout], [{ labels: { team: 'x', rack: null } }, 'staged: ~ secret a\n']);
  });

  for (const [words, message] of [
    ['--chain x', 'a certificate is given by --chain FILE and --key FILE, see --help'],
    ['--kind certificate', 'a certificate is given by --chain FILE and --key FILE, see --help'],
    ['--kind ca --key x', '--chain and --key: only of a certificate, not of a ca'],
    ['--kind token', '--kind "token": must be one of password, certificate, ca'],
    ['--value hunter2', '"--value": no such flag, see --help'],
  ] as const) {
    test(`refuses ${words}`, async (t) => {
      const api = await serveCanned(t, { 'GET /secrets/a': noSecret });
      const { status, stderr } = await runInProcess(['secret', 'set', 'a', ...words.split(' '), '--api', api.address]);
      assert.deepEqual([status, stderr], [2, `controlplane: ${message}\n`]);
    });
  }
});

test('secret list, get, remove and rotate-key', async (t) => {
  const certificate = {
    name: 'c', kind: 'certificate', fingerprint: 'fedcba9876543210', labels: { team: 'x' },
    subject: 'CN=c', sans: ['DNS:c'], not_after: '2030-01-01T00:00:00.000Z',
  };
  const api = await serveCanned(t, {
    'GET /secrets?limit=1000': { body: { secrets: [shown, certificate] } },
    'GET /secrets/c': { body: certificate },
    'DELETE /secrets/a': { status: 204 },
    'POST /rotate-key': { status: 204 },
  });
  const run = async (...words: string[]) => (await runInProcess(['secret', ...words, '--api', api.address])).stdout;
  assert.deepEqual((await run('list')).split('\n'), [
    'NAME  KIND         FINGERPRINT       EXPIRES                   SUBJECT  LABELS',
    'a     password     0123456789abcdef  -                         -        -',
    'c     certificate  fedcba9876543210  2030-01-01T00:00:00.000Z  CN=c     team=x',
    '',
  ]);
  assert.match(await run('get', 'c'), /^fingerprint +fedcba9876543210$/mu);
  assert.equal(await run('remove', 'a'), 'staged: - secret a\n');
  assert.equal(await run('rotate-key'), 'the key file has a new key\n');
});

describe('apply', () => {
  const file = `
clusters: []
secrets:
  - {name: kept, kind: ca, fingerprint: 0123456789abcdef}
  - {name: by-env, kind: password, value_from: {env: REDIS_PASSWORD}}
  - {name: by-file, kind: password, labels: {team: x}, value_from: {file: sub/pw}}
  - name: edge
    kind: certificate
    chain_from: {file: sub/crt}
    key_from: {file: sub/key}
`;

  async function write(t: Parameters<typeof tempDir>[0], text: string): Promise<string> {
    const folder = await tempDir(t);
    await mkdir(join(folder, 'sub'));
    for (const [name, content] of [['pw', 'from file\n'], ['crt', 'CHAIN\n'], ['key', 'KEY\n']] as const) {
      await writeFile(join(folder, 'sub', name), content);
    }
    await writeFile(join(folder, 'f.yaml'), text);
    return join(folder, 'f.yaml');
  }

  test('reads values from variables, and from files beside its own', async (t) => {
    const api = await serveCanned(t, { 'PUT /config': { body: { changes: [] } } });
    const words = ['apply', '-f', await write(t, file), '--api', api.address];
    const { status, stderr } = await runInProcess(words, { env: { REDIS_PASSWORD: 'by env' } });
    assert.deepEqual([status, stderr], [0, '']);
    assert.deepEqual(api.asked[0]?.body, {
      clusters: [],
      listeners: [],
      secrets: [
        { name: 'kept', kind: 'ca', fingerprint: '0123456789abcdef' },
        { name: 'by-env', kind: 'password', value: 'by env' },
        { name: 'by-file', labels: { team: 'x' }, kind: 'password', value: 'from file' },
        { name: 'edge', kind: 'certificate', chain: 'CHAIN\n', key: 'KEY\n' },
      ],
    });
  });

  test('sends nothing when one can not be read, and says which', async (t) => {
    const api = await serveCanned(t);
    const path = await write(t, file.replace('sub/pw', 'sub/none'));
    const { status, stderr } = await runInProcess(['apply', '-f', path, '--api', api.address]);
    assert.deepEqual([status, api.calls], [1, []]);
    assert.match(stderr, /\/secrets\/1\/value_from \{"env":"REDIS_PASSWORD"\}: must be a variable that is set\n/u);
    assert.match(stderr, /\/secrets\/2\/value_from \{"file":"sub\/none"\}: ENOENT/u);
  });

  test('sends a file without any of it as it is', async (t) => {
    const api = await serveCanned(t, { 'PUT /config': { body: { changes: [] } } });
    const text = 'secrets: [{name: a, kind: password, value: x}]\n';
    await runInProcess(['apply', '-f', await write(t, text), '--api', api.address]);
    assert.equal(api.asked[0]?.body, text);
  });

  test('is checked by validate without being read', async (t) => {
    const { status, stdout } = await runInProcess(['validate', '-f', await write(t, file)]);
    assert.equal(status, 0);
    assert.match(stdout, /valid, clusters: 0, listeners: 0, secrets: 4\n$/u);
  });
});
