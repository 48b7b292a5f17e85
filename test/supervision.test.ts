// ./controlplane as a whole: the launcher and the daemon behind it, as one for who starts, signals and kills it.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Server } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';

import { checkoutPath } from './support/checkout.ts';
import { freePort } from './support/free-port.ts';
import { tempDir } from './support/temp-dir.ts';
import { waitUntil } from './support/wait-until.ts';
import { SotwClient } from './support/xds/sotw-client.ts';
import { XdsConnection } from './support/xds/xds-connection.ts';

interface Place {
  readonly xdsPort: number;
  readonly apiPort: number;
  readonly dataDir: string;
}

class Launched {
  readonly launcher: ChildProcess;
  /** The launcher's exit code, or what ended it. */
  readonly ended: Promise<unknown>;
  output = '';
  readonly #api: string;

  /** In a process group of its own, as a shell starts it. */
  constructor(t: TestContext, { xdsPort, apiPort, dataDir }: Place, wrapper: readonly string[] = []) {
    const flags = ['--xds-address', `127.0.0.1:${xdsPort}`, '--api-address', `127.0.0.1:${apiPort}`];
    const [command = '', ...args] = [...wrapper, checkoutPath('controlplane'), ...flags, '--data-dir', dataDir];
    this.#api = `http://127.0.0.1:${apiPort}`;
    this.launcher = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    t.after(() => this.launcher.kill('SIGKILL'));
    this.launcher.stdout?.setEncoding('utf8').on('data', (text: string) => (this.output += text));
    this.launcher.stderr?.setEncoding('utf8').on('data', (text: string) => (this.output += text));
    // 'close' waits for the daemon too, which has the same standard output.
    this.ended = once(this.launcher, 'close').then(([code, signal]) => code ?? signal);
  }

  get daemonPid(): number {
    const { pid } = this.launcher;
    return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim() || assert.fail('no daemon'));
  }

  async call(path: string, init: RequestInit = {}): Promise<number> {
    return (await fetch(this.#api + path, init)).status;
  }

  async untilServing(times = 1): Promise<void> {
    await waitUntil('it serves', () => this.output.split('Starting a server on').length > times);
  }

  signalGroup(signal: NodeJS.Signals): void {
    process.kill(-(this.launcher.pid ?? assert.fail('not started')), signal);
  }
}

async function findPlace(t: TestContext): Promise<Place> {
  return { xdsPort: await freePort(), apiPort: await freePort(), dataDir: await tempDir(t) };
}

async function launch(t: TestContext, wrapper: readonly string[] = []): Promise<Launched> {
  const launched = new Launched(t, await findPlace(t), wrapper);
  await launched.untilServing();
  return launched;
}

test('a daemon that aborts is back with its state, and its clients with it', async (t) => {
  const place = await findPlace(t);
  const launched = new Launched(t, place);
  await launched.untilServing();
  const addCluster = { method: 'POST', body: '{"name":"a","prefix":"b"}' };
  assert.equal(await launched.call('/api/v1/cluster', addCluster), 200);
  assert.equal(await launched.call('/api/v1/commit', { method: 'POST' }), 200);

  process.kill(launched.daemonPid, 'SIGABRT');
  await launched.untilServing(2);

  assert.match(launched.output, /^controlplane: ended by SIGABRT after \d+ s, starting again in 0 s$/m);
  const connection = new XdsConnection(place.xdsPort);
  t.after(() => connection.close());
  const envoy = new SotwClient(connection, { apiVersion: 'v3', isAggregated: true });
  envoy.subscribe('cluster');
  const { names } = await envoy.takeAndAck('cluster');
  assert.deepEqual(names, ['a']);
  launched.launcher.kill('SIGTERM');
  assert.equal(await launched.ended, 0);
});

async function listens(server: Server, port: number): Promise<boolean> {
  try {
    await once(server.listen(port, '127.0.0.1'), 'listening');
    return true;
  } catch {
    return false;
  }
}

test('a daemon whose port somebody has taken meanwhile is back when that is free', async (t) => {
  const place = await findPlace(t);
  const launched = new Launched(t, place);
  await launched.untilServing();
  process.kill(launched.daemonPid, 'SIGABRT');
  const taker = createServer();
  t.after(() => void taker.close());
  await waitUntil('the port is taken', () => listens(taker, place.xdsPort));
  await waitUntil('a start fails', () => launched.output.includes('ended by a failed start after'));
  taker.close();
  await launched.untilServing(2);
  launched.launcher.kill('SIGTERM');
  assert.equal(await launched.ended, 0);
});

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
  test(`${signal} to the launcher stops in order`, async (t) => {
    const launched = await launch(t);
    launched.launcher.kill(signal);
    assert.equal(await launched.ended, 0);
    assert.match(launched.output, new RegExp(`"signal":"${signal}","msg":"stopping"`));
    assert.doesNotMatch(launched.output, /starting again/);
  });
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  test(`${signal} to both, as from a terminal or systemd, is one signal`, async (t) => {
    const launched = await launch(t);
    launched.signalGroup(signal);
    assert.equal(await launched.ended, 0);
    assert.doesNotMatch(launched.output, /second signal|starting again/);
  });
}

test('a second one to both ends it at once', async (t) => {
  const launched = await launch(t);
  // A call that never ends holds the orderly stop up.
  const body = new ReadableStream({ start: (controller) => controller.enqueue(new TextEncoder().encode('{')) });
  const call = { method: 'POST', body, duplex: 'half' } as RequestInit;
  const cut = assert.rejects(launched.call('/api/v1/cluster', call));
  assert.equal(await launched.call('/healthz'), 200);
  launched.signalGroup('SIGINT');
  await waitUntil('it stops', () => launched.output.includes('"stopping"'));
  launched.signalGroup('SIGINT');
  assert.equal(await launched.ended, 1);
  assert.match(launched.output, /second signal, exiting at once/);
  await cut;
});

test('under nohup, SIGHUP to both ends nothing', async (t) => {
  const launched = await launch(t, ['nohup']);
  launched.signalGroup('SIGHUP');
  assert.equal(await launched.call('/healthz'), 200);
  launched.launcher.kill('SIGTERM');
  assert.equal(await launched.ended, 0);
  assert.doesNotMatch(launched.output, /SIGHUP|starting again/);
});

test('SIGTERM to the daemon itself ends both, in order', async (t) => {
  const launched = await launch(t);
  process.kill(launched.daemonPid, 'SIGTERM');
  assert.equal(await launched.ended, 0);
});

test('kill -9 of the launcher ends the daemon too: the next start has its ports and its state', async (t) => {
  const place = await findPlace(t);
  const first = new Launched(t, place);
  await first.untilServing();
  first.launcher.kill('SIGKILL');
  assert.equal(await first.ended, 'SIGKILL');
  const second = new Launched(t, place);
  await second.untilServing();
  assert.equal(await second.call('/healthz'), 200);
});
