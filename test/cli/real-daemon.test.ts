// The commands against a daemon as it runs: what people, scripts and CI rely on, above all exit codes.

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import { parse } from 'yaml';

import type { Bootstrap } from '../support/bootstrap.ts';
import { checkoutPath } from '../support/checkout.ts';
import type { Scope } from '../support/child-process.ts';
import { startControlPlane } from '../support/controlplane.ts';
import { startEnvoy } from '../support/envoy.ts';
import { freePort } from '../support/free-port.ts';
import { runCommand } from '../support/run-command.ts';
import type { Finished } from '../support/run-command.ts';
import { tempDir } from '../support/temp-dir.ts';
import { waitUntil } from '../support/wait-until.ts';
import { runInProcess } from './canned-api.ts';

/** A person whose commands ask one control plane. They run in this process, as main.ts runs them, to save time. */
class Operator {
  readonly api: string;
  readonly xdsPort: number;
  readonly #env: Readonly<Record<string, string>>;

  constructor(api: string, xdsPort: number) {
    this.api = api;
    this.xdsPort = xdsPort;
    this.#env = { CONTROLPLANE_API_ADDRESS: api, CONTROLPLANE_AUTHOR: 'ann', CONTROLPLANE_CONFIG: '' };
  }

  run(...words: readonly string[]): Promise<Finished> {
    return runInProcess(words, { env: this.#env });
  }

  /** Gives what it printed; throws unless it ended with 0. */
  async do(...words: readonly string[]): Promise<string> {
    const { status, stdout, stderr } = await this.run(...words);
    assert.equal(status, 0, `${words.join(' ')}: ${stdout}${stderr}`);
    return stdout;
  }

  async json(...words: readonly string[]): Promise<any> {
    return JSON.parse(await this.do(...words, '-o', 'json'));
  }

  /** A line of bash, in which `cp` is the program, as a process. */
  shell(line: string): Promise<Finished> {
    const program = `${process.execPath} --disable-warning=ExperimentalWarning ${checkoutPath('src/main.ts')}`;
    const script = `set -o pipefail\ncp() { ${program} "$@"; }\n${line}`;
    return runCommand('bash', ['-c', script], { env: this.#env });
  }
}

async function startOperator(scope: Scope): Promise<Operator> {
  const { api, place } = await startControlPlane(scope);
  return new Operator(api, place.xdsPort);
}

/** One with a cluster `sessions` of one server, committed as revision 1. */
async function startWithSessions(scope: Scope): Promise<Operator> {
  const operator = await startOperator(scope);
  await operator.do('cluster', 'add', 'sessions', '--prefix', 'sess:');
  await operator.do('endpoint', 'add', 'sessions', '10.0.0.1:6379');
  await operator.do('commit', '-m', 'the first');
  return operator;
}

function assertRefused({ status, stdout, stderr }: Finished, expected: RegExp, code = 1): void {
  assert.deepEqual([status, stdout], [code, ''], stderr);
  assert.match(stderr, expected);
}

test('diff ends as diff(1) does', async (t) => {
  const operator = await startOperator(t);
  assert.deepEqual(await operator.run('diff'), { status: 0, stdout: '', stderr: '' });
  await operator.do('cluster', 'add', 'carts', '--prefix', 'cart:');
  const staged = await operator.run('diff');
  assert.deepEqual(staged, { status: 1, stdout: '+ cluster carts (prefix cart:, 0 endpoints)\n', stderr: '' });
  await operator.do('commit');
  await operator.do('cluster', 'set', 'carts', '--connect-timeout', '2s');
  assert.equal((await operator.run('diff')).stdout, '~ cluster carts  connect_timeout: none -> 2s\n');
  await operator.do('commit');
  assert.equal((await operator.run('diff')).status, 0);
  assert.equal((await operator.run('diff', '1')).status, 1);
  const revisions = await operator.run('diff', '1', '2', '-o', 'json');
  const fields = [{ field: 'connect_timeout', after: '2s' }];
  assert.deepEqual(JSON.parse(revisions.stdout), {
    changes: [{ kind: 'cluster', name: 'carts', change: 'changed', fields }],
  });
  assertRefused(await operator.run('diff', '99'), /^controlplane: revision 99: /u, 2);
  assertRefused(await operator.run('diff', 'x'), /REV "x"/u, 2);
  assertRefused(await operator.run('diff', '--api', `127.0.0.1:${await freePort()}`), /can't reach/u, 2);
});

describe('commit', () => {
  test('--if-revision refuses when somebody else was faster', async (t) => {
    const operator = await startWithSessions(t);
    await operator.do('cluster', 'add', 'carts');
    assertRefused(await operator.run('commit', '--if-revision', '0'), /the newest revision is 1, not 0/u);
    assert.equal((await operator.run('diff')).status, 1);
    assert.match(await operator.do('commit', '--if-revision', '1'), /^committed revision 2$/mu);
    assert.match(await operator.do('commit'), /^nothing to commit$/mu);
  });

  test('--plan publishes what the plan showed, and nothing else', async (t) => {
    const operator = await startWithSessions(t);
    await operator.do('endpoint', 'add', 'sessions', '10.0.0.2:6379');
    const stale = await operator.json('plan');
    assert.deepEqual(
      [stale.revision, stale.errors, stale.guards, stale.changes.length, stale.resources.length > 0],
      [1, [], [], 1, true],
    );
    await operator.do('endpoint', 'add', 'sessions', '10.0.0.3:6379');
    assertRefused(await operator.run('commit', '--plan', stale.token), /the plan is stale/u);
    const lines = await operator.do('plan');
    const [, token = assert.fail(lines)] = /commit --plan (\S+)$/mu.exec(lines) ?? [];
    assert.match(await operator.do('commit', '--plan', token), /^committed revision 2$/mu);
    assert.equal(await operator.do('plan'), 'nothing to commit\n');
  });

  test('what Envoys would refuse is not committed, whatever is forced', async (t) => {
    const operator = await startWithSessions(t);
    await operator.do('listener', 'add', 'nowhere');
    const plan = await operator.run('plan');
    assert.equal(plan.status, 1);
    assert.match(plan.stdout, /^error: listener "nowhere": address is required$/mu);
    assertRefused(await operator.run('commit', '--force'), /listener "nowhere": address is required/u);
  });

  test('-o json has a stable shape', async (t) => {
    const operator = await startOperator(t);
    await operator.do('cluster', 'add', 'sessions');
    assert.deepEqual(await operator.json('commit'), {
      warnings: [],
      draining: [],
      old_routes: [],
      changed: true,
      revision: 1,
      changes: [{ kind: 'cluster', name: 'sessions', change: 'added' }],
    });
  });
});

test('a guard refuses what takes the last server, in three commands, unless it is forced', async (t) => {
  const operator = await startWithSessions(t);
  const committed = (): Promise<string> => operator.do('export', '--view', 'committed');
  const before = await committed();
  await operator.do('endpoint', 'remove', 'sessions', '10.0.0.1:6379');
  const guard = /takes the last endpoint of cluster "sessions"/u;
  const plan = await operator.run('plan');
  assert.equal(plan.status, 0);
  assert.match(plan.stdout, /^refused without --force: takes the last endpoint of cluster "sessions"$/mu);
  assertRefused(await operator.run('commit'), guard);
  const applied = await operator.shell('echo "clusters: [{ name: sessions }]" | cp apply -f - --commit');
  assert.equal(applied.status, 1);
  assert.match(applied.stderr, guard);
  assert.match(applied.stderr, /^staged, and not committed:\n {2}controlplane diff shows it$/mu);
  assert.equal(await committed(), before);
  assert.match(await operator.do('commit', '--force'), /^committed revision 2$/mu);

  await operator.do('rollback');
  assertRefused(await operator.run('rollback', '2'), guard);
  assert.equal(await committed(), before);
  assert.match(await operator.do('rollback', '2', '--force'), /^rolled back to revision 2, as revision 4$/mu);
});

describe('rollback', () => {
  test('keeps what is staged, and names what is staged and rolled back too', async (t) => {
    const operator = await startWithSessions(t);
    await operator.do('endpoint', 'add', 'sessions', '10.0.0.2:6379');
    await operator.do('commit', '-m', 'a second');
    await operator.do('endpoint', 'add', 'sessions', '10.0.0.3:6379');
    await operator.do('cluster', 'add', 'carts');
    const { changed, revision, rollback_to: target, still_staged: stillStaged } = await operator.json('rollback');
    assert.deepEqual([changed, revision, target], [true, 3, 1]);
    assert.deepEqual(stillStaged, [{ kind: 'cluster', name: 'sessions' }]);
    const endpoints = (await operator.json('endpoint', 'list', 'sessions', '--view', 'committed')).endpoints;
    assert.deepEqual(endpoints, [{ address: '10.0.0.1', port: 6379 }]);
    const { stdout } = await operator.run('diff');
    assert.match(stdout, /^\+ cluster carts .*\n~ cluster sessions {2}endpoint 10\.0\.0\.2/u);
    assert.match(await operator.do('rollback', '2'), /^still staged: cluster sessions$/mu);
    assert.match(await operator.do('rollback', '2'), /^nothing to roll back: revision 4 is as 2 was$/mu);
  });

  test('when there is nothing to go back to', async (t) => {
    const operator = await startOperator(t);
    assertRefused(await operator.run('rollback'), /nothing to roll back to: nothing was committed yet/u);
    await operator.do('cluster', 'add', 'sessions');
    await operator.do('commit');
    assertRefused(await operator.run('rollback'), /nothing to roll back to: revision 1 is the first/u);
    assertRefused(await operator.run('rollback', '7'), /revision 7: /u);
  });
});

test('discard takes back one object, or all', async (t) => {
  const operator = await startWithSessions(t);
  await operator.do('cluster', 'remove', 'sessions');
  await operator.do('cluster', 'add', 'carts');
  await operator.do('listener', 'add', 'pinned', '--kind', 'tcp', '--address', '0.0.0.0:1', '--cluster', 'sessions');
  assert.equal(await operator.do('discard', 'cluster', 'sessions'), 'discarded: cluster sessions\n');
  assert.match((await operator.run('diff')).stdout, /^\+ cluster carts .*\n\+ listener pinned .*\n$/u);
  const discarded = [
    { kind: 'cluster', name: 'carts' },
    { kind: 'listener', name: 'pinned' },
  ];
  assert.deepEqual(await operator.json('discard'), { discarded });
  assert.equal(await operator.do('discard'), 'nothing was staged\n');
  assert.equal((await operator.run('diff')).status, 0);
});

describe('files', () => {
  test('an export that is applied changes nothing, by a pipe and as JSON', async (t) => {
    const operator = await startWithSessions(t);
    for (const line of ['cp export | cp apply -f -', 'cp export -o json | cp apply -f - --commit']) {
      const { status, stdout } = await operator.shell(line);
      assert.deepEqual([status, stdout.split('\n')[0]?.startsWith('nothing to ')], [0, true], stdout);
    }
    assert.equal((await operator.run('diff')).status, 0);
    assert.equal((await operator.json('history')).revisions.length, 1);
  });

  test('--dry-run shows each field and stages nothing, --commit publishes', async (t) => {
    const operator = await startWithSessions(t);
    const path = join(await tempDir(t), 'fleet.yaml');
    await writeFile(path, `${await operator.do('export')}`.replace('port: 6379', 'port: 6380'));
    const shown = await operator.do('apply', '-f', path, '--dry-run');
    assert.match(shown, /^~ cluster sessions {2}endpoint 10\.0\.0\.1:6379: removed$/mu);
    assert.match(shown, /^~ cluster sessions {2}endpoint 10\.0\.0\.1:6380: added\nnot staged: a dry run$/mu);
    assert.equal((await operator.run('diff')).status, 0);
    const applied = await operator.run('apply', '-f', path, '--commit', '--wait', '10s', '-m', 'as in git', '--force');
    assert.match(applied.stdout, /^~ cluster sessions {2}endpoint 10\.0\.0\.1:6379: removed\n~ .*: added\ncommitted revision 2: /u);
    assert.equal((await operator.json('history')).revisions[0].message, 'as in git');
    assert.match(await operator.do('apply', '-f', path, '--dry-run'), /^nothing to stage/u);
  });

  test('apply and validate tell the same faults, with file, line and column', async (t) => {
    const operator = await startOperator(t);
    const dir = await tempDir(t);
    for (const [name, text, fault] of [
      ['a.yaml', 'clusters:\n- name: a\n  prefx: "p:"\n', ':3:10: /clusters/0/prefx "p:": no such field'],
      ['b.yaml', 'clusters:\n- name: [\n', ':3:1: the whole: must be YAML: '],
      ['c.json', '{"clusters":[\n  {"name":7}]}', ':2:11: /clusters/0/name 7: must be text'],
    ] as const) {
      const path = join(dir, name);
      await writeFile(path, text);
      const applied = await operator.run('apply', '-f', path);
      const validated = await runInProcess(['validate', '-f', path]);
      assert.equal(applied.stderr, validated.stderr);
      assert.deepEqual([applied.status, validated.status], [1, 1]);
      assert.ok(validated.stderr.startsWith(`controlplane: ${path}${fault}`), validated.stderr);
    }
    assert.equal((await operator.run('diff')).status, 0);
  });
});

test('history and show: who, when, what for, and what changed', async (t) => {
  const operator = await startWithSessions(t);
  await operator.do('endpoint', 'add', 'sessions', '10.0.0.2:6379', '--author', 'bob');
  await operator.do('commit', '-m', 'a second', '--author', 'bob');
  await operator.do('rollback', '1', '-m', 'no, it is slow');
  const { revisions } = await operator.json('history');
  const shown = revisions.map((each: Record<string, unknown>) => {
    assert.match(String(each['at']), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/u);
    return [each['revision'], each['author'], each['message'], each['rollback_to']];
  });
  assert.deepEqual(shown, [
    [3, 'ann', 'no, it is slow', 1],
    [2, 'bob', 'a second', undefined],
    [1, 'ann', 'the first', undefined],
  ]);
  assert.equal((await operator.json('history', '--limit', '1')).revisions.length, 1);
  const table = (await operator.do('history')).trimEnd().split('\n');
  assert.deepEqual(
    table.map((line) => line.split(/ {2,}/u).toSpliced(1, 1)),
    [
      ['REVISION', 'AUTHOR', 'CHANGES', 'MESSAGE'],
      ['3', 'ann', 'back to 1, clusters ~1', 'no, it is slow'],
      ['2', 'bob', 'clusters ~1', 'a second'],
      ['1', 'ann', 'clusters +1', 'the first'],
    ],
  );
  const second = await operator.do('show', '2');
  assert.match(second, /^author {4}bob$[^]*^~ cluster sessions {2}endpoint 10\.0\.0\.2:6379: added$/mu);
  assert.match(await operator.do('show', '1'), /^\+ cluster sessions \(prefix sess:, 1 endpoint\)$/mu);
  const { content } = await operator.json('show', '2');
  assert.deepEqual([content.clusters[0].endpoints.length, content.listeners], [2, []]);
  assertRefused(await operator.run('show', '9'), /revision 9: /u);
});

describe('objects', () => {
  test('listeners of each kind are staged, shown and committed', async (t) => {
    const operator = await startWithSessions(t);
    await operator.do('cluster', 'add', 'pinned', '--policy', 'maglev');
    const routes = ['--route', 'sess:=sessions', '--route', 'a=b:=pinned', '--catch-all', 'none'];
    await operator.do('listener', 'add', 'shop', '--address', '0.0.0.0:7001', ...routes, '--op-timeout', '2s');
    const tcp = ['--kind', 'tcp', '--cluster', 'pinned', '--sticky', '--idle-timeout', '1h', '--group', 'edge'];
    await operator.do('listener', 'add', 'raw', '--address', '0.0.0.0:7002', ...tcp);
    await operator.do('listener', 'add', 'web', '--kind', 'http', '--address', '0.0.0.0:7003', '--route', '/=sessions');
    const { listeners } = await operator.json('listener', 'list');
    assert.deepEqual(listeners, [
      {
        name: 'shop',
        address: '0.0.0.0:7001',
        catch_all: 'none',
        op_timeout: '2s',
        routes: [
          { prefix: 'a=b:', cluster: 'pinned' },
          { prefix: 'sess:', cluster: 'sessions' },
        ],
      },
      {
        name: 'raw',
        groups: ['edge'],
        address: '0.0.0.0:7002',
        kind: 'tcp',
        cluster: 'pinned',
        idle_timeout: '1h',
        sticky: 'source_ip',
      },
      { name: 'web', address: '0.0.0.0:7003', kind: 'http', routes: [{ prefix: '/', cluster: 'sessions' }] },
    ].toSorted((a, b) => (a.name < b.name ? -1 : 1)));
    assert.match(await operator.do('commit'), /^committed revision 2$/mu);
    assert.match(await operator.do('listener', 'get', 'shop', '--view', 'committed'), /^sess: +sessions/mu);
    await operator.do('listener', 'set', 'shop', '--route', 'auto', '--catch-all', '');
    const { name, catch_all: catchAll, routes: auto } = await operator.json('listener', 'get', 'shop');
    assert.deepEqual([name, catchAll, auto], ['shop', undefined, 'auto']);
    await operator.do('listener', 'remove', 'web');
    assertRefused(await operator.run('listener', 'get', 'web'), /listener "web": no such listener/u);
  });

  test('the servers of a sharded cluster come, move and go by shard', async (t) => {
    const operator = await startOperator(t);
    await operator.do('cluster', 'add', 'carts', '--kind', 'sharded', '--prefix', 'cart:');
    const add = (...words: readonly string[]): Promise<Finished> => operator.run('endpoint', 'add', 'carts', ...words);
    assertRefused(await add('10.0.0.1:1'), /the cluster is sharded: --shard says/u);
    await operator.do('endpoint', 'add', 'carts', '10.0.0.1:1', '--shard', 'shard-0');
    await operator.do('endpoint', 'add', 'carts', '10.0.0.2:1', '--shard', 'shard-1', '--weight', '2');
    assertRefused(await add('10.0.0.3:1', '--shard', 'shard-1'), /is there already/u);
    await operator.do('endpoint', 'set', 'carts', '10.0.0.9:1', '--shard', 'shard-1');
    assert.deepEqual(await operator.json('endpoint', 'list', 'carts'), {
      shards: [
        { name: 'shard-0', endpoint: { address: '10.0.0.1', port: 1 } },
        { name: 'shard-1', weight: 2, endpoint: { address: '10.0.0.9', port: 1 } },
      ],
    });
    assert.match(await operator.do('commit'), /^committed revision 1$/mu);
    await operator.do('endpoint', 'remove', 'carts', '10.0.0.9:1', '--shard', 'shard-1');
    assert.equal((await operator.run('diff')).stdout, '~ cluster carts  shard shard-1: removed\n');
  });

  test('clusters and endpoints: what is there, what is not, and lists for programs', async (t) => {
    const operator = await startWithSessions(t);
    assertRefused(await operator.run('cluster', 'add', 'sessions'), /is there already; set changes it/u);
    assertRefused(await operator.run('cluster', 'set', 'nope', '--prefix', 'x'), /cluster "nope": no such cluster/u);
    assertRefused(await operator.run('cluster', 'set', 'sessions'), /nothing to set/u, 2);
    assertRefused(await operator.run('cluster', 'add', 'twin', '--prefix', 'sess:'), /prefix "sess:"/u);
    assertRefused(await operator.run('endpoint', 'add', 'sessions', '10.0.0.1'), /ADDRESS:PORT "10.0.0.1"/u, 2);
    assertRefused(await operator.run('endpoint', 'remove', 'sessions', '10.0.0.7:1'), /no such endpoint/u);
    await operator.do('endpoint', 'add', 'sessions', '[2001:DB8::1]:6379', '--zone', 'b');
    const endpoints = [
      { address: '10.0.0.1', port: 6379 },
      { address: '2001:db8::1', port: 6379, zone: 'b' },
    ];
    assert.deepEqual(await operator.json('endpoint', 'list', 'sessions'), { endpoints });
    const clusters = [{ name: 'sessions', prefix: 'sess:', endpoints }];
    assert.deepEqual(await operator.json('cluster', 'list'), { clusters });
    const yaml = await operator.do('cluster', 'get', 'sessions', '--view', 'effective', '-o', 'yaml');
    assert.deepEqual(parse(yaml).connect_timeout, '5s');
  });
});

describe('bootstrap', () => {
  for (const mode of ['ads', 'delta-ads', 'streams', 'delta-streams', 'rest']) {
    test(`${mode}: an Envoy that starts with it is in sync`, async (t) => {
      const operator = await startWithSessions(t);
      const nodeId = `envoy-${mode}`;
      const words = ['--mode', mode, '--node-id', nodeId, '--admin', `127.0.0.1:${await freePort()}`];
      const places = ['--server', `127.0.0.1:${operator.xdsPort}`, '--api', operator.api];
      const bootstrap = parse(await operator.do('bootstrap', ...words, ...places)) as Bootstrap;
      for (const { address } of bootstrap.static_resources.listeners ?? []) {
        Object.assign(address.socket_address, { address: '127.0.0.1', port_value: await freePort() });
      }
      const envoy = await startEnvoy(t, bootstrap);
      await envoy.untilLive();
      if (mode === 'rest') {
        await waitUntil('the cluster is there', async () => (await envoy.clusters()).includes('sessions'));
        return;
      }
      await waitUntil('status says so', async () => (await operator.run('status', '--expect', nodeId)).status === 0);
    });
  }
});
