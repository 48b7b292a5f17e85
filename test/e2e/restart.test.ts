// The control plane is started again while connections of a replaced filter chain live on: what they use drains, is
// served by its successor, and stays through the restart.

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';

import type { ClientsMessage } from '../../src/api/v2/messages.ts';
import { runCli } from '../cli/run-cli.ts';
import { moveToLoopback, readBootstrap, withoutDrainClose } from '../support/bootstrap.ts';
import { startControlPlane } from '../support/controlplane.ts';
import type { ControlPlane } from '../support/controlplane.ts';
import { startEnvoy } from '../support/envoy.ts';
import type { Envoy } from '../support/envoy.ts';
import { freePort } from '../support/free-port.ts';
import { startRedis } from '../support/redis-server.ts';
import type { RedisServer } from '../support/redis-server.ts';
import { connectRedis } from '../support/resp-client.ts';
import type { RespClient } from '../support/resp-client.ts';
import { waitUntil } from '../support/wait-until.ts';

const aggregatedStreams = [
  ['one aggregated stream', 'envoy/redis-v3-ads.yaml'],
  ['one aggregated delta stream', 'envoy/redis-v3-delta-ads.yaml'],
] as const;

/** How the control plane ends. */
type Ending = 'SIGTERM' | 'kill -9';

const betweenCommandsMs = 20;

// So many take longer than the 5 s that make-before-break waits: what a stream is sent late, it was sent by then.
const commandsAfterReturn = 300;
const someCommands = 20;

/** Sends one command after the other on one connection that is never opened again. */
class Load {
  /** Every reply that was not the one expected, and how the connection ended. */
  readonly failures: string[] = [];
  #replies = 0;
  #reply = '';
  #isStopped = false;
  readonly #running: Promise<void>;

  /** @param expected the reply from now on; each next one may take its place once, for good. */
  constructor(redis: RespClient, ...expected: readonly string[]) {
    this.#running = this.#run(redis, [...expected]);
  }

  /** The reply to the newest command. */
  get reply(): string {
    return this.#reply;
  }

