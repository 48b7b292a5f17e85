import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';

import type { ClientsMessage } from '../../src/api/v2/messages.ts';
import { makeAuthority } from '../support/certificates.ts';
import { startControlPlane } from '../support/controlplane.ts';
import type { ControlPlane } from '../support/controlplane.ts';
import { freePort } from '../support/free-port.ts';
import type { Finished } from '../support/run-command.ts';
import { makeTlsFolder } from '../support/tls-folder.ts';
import { waitUntil } from '../support/wait-until.ts';
import { connectEnvoy, runCli } from './run-cli.ts';

/** A control plane that has committed a cluster `a` without endpoints. */
async function serveA(t: TestContext): Promise<ControlPlane> {
  const controlPlane = await startControlPlane(t);
  await controlPlane.cli('cluster', 'add', 'a', 'p');
  await controlPlane.cli('commit');
  return controlPlane;
}

/** What `status` prints as soon as its summary, the last line, is this one. */
function untilSummary({ api }: ControlPlane, summary: string): Promise<Finished> {
  return waitUntil(`status ends with ${summary}`, async () => {
    const finished = await runCli(['status', '--api', api]);
    if (finished.stdout.trimEnd().split('\n').at(-1) === summary) return finished;
    throw new Error(finished.stdout + finished.stderr);
  });
}

test('nobody is connected: exit code 0', async (t) => {
  const { api } = await startControlPlane(t);
  assert.deepEqual(await runCli(['status', '--api', api]), { status: 0, stdout: 'ok: no Envoys\n\nno clients\n', stderr: '' });
});

test('certificates that expire, declared and our own, stand in it', async (t) => {
  const folder = await makeTlsFolder(t);
  await folder.writeServer(folder.newServer('server', 9));
  const { api } = await startControlPlane(t, [...folder.flags({ clientCa: false }), '--tls-ports', 'xds']);
  const { chain: value } = makeAuthority('a CA', { daysLeft: 20 });
  const send = async (method: string, path: string, body: object): Promise<void> => {
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`http://${api}/api/v2/${path}`, { method, body: JSON.stringify(body), headers });
    assert.ok(answer.ok, await answer.text());
  };
  await send('PUT', 'secrets/ca', { kind: 'ca', value });
  await send('POST', 'commit', {});
  const { stdout } = await runCli(['status', '--api', api]);
  assert.match(stdout, /^warning: secret "ca": the ca \("CN=a CA"\) expires in 20 days, on \d{4}-/mu);
  assert.match(stdout, /^warning: ports of the control plane: the certificate in "\S+tls\.crt" expires in 9 days, on \d{4}-/mu);
});

test('all in sync: exit code 0', async (t) => {
  const controlPlane = await serveA(t);
  for (const id of ['envoy-2', 'envoy-1']) await connectEnvoy(t, controlPlane, id);
  const { status, stdout, stderr } = await untilSummary(controlPlane, '2 clients: 2 in sync');
  assert.deepEqual([status, stderr], [0, '']);
  const [header, ...rows] = stdout.trimEnd().split('\n').slice(2, -2);
  assert.match(String(header), /^NODE +PEER +API +STATE +CLUSTER +ENDPOINT +LISTENER +ROUTE$/u);
  const row = /^(?<id>\S+) +127\.0\.0\.1:\d+ +v3 ads sotw +in sync +[0-9a-f]{8} +[0-9a-f]{8} +- +-$/u;
  assert.deepEqual(rows.map((line) => row.exec(line)?.groups?.['id']), ['envoy-1', 'envoy-2']);
});

