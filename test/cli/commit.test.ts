import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';

import { startControlPlane } from '../support/controlplane.ts';
import type { ControlPlane } from '../support/controlplane.ts';
import { freePort } from '../support/free-port.ts';
import { connectEnvoy, runCli, startCli } from './run-cli.ts';

/** A control plane with a cluster `a` that has a server, and another server staged. */
async function serveStaged(t: TestContext): Promise<ControlPlane> {
  const controlPlane = await startControlPlane(t);
  await controlPlane.cli('cluster', 'add', 'a', 'p');
  await controlPlane.cli('endpoint', 'add', 'a', '127.0.0.1', '1');
  await controlPlane.cli('commit');
  await controlPlane.cli('endpoint', 'add', 'a', '127.0.0.1', '2');
  return controlPlane;
}

test('without --wait: what is staged is committed, once', async (t) => {
  const { api } = await serveStaged(t);
  for (const stdout of ['committed revision 2\n', 'nothing to commit\n']) {
    assert.deepEqual(await runCli(['commit', '--api', api]), { status: 0, stdout, stderr: '' });
  }
});

test('all take it: exit code 0, and nothing but progress on standard error', async (t) => {
  const controlPlane = await serveStaged(t);
  const clients = [await connectEnvoy(t, controlPlane, 'one'), await connectEnvoy(t, controlPlane, 'two')];
  const finished = runCli(['commit', '--wait', '1m', '--api', controlPlane.api]);
  for (const client of clients) await client.takeAndAck('endpoint');
  const { status, stdout, stderr } = await finished;
  assert.match(stdout, /^committed revision 2: 2 of 2 in sync after \d+\.\d s\n$/u);
  assert.match(stderr, /^(?:\d of 2 streams have answered\n)*$/u);
  assert.equal(status, 0);
});

test('one refuses, one says nothing: exit code 3, and why', async (t) => {
  const controlPlane = await serveStaged(t);
  const refusing = await connectEnvoy(t, controlPlane, 'refusing');
  await connectEnvoy(t, controlPlane, 'silent');
  const finished = runCli(['commit', '--wait=3s', '--api', controlPlane.api]);
  await refusing.next('endpoint');
  refusing.nack('endpoint', 'no such port');
  const { status, stdout } = await finished;
  const [summary, ...others] = stdout.split('\n');
  assert.match(String(summary), /^committed revision 2: 0 of 2 in sync after \d+\.\d s, 1 rejected, 1 not answered$/u);
  assert.match(String(others[0]), /^refusing 127\.0\.0\.1:\d+: endpoint rejected at \S+Z: no such port$/u);
  assert.match(String(others[1]), /^silent 127\.0\.0\.1:\d+: endpoint stale: sent, not answered since \S+Z$/u);
  assert.deepEqual(others.slice(2), ['']);
  assert.equal(status, 3);
});

test('a stop of the control plane ends the waiting on both sides', async (t) => {
  const controlPlane = await serveStaged(t);
  const silent = await connectEnvoy(t, controlPlane, 'silent');
  const waiting = startCli(t, ['commit', '--wait', '10m', '--api', controlPlane.api]);
  await silent.next('endpoint');
  await waiting.untilOutput(/0 of 1 streams have answered/u);
  assert.equal(await controlPlane.stop(), 0);
  assert.equal(await waiting.ended, 3);
  assert.match(waiting.output, /committed revision 2: 0 of 1 in sync after \d+\.\d s, 1 not answered/u);
});

test('a kill of the control plane is one line, which says that it was committed, and exit code 3', async (t) => {
  const controlPlane = await serveStaged(t);
  await connectEnvoy(t, controlPlane, 'silent');
  const waiting = startCli(t, ['commit', '--wait', '10m', '--api', controlPlane.api]);
  await waiting.untilOutput(/0 of 1 streams have answered/u);
  await controlPlane.kill();
  assert.equal(await waiting.ended, 3);
  const [, line, end] = waiting.output.split('\n');
  const expected = /^controlplane: committed, who runs it is not known: the control plane at 127\.0\.0\.1:\d+ broke off: /u;
  assert.match(String(line), expected);
  assert.equal(end, '');
});

test('what can not be published is one line and exit code 1', async (t) => {
  const controlPlane = await startControlPlane(t, ['--xds-cluster-name', 'xds']);
  await controlPlane.cli('cluster', 'add', 'xds', 'p');
  const { status, stdout, stderr } = await runCli(['commit', '--wait', '1s', '--api', controlPlane.api]);
  assert.deepEqual([status, stdout], [1, '']);
  assert.match(stderr, /^controlplane: not published: .*"xds".*\n$/u);
});

test('a control plane that is not there is one line and exit code 1', async () => {
  const { status, stderr } = await runCli(['commit', '--api', `127.0.0.1:${await freePort()}`]);
  assert.equal(status, 1);
  assert.match(stderr, /^controlplane: can't reach the control plane at .*ECONNREFUSED.*\n$/u);
});

test('--wait waits for those that are expected, and says who did not come: exit code 3', async (t) => {
  const controlPlane = await serveStaged(t);
  await controlPlane.cli('commit');
  const words = ['commit', '--wait', '1m', '--at-least', '1', '--expect', 'one', '--api', controlPlane.api];
  const waiting = runCli(words);
  await connectEnvoy(t, controlPlane, 'one');
  const { status, stdout } = await waiting;
  assert.match(stdout, /^nothing to commit: 1 of 1 in sync after \d+\.\d s\n$/u);
  assert.equal(status, 0);
  const inVain = await runCli(['commit', '--wait', '300ms', '--expect', 'one,two', '--api', controlPlane.api]);
  assert.match(inVain.stdout, /^nothing to commit: 1 of 1 in sync after 0\.\d s\nexpected in sync, and not: two\n$/u);
  assert.equal(inVain.status, 3);
});

const refused: readonly (readonly [words: readonly string[], line: string])[] = [
  [['--json'], '"--json": no such flag, see --help'],
  [['--wait'], '"--wait": a value must follow'],
  [['--wait', '10'], '--wait "10": must be a whole number and ms, s, m or h, such as 500ms, 10s or 1m'],
  [['--expect', 'a'], '--at-least and --expect: only with --wait, see --help'],
  [['--wait', '1s', '--at-least', 'x'], '--at-least "x": must be a whole number from 1 to 1000000'],
  [['--wait', '11m'], '--wait "11m": must be at most 10m'],
];
for (const [words, line] of refused) {
  test(`${line}: exit code 2`, async () => {
    assert.deepEqual(await runCli(['commit', ...words]), { status: 2, stdout: '', stderr: `controlplane: ${line}\n` });
  });
}

test('--help tells the flags and the exit codes', async () => {
  const { status, stdout } = await runCli(['commit', '--help']);
  assert.equal(status, 0);
  for (const part of ['Usage: controlplane commit', '--api HOST:PORT', '--wait DURATION', 'Exit code: 0']) {
    assert.ok(stdout.includes(part), part);
  }
});