  /** Resolves when so many more commands were answered. */
  async untilAnswered(more: number): Promise<void> {
    const wanted = this.#replies + more;
    await waitUntil(`${more} more commands are answered`, () => this.#replies >= wanted || this.failures.length > 0);
    assert.deepEqual(this.failures, []);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
  }

  async #run(redis: RespClient, expected: string[]): Promise<void> {
    while (!this.#isStopped && !redis.isClosed) {
      this.#reply = await redis.ask('GET', 'server').catch((error: Error) => error.message);
      this.#replies += 1;
      if (this.#reply === expected[1]) expected.shift();
      if (this.#reply !== expected[0]) this.failures.push(this.#reply);
      await sleep(betweenCommandsMs);
    }
    if (redis.isClosed) this.failures.push('the connection was closed');
  }
}

/** A control plane whose cluster `old` is at Redis server `first`, and an Envoy that has it. */
interface Stage {
  readonly controlPlane: ControlPlane;
  readonly envoy: Envoy;
  readonly first: RedisServer;
  readonly second: RedisServer;
  readonly connect: () => Promise<RespClient>;
}

async function setStage(t: TestContext, bootstrap: string, flags: readonly string[] = []): Promise<Stage> {
  const [first, second] = [await startNamedRedis(t, 'first'), await startNamedRedis(t, 'second')];
  const listenerPort = await freePort();
  const controlPlane = await startControlPlane(t, ['--redis-listener', `127.0.0.1:${listenerPort}`, ...flags]);
  await controlPlane.cli('cluster', 'add', 'old', 'old:');
  await controlPlane.cli('endpoint', 'add', 'old', first.address, `${first.port}`);
  await controlPlane.cli('commit');
  const ports = { admin: await freePort(), xds: controlPlane.place.xdsPort };
  const moved = moveToLoopback(await readBootstrap(bootstrap), ports);
  const envoy = await startEnvoy(t, withoutDrainClose(moved));
  await envoy.untilLive();
  const connect = (): Promise<RespClient> => connectRedis(t, listenerPort);
  await envoy.child.until('the listener is there', connect);
  return { controlPlane, envoy, first, second, connect };
}

async function startNamedRedis(t: TestContext, name: string): Promise<RedisServer> {
  const redis = await startRedis(t);
  await redis.direct.ask('SET', 'server', name);
  return redis;
}

/** Puts cluster `new` at the second server in place of `old`. */
async function replaceCluster({ controlPlane, first, second }: Stage): Promise<void> {
  await controlPlane.cli('endpoint', 'remove', 'old', first.address, `${first.port}`);
  await controlPlane.cli('cluster', 'remove', 'old');
  await controlPlane.cli('cluster', 'add', 'new', 'new:');
  await controlPlane.cli('endpoint', 'add', 'new', second.address, `${second.port}`);
  await controlPlane.cli('commit');
}

async function untilReplaced({ envoy, connect }: Stage): Promise<void> {
  await envoy.child.until('new connections find the new cluster', async () => {
    const redis = await connect();
    const reply = await redis.ask('GET', 'server');
    redis.close();
    return reply === '"second"';
  });
}

async function clientsOf({ api }: ControlPlane): Promise<ClientsMessage> {
  const response = await fetch(`http://${api}/api/v2/clients`);
  assert.equal(response.status, 200);
  return (await response.json()) as ClientsMessage;
}

/** Resolves when the Envoy is connected, runs all that there is, and `old` drains. */
async function untilSynced({ controlPlane, envoy }: Stage): Promise<void> {
  await envoy.untilStreams('open');
  await controlPlane.child.until('the Envoy is in sync', async () => {
    const { draining, clients } = await clientsOf(controlPlane);
    assert.deepEqual(draining.map(({ name }) => name), ['old']);
    const [states] = clients.map(({ types }) => types.map(({ type, state }) => `${type} ${state}`));
    assert.deepEqual(states, ['cluster synced', 'endpoint synced', 'listener synced']);
    return true;
  });
}

async function endControlPlane({ controlPlane, envoy }: Stage, ending: Ending): Promise<void> {
  if (ending === 'SIGTERM') assert.equal(await controlPlane.stop(), 0);
  else await controlPlane.kill();
  await envoy.untilStreams('broken');
}

async function keepOldConnection(t: TestContext, bootstrap: string, ending: Ending): Promise<void> {
  const stage = await setStage(t, bootstrap);
  const { controlPlane, envoy, second, connect } = stage;
  const load = new Load(await connect(), '"first"', '"second"');
  await load.untilAnswered(someCommands);
  assert.equal(load.reply, '"first"');
  await replaceCluster(stage);
  await untilReplaced(stage);
  await untilSynced(stage);
  await load.untilAnswered(someCommands);
  assert.equal(load.reply, '"second"');

  await endControlPlane(stage, ending);
  await load.untilAnswered(someCommands);
  await controlPlane.comeBack();
  await untilSynced(stage);
  await load.untilAnswered(commandsAfterReturn);
  await untilSynced(stage);
  const { stdout } = await runCli(['status', '--api', controlPlane.api]);
  assert.match(stdout, /^draining: old until \S+, served by new$/m);
  assert.match(stdout, /^1 client: 1 in sync$/m);
  await load.stop();

  assert.deepEqual(load.failures, []);
  assert.deepEqual(await envoy.hosts('old'), [`${second.address}:${second.port}`]);
  const stats = await envoy.stats('cluster_removed$|filter_chains_draining$|drain_close$|update_rejected$');
  assert.equal(stats.get('cluster_manager.cluster_removed'), 0);
  assert.equal(stats.get('listener_manager.total_filter_chains_draining'), 1);
  assert.equal(stats.get('redis.egress_redis.downstream_cx_drain_close'), 0);
  assert.equal(stats.get('cluster_manager.cds.update_rejected'), 0);
}

async function endDraining(t: TestContext, bootstrap: string, isOverBeforeReturn: boolean): Promise<void> {
  const stage = await setStage(t, bootstrap, ['--drain-time', '5s']);
  const { controlPlane, envoy, second } = stage;
  await replaceCluster(stage);
  const { draining } = await clientsOf(controlPlane);
  const until = Date.parse(draining[0]?.until ?? assert.fail('nothing drains'));
  await untilReplaced(stage);

  await endControlPlane(stage, 'kill -9');
  if (isOverBeforeReturn) await waitUntil('the drain time is over', () => Date.now() >= until);
  await controlPlane.comeBack();
  await envoy.child.until('the old cluster is gone', async () => !(await envoy.clusters()).includes('old'));

  assert.ok(Date.now() >= until, 'it went before its time');
  await envoy.untilHosts('new', [`${second.address}:${second.port}`]);
  assert.deepEqual((await clientsOf(controlPlane)).draining, []);
}

for (const [stream, bootstrap] of aggregatedStreams) {
  describe(stream, () => {
    for (const ending of ['SIGTERM', 'kill -9'] as const) {
      test(`a connection of before a swap is served on through a restart of the control plane: ${ending}`, (t) =>
        keepOldConnection(t, bootstrap, ending));
    }

    test('what drains goes at its time after a restart', (t) => endDraining(t, bootstrap, false));

    test('what has drained while the control plane was away goes when it is back', (t) =>
      endDraining(t, bootstrap, true));
  });
}
