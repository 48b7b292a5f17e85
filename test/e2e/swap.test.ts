// Make before break: the cluster behind the listener is replaced again and again under load, and no
// command fails, on connections that their clients keep open and on new ones.

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'node:test';
import type { TestContext } from 'node:test';

import { moveToLoopback, readBootstrap, withoutDrainClose } from '../support/bootstrap.ts';
import { startControlPlane } from '../support/controlplane.ts';
import type { ControlPlane } from '../support/controlplane.ts';
import { startEnvoy } from '../support/envoy.ts';
import { freePort } from '../support/free-port.ts';
import { startRedis } from '../support/redis-server.ts';
import type { RedisServer } from '../support/redis-server.ts';
import { connectRedis } from '../support/resp-client.ts';
import type { RespClient } from '../support/resp-client.ts';

const swaps = 20;
const betweenSwapsMs = 700;
const keptConnections = 8;

const betweenCommandsMs = 5;

/**
 * Sends one command after the other until it is stopped; keeps what was not answered as it should be, as is any
 * command on a connection that was closed.
 */
class Load {
  commands = 0;
  readonly failures: string[] = [];
  readonly #connect: () => Promise<RespClient>;
  #isStopped = false;
  readonly #running: Promise<void>[] = [];

  constructor(connect: () => Promise<RespClient>) {
    this.#connect = connect;
  }

  onKeptConnection(): void {
    let redis: RespClient | undefined;
    this.#running.push(
      this.#run(async () => {
        redis ??= await this.#connect();
        this.#note(await redis.ask('GET', 'key'));
      }),
    );
  }

  onNewConnections(): void {
    this.#running.push(
      this.#run(async () => {
        const redis = await this.#connect();
        this.#note(await redis.ask('GET', 'key'));
        redis.close();
      }),
    );
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all(this.#running);
  }

  async #run(step: () => Promise<void>): Promise<void> {
    while (!this.#isStopped) {
      await step().catch((error: Error) => this.failures.push(error.message));
      await sleep(betweenCommandsMs);
    }
  }

  #note(reply: string): void {
    this.commands += 1;
    if (reply !== '"value"') this.failures.push(reply);
  }
}

async function addCluster(controlPlane: ControlPlane, name: string, { address, port }: RedisServer): Promise<void> {
  await controlPlane.cli('cluster', 'add', name, `prefix-of-${name}`);
  await controlPlane.cli('endpoint', 'add', name, address, `${port}`);
}

async function removeCluster(controlPlane: ControlPlane, name: string, { address, port }: RedisServer): Promise<void> {
  await controlPlane.cli('endpoint', 'remove', name, address, `${port}`);
  await controlPlane.cli('cluster', 'remove', name);
}

async function swapUnderLoad(t: TestContext, bootstrap: string): Promise<void> {
  const servers = [await startRedis(t), await startRedis(t)] as const;
  for (const server of servers) await server.direct.ask('SET', 'key', 'value');
  const serverOf = (index: number): RedisServer => servers[index % 2 === 0 ? 0 : 1];
  const listenerPort = await freePort();
  const controlPlane = await startControlPlane(t, ['--redis-listener', `127.0.0.1:${listenerPort}`]);
  await addCluster(controlPlane, 'redis-0', serverOf(0));
  await controlPlane.cli('commit');
  const ports = { admin: await freePort(), xds: controlPlane.place.xdsPort };
  const envoy = await startEnvoy(t, withoutDrainClose(moveToLoopback(await readBootstrap(bootstrap), ports)));
  await envoy.untilLive();

  await envoy.child.until('the listener is there', () => connectRedis(t, listenerPort));
  const load = new Load(() => connectRedis(t, listenerPort));
  for (let index = 0; index < keptConnections; index += 1) load.onKeptConnection();
  load.onNewConnections();

  for (let index = 1; index <= swaps; index += 1) {
    await addCluster(controlPlane, `redis-${index}`, serverOf(index));
    await removeCluster(controlPlane, `redis-${index - 1}`, serverOf(index - 1));
    await controlPlane.cli('commit');
    await sleep(betweenSwapsMs);
  }
  await envoy.untilHosts(`redis-${swaps}`, [`${serverOf(swaps).address}:${serverOf(swaps).port}`]);
  await load.stop();

  assert.deepEqual(load.failures, []);
  assert.ok(load.commands > swaps * keptConnections, `only ${load.commands} commands were sent`);
  assert.deepEqual([...new Set((await envoy.stats('\\.update_rejected$')).values())], [0]);
  const changes = await envoy.stats('listener_manager\\.(listener_in_place_updated|listener_modified)$');
  assert.ok([...changes.values()].some((count) => count >= swaps / 2), 'the listener was hardly changed');
}

test('a cluster is replaced under load and no command fails: one aggregated stream', (t) =>
  swapUnderLoad(t, 'envoy/redis-v3-ads.yaml'));

test('a cluster is replaced under load and no command fails: one aggregated delta stream', (t) =>
  swapUnderLoad(t, 'envoy/redis-v3-delta-ads.yaml'));
