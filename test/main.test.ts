// The daemon as a process: how it starts, refuses to start, and stops.

import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import { hostsOf } from '../src/inventory/cluster.ts';
import { openSqliteLogStore } from '../src/store/sqlite-log-store.ts';
import { checkoutPath } from './support/checkout.ts';
import { startChild } from './support/child-process.ts';
import { startControlPlane } from './support/controlplane.ts';
import { freePort } from './support/free-port.ts';
import { runCommand } from './support/run-command.ts';
import { tempDir } from './support/temp-dir.ts';
import { makeTlsFolder } from './support/tls-folder.ts';
import { SotwClient } from './support/xds/sotw-client.ts';
import { XdsConnection } from './support/xds/xds-connection.ts';
import { openDesk } from './support/open-desk.ts';
import { readState } from './support/read-state.ts';

async function run(...flags: string[]): Promise<{ status: number | string; stdout: string; stderr: string }> {
  const anyPorts = ['--xds-address', '127.0.0.1:0', '--api-address', '127.0.0.1:0', '--data-dir='];
  const args = ['--disable-warning=ExperimentalWarning', checkoutPath('src/main.ts'), ...anyPorts, ...flags];
  return runCommand(process.execPath, args, {});
}

function assertOneLine(stderr: string, pattern: RegExp): void {
  assert.match(stderr, /^controlplane: [^\n]+\n$/u);
  assert.match(stderr, pattern);
}

describe('refusing to start', () => {
  const usageErrors: readonly (readonly [flags: string[], line: RegExp])[] = [
    [['--no-such-flag'], /--no-such-flag.*no such flag/u],
    [['stray'], /stray.*only flags/u],
    [['-xds-address', 'nonsense'], /--xds-address.*nonsense.*HOST:PORT/u],
    [['-api-address=127.0.0.1:65536'], /--api-address.*65535/u],
    [['--redis-listener', 'redis.local:6379'], /--redis-listener.*IP address/u],
    [['--log-level', 'loud'], /--log-level.*loud/u],
    [['--tls-cert', 'x.crt'], /--tls-cert.*x\.crt.*by --tls-key/u],
  ];
  for (const [flags, line] of usageErrors) {
    test(`${flags.join(' ')} is one line and exit code 2`, async () => {
      const { status, stderr } = await run(...flags);
      assert.equal(status, 2);
      assertOneLine(stderr, line);
    });
  }

  for (const flag of ['--api-address', '--xds-address']) {
    test(`a port in use for ${flag} is one line and exit code 1`, async (t) => {
      const blocker = createServer().listen(0, '127.0.0.1');
      t.after(() => void blocker.close());
      await new Promise((resolve) => blocker.once('listening', resolve));
      const { port } = blocker.address() as AddressInfo;
      const { status, stderr } = await run(flag, `127.0.0.1:${port}`);
      assert.equal(status, 1);
      assertOneLine(stderr, new RegExp(`can't listen on 127.0.0.1:${port}: .*(EADDRINUSE|in use)`, 'u'));
    });
  }

  test('files of TLS that can not be used are one line and exit code 1', async (t) => {
    const folder = await makeTlsFolder(t);
    const flags = folder.flags();
    for (const [spoil, line] of [
      [() => folder.write(folder.key, folder.client.key), /tls\.crt, .*tls\.key: the key is not that of the certificate/u],
      [() => folder.write(folder.ca, ''), /ca\.pem: must hold a certificate in PEM/u],
      [() => rm(folder.cert), /tls\.crt: ENOENT/u],
    ] as const) {
      await folder.writeAll();
      await spoil();
      const { status, stderr } = await run(...flags);
      assert.equal(status, 1);
      assertOneLine(stderr, line);
    }
  });

  test('a damaged database is one line and exit code 1', async (t) => {
    const dataDir = await tempDir(t);
    await writeFile(join(dataDir, 'controlplane.db'), 'this is no database, whatever its name says');
    const { status, stderr } = await run(`--data-dir=${dataDir}`);
    assert.equal(status, 1);
    assertOneLine(stderr, /controlplane\.db/u);
  });

  test('committed clusters that can no longer be published are one line and exit code 1', async (t) => {
    const dataDir = await tempDir(t);
    const store = openSqliteLogStore(dataDir, { nowMs: 0 });
    const desk = await openDesk({ store });
    await desk.change({ kind: 'add-cluster', name: 'xds', prefix: 'p' }, 'test');
    await desk.commit({ author: 'test' });
    await store.close();
    const { status, stderr } = await run(`--data-dir=${dataDir}`, '--xds-cluster-name', 'xds');
    assert.equal(status, 1);
    assertOneLine(stderr, /cluster "xds"/u);
  });
});