test('one that does not answer is stale, one that refuses is rejected: exit code 3', async (t) => {
  const controlPlane = await serveA(t);
  const [silent, refusing] = [
    await connectEnvoy(t, controlPlane, 'silent'),
    await connectEnvoy(t, controlPlane, 'refusing'),
  ];
  const well = await connectEnvoy(t, controlPlane, 'well');
  await controlPlane.cli('endpoint', 'add', 'a', '127.0.0.1', '6379');
  await controlPlane.cli('commit');
  await well.takeAndAck('endpoint');
  await silent.next('endpoint');
  await refusing.next('endpoint');
  refusing.nack('endpoint', 'no such\nport \u001b[31m!');
  const { status, stdout } = await untilSummary(controlPlane, '3 clients: 1 in sync, 1 stale, 1 rejected');
  assert.equal(status, 3);
  const versions = /[0-9a-f]{8} +[0-9a-f]{8}->[0-9a-f]{8}/u.source;
  assert.match(stdout, new RegExp(`^silent .* stale +${versions}`, 'mu'));
  assert.match(stdout, new RegExp(`^refusing .* rejected +${versions}`, 'mu'));
  assert.match(stdout, /^silent 127\.0\.0\.1:\d+: endpoint stale: sent, not answered since \S+Z$/mu);
  assert.match(stdout, /^refusing 127\.0\.0\.1:\d+: endpoint rejected at \S+Z: no such port \\u\{1b\}\[31m!$/mu);
});

test('draining clusters are told', async (t) => {
  const controlPlane = await serveA(t);
  await controlPlane.cli('cluster', 'remove', 'a');
  await controlPlane.cli('commit');
  const { stdout } = await runCli(['status', '--api', controlPlane.api]);
  assert.match(stdout, /^ok: no Envoys\n\ndraining: a until 20\S+Z\nold routes: .* "p" to a \(new ones: no server\).*\n\nno clients\n$/u);
});

test('with --drain-time 0 none drains', async (t) => {
  const controlPlane = await startControlPlane(t, ['--drain-time', '0']);
  for (const words of [['add', 'a', 'p'], ['remove', 'a']]) {
    await controlPlane.cli('cluster', ...words);
    await controlPlane.cli('commit');
  }
  assert.equal((await runCli(['status', '--api', controlPlane.api])).stdout, 'ok: no Envoys\n\nno clients\n');
});

test('an Envoy that went is told of, and its like that never came is missed: exit code 3', async (t) => {
  const controlPlane = await serveA(t);
  const { api } = controlPlane;
  const [one, two] = [await connectEnvoy(t, controlPlane, 'envoy-1'), await connectEnvoy(t, controlPlane, 'envoy-2')];
  await untilSummary(controlPlane, '2 clients: 2 in sync');
  two.cancel();
  const { status, stdout } = await untilSummary(controlPlane, '1 client: 1 in sync, 1 gone');
  assert.equal(status, 3);
  assert.match(stdout, /^gone since 20\S+Z \(was there \d+ s\): envoy-2$/mu);
  for (const [flags, code] of [
    [['--at-least', '1'], 0],
    [['--at-least', '2'], 3],
    [['--expect', 'envoy-1'], 0],
    [['--expect=envoy-1,envoy-3'], 3],
  ] as const) {
    assert.equal((await runCli(['status', ...flags, '--api', api])).status, code, flags.join(' '));
  }
  one.cancel();
  assert.equal((await untilSummary(controlPlane, 'no clients, 2 gone')).status, 3);
});

test('after a start nobody is back yet: exit code 3; with --gone-time 0 nobody is missed', async (t) => {
  for (const [flags, line, code] of [
    [[], /^attention: others are waited for, no Envoys\n\nno clients yet, started \d+ s ago\n$/u, 3],
    [['--gone-time', '0'], /^ok: no Envoys\n\nno clients\n$/u, 0],
  ] as const) {
    const controlPlane = await startControlPlane(t, flags);
    await controlPlane.cli('cluster', 'add', 'a', 'p');
    await controlPlane.cli('commit');
    await controlPlane.stop();
    await controlPlane.comeBack();
    const { status, stdout } = await runCli(['status', '--api', controlPlane.api]);
    assert.match(stdout, line);
    assert.equal(status, code);
    const committed = await runCli(['commit', '--wait', '300ms', '--api', controlPlane.api]);
    assert.match(committed.stdout, code === 0 ? /^nothing to commit: no clients\n$/u : /^nothing to commit: no clients yet, started/u);
    assert.equal(committed.status, code);
  }
});

test('--json prints the answer of the API, which is found by the variable of the daemon too', async (t) => {
  const controlPlane = await serveA(t);
  await connectEnvoy(t, controlPlane, 'envoy-1');
  const env = { CONTROLPLANE_API_ADDRESS: `0.0.0.0:${controlPlane.place.apiPort}` };
  await untilSummary(controlPlane, '1 client: 1 in sync');
  const { status, stdout } = await runCli(['status', '--json'], env);
  assert.equal(status, 0);
  const { draining, clients } = JSON.parse(stdout) as ClientsMessage;
  assert.deepEqual([draining, clients.map(({ node }) => node.id)], [[], ['envoy-1']]);
});

test('a control plane that is not there is one line and exit code 1', async () => {
  const api = `127.0.0.1:${await freePort()}`;
  const { status, stdout, stderr } = await runCli(['status', '--api', api]);
  assert.deepEqual([status, stdout], [1, '']);
  assert.match(stderr, new RegExp(`^controlplane: can't reach the control plane at ${api}: .*ECONNREFUSED.*\n$`, 'u'));
});

const refused: readonly (readonly [words: readonly string[], line: string, env?: Record<string, string>])[] = [
  [['--wait', '1s'], '"--wait": no such flag, see --help'],
  [['now'], '"now": only flags are taken, see --help'],
  [['--api'], '"--api": a value must follow'],
  [['--json=yes'], '"--json=yes": takes no value'],
  [['--at-least', '0'], '--at-least "0": must be a whole number from 1 to 1000000'],
  [['--expect', 'a,,b'], '--expect "a,,b": must be node ids with commas between them'],
  [['--api', '8000'], '--api "8000": must be HOST:PORT, [IPV6]:PORT or :PORT'],
  [[], 'CONTROLPLANE_API_ADDRESS "x": must be HOST:PORT, [IPV6]:PORT or :PORT', { CONTROLPLANE_API_ADDRESS: 'x' }],
];
for (const [words, line, env = {}] of refused) {
  test(`${line}: exit code 2`, async () => {
    const finished = await runCli(['status', ...words], env);
    assert.deepEqual(finished, { status: 2, stdout: '', stderr: `controlplane: ${line}\n` });
  });
}

test('--help tells the flags and the exit codes', async () => {
  const { status, stdout } = await runCli(['status', '--help']);
  assert.equal(status, 0);
  for (const part of ['Usage: controlplane status', '--api HOST:PORT', '--json', 'Exit code: 0']) {
    assert.ok(stdout.includes(part), part);
  }
});
