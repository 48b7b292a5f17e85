// What is alike for all commands: dashes, help, where the defaults come from.

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import { Command } from 'commander';
import fc from 'fast-check';

import { commands } from '../../src/cli/commands.ts';
import { spellOut } from '../../src/cli/run.ts';
import { tempDir } from '../support/temp-dir.ts';
import { problem, runInProcess, serveCanned } from './canned-api.ts';

describe('one dash is as good as two for', () => {
  const command = new Command('x')
    .option('--wait <D>')
    .option('--json')
    .option('-m, --message <TEXT>')
    .option('--server, --api <A>')
    .option('--sticky [HOW]');
  const group = new Command('g').addCommand(command);
  const cases: readonly (readonly [words: string[], spelled: string[]])[] = [
    [
      ['-wait', '5s', '-json'],
      ['--wait', '5s', '--json'],
    ],
    [
      ['-wait=5s', 'node-1'],
      ['--wait=5s', 'node-1'],
    ],
    [
      ['-server', ':1'],
      ['--api', ':1'],
    ],
    [
      ['--wait', '-json', '-json'],
      ['--wait', '-json', '--json'],
    ],
    [
      ['-m', '-wait', '-m=-wait'],
      ['--message', '-wait', '--message=-wait'],
    ],
    [
      ['-mtext', '-x', '--y', '-h'],
      ['-mtext', '-x', '--y', '-h'],
    ],
    [
      ['-sticky', '-json'],
      ['--sticky', '--json'],
    ],
    [
      ['--', '-wait'],
      ['--', '-wait'],
    ],
    [['-wait'], ['--wait']],
    [[], []],
  ];
  for (const [words, spelled] of cases) {
    test(words.join(' '), () => {
      assert.deepEqual(spellOut(command, words), spelled);
      assert.deepEqual(spellOut(group, ['x', ...words]), ['x', ...spelled]);
    });
  }

  test('what is spelled out stays so', () => {
    const word = fc.constantFrom('-wait', '--wait', '-json', '-m', '-m=x', '--', '-', '--sticky', 'a', '-z', '=');
    fc.assert(
      fc.property(fc.array(word), (words) => {
        const once = spellOut(command, words);
        assert.deepEqual(spellOut(command, once), once);
        assert.equal(once.length, words.length);
      }),
    );
  });
});

describe('--help', () => {
  const verbs = ['list', 'get', 'add', 'set', 'remove'];
  const groups: Readonly<Record<string, readonly string[]>> = {
    cluster: verbs,
    endpoint: verbs,
    listener: verbs,
    secret: ['list', 'get', 'set', 'remove', 'rotate-key'],
    failover: ['pause', 'resume', 'ack', 'list'],
  };
  const leaves = Array.from(commands)
    .filter(([, { summary }]) => summary !== undefined)
    .flatMap(([name]) => groups[name]?.map((verb) => [name, verb]) ?? [[name]]);

  for (const words of leaves) {
    test(`of ${words.join(' ')} has its usage, its flags and examples`, async () => {
      const { status, stdout, stderr } = await runInProcess([...words, '--help']);
      assert.deepEqual([status, stderr], [0, '']);
      assert.ok(stdout.startsWith(`Usage: controlplane ${words.join(' ')} `), stdout);
      assert.match(stdout, new RegExp(`^Examples:\\n {2}controlplane ${words.join(' ')}`, 'mu'));
      assert.match(stdout, /^ {2}-h, --help +Prints this text\.$/mu);
      assert.deepEqual(
        stdout.split('\n').filter((line) => line.length > 120),
        [],
      );
      if (!['completion', 'validate'].includes(words[0] ?? '')) assert.match(stdout, /--api HOST:PORT[^]+--(?:api|tls)-ca FILE/u);
    });
  }

  test('of completion tells what bash needs', async () => {
    assert.match((await runInProcess(['completion', '-h'])).stdout, /bash-completion must be installed/u);
  });
});

describe('defaults', () => {
  const answer = { 'DELETE /clusters/a': { body: { kind: 'cluster', name: 'a' } } };
  const remove = ['cluster', 'remove', 'a'];

  test('come from the file that the variable names', async (t) => {
    const api = await serveCanned(t, answer);
    const path = join(await tempDir(t), 'mine.yaml');
    await writeFile(path, `api: ${api.address}\nauthor: bea\noutput: json\n`);
    const env = { CONTROLPLANE_CONFIG: path };
    const { stdout } = await runInProcess(remove, { env: { ...env, CONTROLPLANE_AUTHOR: 'ann' } });
    assert.deepEqual(JSON.parse(stdout), { kind: 'cluster', name: 'a' });
    assert.equal(api.asked[0]?.headers['x-author'], 'ann');
    await runInProcess([...remove, '--author', 'eve'], { env });
    assert.equal(api.asked[1]?.headers['x-author'], 'eve');
    assert.equal((await runInProcess([...remove, '-o', 'table'], { env })).stdout, 'staged: - cluster a\n');
  });

  test('come from the folder for such files, which may hold none', async (t) => {
    const api = await serveCanned(t, answer);
    const folder = await tempDir(t);
    const env = { CONTROLPLANE_CONFIG: undefined, CONTROLPLANE_AUTHOR: undefined, XDG_CONFIG_HOME: folder } as never;
    await runInProcess([...remove, '--api', api.address], { env });
    assert.equal(api.asked[0]?.headers['x-author'], userInfo().username);
  });

  const refused: readonly (readonly [text: string, rule: RegExp])[] = [
    ['apt: x\n', /"apt": no such key, only api, api_ca, author, output$/mu],
    ['api: 8000\n', /api 8000: must be text$/mu],
    ['- a\n', /must hold keys and values, such as api: 127\.0\.0\.1:8000$/mu],
    ['a: [\n', /mine\.yaml: Flow sequence/u],
    ['output: xml\n', /output in the file of defaults "xml": must be one of table, json, yaml$/mu],
  ];
  for (const [text, rule] of refused) {
    test(`${JSON.stringify(text)} is refused`, async (t) => {
      const path = join(await tempDir(t), 'mine.yaml');
      await writeFile(path, text);
      const { status, stderr } = await runInProcess(remove, { env: { CONTROLPLANE_CONFIG: path } });
      assert.match(stderr, rule);
      assert.equal(status, 2);
    });
  }

  test('a file that is named must be there', async () => {
    const { status, stderr } = await runInProcess(remove, { env: { CONTROLPLANE_CONFIG: '/no/such.yaml' } });
    assert.equal(status, 2);
    assert.match(stderr, /^controlplane: \/no\/such\.yaml: ENOENT/u);
  });
});

test('what the control plane says of an error goes to standard error alone', async (t) => {
  const api = await serveCanned(t, { 'DELETE /clusters/a': problem(404, 'cluster "a": not there') });
  const finished = await runInProcess(['cluster', 'remove', 'a', '-o', 'json', '--server', api.address]);
  assert.deepEqual(finished, { status: 1, stdout: '', stderr: 'controlplane: cluster "a": not there\n' });
});