for (const word of ['serve', 'Status', 'constructor', '']) {
  test(`the word ${JSON.stringify(word)} is no command: one line and exit code 2`, async () => {
    const args = ['--disable-warning=ExperimentalWarning', checkoutPath('src/main.ts'), word, '--api-address=:0'];
    const { status, stderr } = await runCommand(process.execPath, args, {});
    assert.equal(status, 2);
    assert.equal(stderr, `controlplane: ${JSON.stringify(word)}: no such command, see --help\n`);
  });
}

test('--help and --version print to stdout and exit 0', async () => {
  const help = await run('--help');
  assert.equal(help.status, 0);
  assert.match(help.stdout, /--redis-catch-all/u);
  for (const command of ['status', 'commit']) assert.match(help.stdout, new RegExp(`^ {2}${command} +\\S`, 'mu'));
  const version = await run('-version');
  assert.equal(version.status, 0);
  assert.match(version.stdout, /^controlplane \d+\.\d+\.\d+\n$/u);
});

test('a second daemon on the same data directory is refused, the first goes on', async (t) => {
  const first = await startControlPlane(t);
  const { status, stderr } = await run(`--data-dir=${first.place.dataDir}`);
  assert.equal(status, 1);
  assertOneLine(stderr, /another|in use|locked/u);
  await first.cli('cluster', 'add', 'a', 'b');
});

test('an error that nobody expected is its last line and exit code 70', async (t) => {
  const fault = "process.on('SIGUSR2', () => { throw new Error('boom'); })";
  const flags = ['--xds-address', '127.0.0.1:0', '--api-address', '127.0.0.1:0', '--data-dir='];
  const args = ['--import', `data:text/javascript,${fault}`, checkoutPath('src/main.ts'), ...flags];
  const child = startChild(t, 'control plane', process.execPath, args);
  await child.untilOutput(/Starting a server on/);
  assert.equal(await child.end('SIGUSR2'), 70);
  const last = JSON.parse(child.output.trimEnd().split('\n').at(-1) ?? '');
  assert.deepEqual([last.level, last.err.message], ['fatal', 'boom']);
});

test('when no file descriptor is left it says so, once, and goes on', async (t) => {
  const [xdsPort, apiPort] = [await freePort(), await freePort()];
  const flags = ['--xds-address', `127.0.0.1:${xdsPort}`, '--api-address', `127.0.0.1:${apiPort}`, '--data-dir='];
  const args = ['-c', 'ulimit -n 60; exec "$@"', 'bash', process.execPath, checkoutPath('src/main.ts'), ...flags];
  const child = startChild(t, 'control plane', 'bash', args);
  await child.untilOutput(/Starting a server on/);
  const kept = await fetch(`http://127.0.0.1:${apiPort}/healthz`);
  assert.equal(await kept.text(), 'ok\n');
  const sockets = Array.from({ length: 60 }, () => connect(xdsPort, '127.0.0.1').on('error', () => undefined));
  await child.untilOutput(/new connections are closed, they cannot be taken/);
  for (const socket of sockets) socket.destroy();
  await child.until('it takes connections again', async () => (await fetch(`http://127.0.0.1:${apiPort}/healthz`)).ok);
  assert.match(child.output, /"reason":"EMFILE: too many open files/);
  assert.equal(child.output.split('new connections are closed').length, 2);
});

test('when its data directory is removed it refuses changes, says why, and goes on serving', async (t) => {
  const controlPlane = await startControlPlane(t);
  await controlPlane.cli('cluster', 'add', 'a', 'b');
  await controlPlane.cli('commit');
  await rm(controlPlane.place.dataDir, { recursive: true });
  const call = { method: 'POST', body: '{"name":"c","prefix":"d"}' };
  const refused = await fetch(`http://${controlPlane.api}/api/v1/cluster`, call);
  assert.equal(refused.status, 500);
  assert.match(await refused.text(), /^\S+controlplane\.db was moved, removed or replaced while it was open, [^\n]+\n$/);
  const connection = new XdsConnection(controlPlane.place.xdsPort);
  t.after(() => connection.close());
  const envoy = new SotwClient(connection, { apiVersion: 'v3', isAggregated: true });
  envoy.subscribe('cluster');
  assert.deepEqual((await envoy.takeAndAck('cluster')).names, ['a']);
  assert.equal(await controlPlane.stop(), 0);
});

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
  test(`${signal} stops it with exit code 0, and nothing is lost`, async (t) => {
    const controlPlane = await startControlPlane(t);
    await controlPlane.cli('cluster', 'add', 'a', 'b');
    await controlPlane.cli('commit');
    assert.equal(await controlPlane.child.end(signal), 0);
    const { committed } = await readState(controlPlane.place.dataDir);
    assert.deepEqual(committed.map(({ name }) => name), ['a']);
  });
}

