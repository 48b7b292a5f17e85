import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type { RetryMessage } from '../../src/api/v2/messages.ts';
import { renderRetry } from '../../src/cli/retry-report.ts';
import { startControlPlane } from '../support/controlplane.ts';
import { freePort } from '../support/free-port.ts';
import { waitUntil } from '../support/wait-until.ts';
import { connectEnvoy, runCli } from './run-cli.ts';

test('who rejected something is sent it again: exit code 0 when it is taken, 3 when it is not', async (t) => {
  const controlPlane = await startControlPlane(t);
  const { api } = controlPlane;
  await controlPlane.cli('cluster', 'add', 'a', 'p');
  await controlPlane.cli('commit');
  const client = await connectEnvoy(t, controlPlane, 'e');
  client.subscribe('listener');
  // With listeners it is given endpoints that answer for a cluster without any.
  await client.takeAndAck('endpoint');
  await client.next('listener');
  client.nack('listener', 'no such port');
  await waitUntil('it is rejected', async () => /rejected/u.test((await runCli(['status', '--api', api])).stdout));
  const unanswered = await runCli(['retry', '--wait', '200ms', '--api', api]);
  assert.match(unanswered.stdout, /^retried: e 127\S+: listener\ne \S+: listener stale: sent, not answered .*\n0 of 1 in sync/u);
  assert.equal(unanswered.status, 3);
  await client.next('listener');
  client.nack('listener', 'no such port');
  const taken = runCli(['retry', 'e', '--api', api]);
  await client.takeAndAck('listener');
  assert.match((await taken).stdout, /^retried: e 127\.0\.0\.1:\d+: listener\n1 of 1 in sync after \d+\.\d s\n$/u);
  assert.equal((await taken).status, 0);
  const nothing = await runCli(['retry', '--api', api]);
  assert.match(nothing.stdout, /^nothing to retry: /u);
  assert.equal(nothing.status, 0);
  const unknown = await runCli(['retry', 'f', '--api', api]);
  assert.deepEqual(unknown, { status: 1, stdout: '', stderr: 'controlplane: node "f": not connected\n' });
});

test('an Envoy that goes meanwhile is not in sync, others with its node id may be', () => {
  const clients = [
    { node_id: 'e\n', peer: '10.0.0.1:1' },
    { node_id: 'e\n', peer: '10.0.0.1:2' },
  ];
  const answer: RetryMessage = {
    retried: clients.map((client) => ({ ...client, types: ['cluster', 'listener'] })),
    took_ms: 1_249,
    not_in_sync: [],
    gone: clients.slice(0, 1),
  };
  assert.equal(
    renderRetry(answer),
    [
      'retried: e\\u{a} 10.0.0.1:1: cluster, listener',
      'retried: e\\u{a} 10.0.0.1:2: cluster, listener',
      'e\\u{a} 10.0.0.1:1: gone, its connection, or the stream on which it was sent, closed before all had answered',
      '1 of 2 in sync after 1.2 s',
      '',
    ].join('\n'),
  );
});

describe('exit code', () => {
  const refused: readonly (readonly [words: readonly string[], line: string])[] = [
    [['e', 'f'], '"f": only one node is taken, see --help'],
    [['--node', 'e'], '"--node": no such flag, see --help'],
    [['--wait', '11m'], '--wait "11m": must be at most 10m'],
  ];
  for (const [words, line] of refused) {
    test(`2: ${line}`, async () => {
      assert.deepEqual(await runCli(['retry', ...words]), { status: 2, stdout: '', stderr: `controlplane: ${line}\n` });
    });
  }

  test('1: the control plane is not there', async () => {
    const { status, stderr } = await runCli(['retry', '--api', `127.0.0.1:${await freePort()}`]);
    assert.match(stderr, /^controlplane: can't reach the control plane at /u);
    assert.equal(status, 1);
  });

  test('0: --help tells the flags and the exit codes', async () => {
    const { status, stdout } = await runCli(['retry', '--help']);
    assert.equal(status, 0);
    for (const part of ['Usage: controlplane retry [NODE]', '--wait DURATION', '--api HOST:PORT', 'Exit code: 0']) {
      assert.ok(stdout.includes(part), part);
    }
  });
});
