// completion prints what a shell sources; complete answers what it asks then.

import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';

import { readNames } from '../../src/cli/completion-names.ts';
import { ApiClient } from '../../src/cli/api-client.ts';
import { parseAddress } from '../../src/net/address.ts';
import { checkoutPath } from '../support/checkout.ts';
import type { Scope } from '../support/child-process.ts';
import { runCommand } from '../support/run-command.ts';
import { serveCanned } from './canned-api.ts';
import { runCli } from './run-cli.ts';

describe('the script for', () => {
  for (const [shell, begin] of [
    ['bash', '# bash completion'],
    ['zsh', '#compdef controlplane'],
    ['fish', '# fish completion'],
  ] as const) {
    test(`${shell} runs this program`, async () => {
      const { status, stdout } = await runCli(['completion', shell]);
      assert.equal(status, 0);
      assert.ok(stdout.startsWith(begin));
      assert.ok(stdout.includes(`${checkoutPath('controlplane')} complete -- `));
    });
  }

  test('a shell that is not known is refused', async () => {
    const { status, stderr } = await runCli(['completion', 'tcsh']);
    assert.deepEqual([status, stderr], [2, 'controlplane: SHELL "tcsh": must be one of bash, zsh, fish\n']);
  });

  test('bash is source that bash reads', async () => {
    const { stdout } = await runCli(['completion', 'bash']);
    const { status, stderr } = await runCommand('bash', ['-n', '-c', stdout]);
    assert.deepEqual([status, stderr], [0, '']);
  });

  test('bash completes what is typed', async () => {
    const { stdout } = await runCli(['completion', 'bash']);
    const program = `'${process.execPath}' --disable-warning=ExperimentalWarning '${checkoutPath('src/main.ts')}'`;
    const script = stdout.replaceAll(checkoutPath('controlplane'), program);
    // As the package bash-completion has it.
    const words = '_get_comp_words_by_ref() { words=(controlplane his); cword=1; cur=his; prev=controlplane; }';
    const run = `${script}\n${words}\ncompopt() { :; }\n__controlplane_complete; echo "$COMPREPLY"`;
    assert.equal((await runCommand('bash', ['-c', run])).stdout, 'history\n');
  });
});

/** The words that are offered for the last of those typed. */
async function complete(words: readonly string[], api = '127.0.0.1:1'): Promise<string[]> {
  const { status, stdout, stderr } = await runCli(['complete', '--', ...words], { CONTROLPLANE_API_ADDRESS: api });
  assert.deepEqual([status, stderr], [0, '']);
  const lines = stdout.trimEnd().split('\n');
  assert.equal(lines.pop(), ':4');
  return lines.map((line) => line.split('\t')[0] ?? '');
}

describe('without a control plane it offers', () => {
  const cases: readonly (readonly [words: readonly string[], offered: readonly string[]])[] = [
    [['comp'], ['completion']],
    [['endpoint', 're'], ['remove']],
    [['cluster', 'add', 'a', '--ma'], ['--max-ring-size']],
    [['listener', 'add', 'a', '--rem'], ['--remove-prefix']],
    [
      ['cluster', 'add', 'a', '--kind', ''],
      ['plain', 'replicated', 'sharded', 'redis_cluster'],
    ],
    [
      ['discard', ''],
      ['cluster', 'listener', 'secret'],
    ],
    [
      ['completion', ''],
      ['bash', 'zsh', 'fish'],
    ],
    [['cluster', 'get', ''], []],
    [['nonsense', ''], []],
  ];
  for (const [words, offered] of cases) {
    test(words.join(' '), async () => assert.deepEqual(await complete(words), offered));
  }
});

const answers = {
  'GET /clusters?limit=1000': {
    body: { clusters: [{ name: 'sessions' }, { name: '$(reboot)' }, { name: 'a b' }, { name: 'carts-é' }] },
  },
  'GET /listeners?limit=1000': { body: { listeners: [{ name: 'shop' }] } },
  'GET /secrets?limit=1000': { body: { secrets: [{ name: 'sessions-password' }] } },
  'GET /clusters/sessions': { body: { name: 'sessions', endpoints: [{ address: '::1', port: 1 }] } },
  'GET /clusters/carts': {
    body: { name: 'carts', kind: 'sharded', shards: [{ name: 's', endpoint: { address: '10.0.0.1', port: 2 } }] },
  },
  'GET /staged': {
    body: {
      changes: [
        { kind: 'cluster', name: 'c' },
        { kind: 'listener', name: 'l' },
      ],
    },
  },
};

const noNames = { clusters: [], listeners: [], secrets: [], servers: [], staged: [] };

describe('names that may follow', () => {
  const clusters = ['sessions', 'carts-é'];
  const cases: readonly (readonly [words: readonly string[], names: object])[] = [
    [['cluster', 'get', ''], { ...noNames, clusters }],
    [['endpoint', 'get', 'sessions', ''], { ...noNames, clusters, servers: ['[::1]:1'] }],
    [['endpoint', 'get', 'carts', ''], { ...noNames, clusters, servers: ['s', '10.0.0.1:2'] }],
    [['endpoint', 'set', 'carts', ''], { ...noNames, clusters, servers: ['10.0.0.1:2'] }],
    [['endpoint', 'get', 'gone', ''], { ...noNames, clusters }],
    [['drain', ''], { ...noNames, clusters }],
    [['drain', 'sessions', ''], { ...noNames, clusters, servers: ['[::1]:1'] }],
    [['enable', 'carts', ''], { ...noNames, clusters, servers: ['10.0.0.1:2'] }],
    [['listener', 'get', ''], { ...noNames, clusters, listeners: ['shop'] }],
    [['secret', 'set', ''], { ...noNames, secrets: ['sessions-password'] }],
    [['discard', 'listener', ''], { ...noNames, staged: ['l'] }],
  ];
  for (const [words, names] of cases) {
    test(words.join(' '), async (t) => {
      const { address } = await serveCanned(t, answers);
      assert.deepEqual(await readNames(new ApiClient(parseAddress(address), 'ann'), words), names);
    });
  }
});

/** Takes connections and says nothing. */
async function serveSilence(scope: Scope): Promise<string> {
  const server = createServer((socket) => socket.on('error', () => undefined)).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  scope.after(async () => void server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('a control plane that says nothing is not waited for', async (t) => {
  assert.deepEqual(await complete(['cluster', 'get', ''], await serveSilence(t)), []);
});