test('a thousand concurrent calls end in the state that some order of them gives', async (t) => {
  const controlPlane = await startControlPlane(t);
  const api = `http://${controlPlane.api}/api/v1`;
  const call = async (method: string, path: string, body: object): Promise<number> =>
    (await fetch(`${api}/${path}`, { method, body: JSON.stringify(body) })).status;
  await call('POST', 'cluster', { name: 'c', prefix: 'p' });
  // Every endpoint is added by two callers: exactly one of the two may succeed.
  const ports = Array.from({ length: 500 }, (_, index) => index + 1);
  const statuses = await Promise.all(
    [...ports, ...ports].map((port) => call('POST', 'endpoint', { cluster: 'c', ipaddress: '127.0.0.1', port })),
  );
  assert.equal(statuses.filter((status) => status === 200).length, ports.length);
  assert.equal(statuses.filter((status) => status === 500).length, ports.length);
  ports.forEach((_, index) => assert.notEqual(statuses[index], statuses[index + ports.length]));
  assert.equal(await controlPlane.stop(), 0);
  const [cluster] = (await readState(controlPlane.place.dataDir)).staged;
  assert.deepEqual(cluster && hostsOf(cluster).map(({ port }) => port), ports);
});

test('the API may be called by the names that it was given, and by no other', async (t) => {
  const { place } = await startControlPlane(t, ['--api-host', 'cp.example.com,cp.example.org']);
  const answer = (host: string): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      const options = { host: '127.0.0.1', port: place.apiPort, path: '/metrics', headers: { host } };
      get(options, (response) => resolve(response.resume().statusCode)).once('error', reject);
    });
  for (const host of ['cp.example.org:8000', 'control-plane', '127.0.0.1']) assert.equal(await answer(host), 200, host);
  assert.equal(await answer('cp.example.net'), 403);
});

test('the call in flight when the signal comes is answered', async (t) => {
  const controlPlane = await startControlPlane(t);
  const { apiPort } = controlPlane.place;
  const socket = connect(apiPort, '127.0.0.1');
  const answer = (async () => {
    let text = '';
    for await (const chunk of socket.setEncoding('utf8')) text += chunk;
    return text;
  })();
  const body = '{"name":"a","prefix":"b"}';
  socket.write(`POST /api/v1/cluster HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n{`);
  // The head has arrived once a later call on another connection is answered.
  await fetch(`http://${controlPlane.api}/healthz`);
  controlPlane.child.signal('SIGTERM');
  await controlPlane.child.untilOutput(/stopping/u);
  socket.write(body.slice(1));
  assert.match(await answer, /^HTTP\/1.1 200 OK/u);
  assert.equal(await controlPlane.child.ended, 0);
});

test('a second signal ends it at once', async (t) => {
  const controlPlane = await startControlPlane(t);
  const socket = connect(controlPlane.place.apiPort, '127.0.0.1');
  t.after(() => void socket.destroy());
  socket.on('error', () => undefined);
  // A call that never ends holds the orderly stop up.
  socket.write('POST /api/v1/cluster HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{');
  await fetch(`http://${controlPlane.api}/healthz`);
  controlPlane.child.signal('SIGTERM');
  await controlPlane.child.untilOutput(/stopping/u);
  assert.equal(await controlPlane.child.end('SIGTERM'), 1);
});

test('a call that never ends does not hold the stop up for ever', async (t) => {
  const controlPlane = await startControlPlane(t);
  const socket = connect(controlPlane.place.apiPort, '127.0.0.1');
  socket.on('error', () => undefined);
  t.after(() => void socket.destroy());
  socket.write('POST /api/v1/cluster HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{');
  await fetch(`http://${controlPlane.api}/healthz`);
  assert.equal(await controlPlane.stop(), 0);
});
