// A replicated cluster that becomes one of another kind while clients write and read through a real Envoy: connections
// of before go on by the routes that they have. To a plain one none of them is failed a command; to a sharded one, which
// finds servers by the key, they find what new connections write, and these what they do.

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'node:test';
import type { TestContext } from 'node:test';

import { moveToLoopback, readBootstrap, withoutDrainClose } from '../support/bootstrap.ts';
import { checkoutPath } from '../support/checkout.ts';
import { startControlPlane } from '../support/controlplane.ts';
import type { ControlPlane } from '../support/controlplane.ts';
import { startEnvoy } from '../support/envoy.ts';
import type { Envoy } from '../support/envoy.ts';
import { freePort } from '../support/free-port.ts';
import { startRedis } from '../support/redis-server.ts';
import type { RedisServer } from '../support/redis-server.ts';
import { connectRedis } from '../support/resp-client.ts';
import type { RespClient } from '../support/resp-client.ts';
import { runCommand } from '../support/run-command.ts';
import { tempDir } from '../support/temp-dir.ts';
import { waitUntil } from '../support/wait-until.ts';

const pooled = 8;

/** Commits what the file says, with the program's own commands, and waits for the Envoy. */
async function apply(t: TestContext, { api }: ControlPlane, config: object, ...flags: readonly string[]): Promise<void> {
  const path = join(await tempDir(t), 'config.json');
  await writeFile(path, JSON.stringify(config));
  for (const words of [['apply', '-f', path], ['commit', ...flags]]) {
    const args = [checkoutPath('src/main.ts'), ...words, '--api', api];
    const { status, stdout, stderr } = await runCommand(process.execPath, args);
    assert.equal(status, 0, stdout + stderr);
  }
}

/** Writes and reads without a pause until it is stopped. */
class Load {
  readonly #runs: readonly Promise<void>[];
  readonly replies = new Map<string, number>();
  #isOver = false;

  constructor(clients: readonly RespClient[]) {
    this.#runs = clients.map((client, index) => this.#run(client, `key-${index}`));
  }

  /** Resolves when so many more commands were answered. */
  async pass(count: number): Promise<void> {
    for (const end = this.#total + count; this.#total < end; ) await sleep(10);
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#runs);
  }

  get #total(): number {
    return [...this.replies.values()].reduce((sum, each) => sum + each, 0);
  }

  async #run(client: RespClient, key: string): Promise<void> {
    while (!this.#isOver) {
      for (const words of [['SET', key, 'x'], ['GET', key]]) {
        const reply = await client.ask(...words);
        this.replies.set(reply, (this.replies.get(reply) ?? 0) + 1);
      }
    }
  }
}

interface Subject {
  readonly primary: RedisServer;
  readonly replica: RedisServer;
  readonly controlPlane: ControlPlane;
  readonly envoy: Envoy;
  readonly connect: () => Promise<RespClient[]>;
}

const health_check = { interval: '200ms' };

/** An Envoy that reads from both servers of a group. */
async function startGroup(t: TestContext, bootstrap: string): Promise<Subject> {
  const [primary, replica] = [await startRedis(t), await startRedis(t)];
  assert.equal(await replica.direct.ask('REPLICAOF', primary.address, `${primary.port}`), 'OK');
  const listenerPort = await freePort();
  const controlPlane = await startControlPlane(t, ['--redis-listener', `127.0.0.1:${listenerPort}`]);
  const endpoints = [primary, replica].map(endpointOf);
  const group = { name: 'group', kind: 'replicated', primary: `${primary.address}:${primary.port}`, endpoints };
  await apply(t, controlPlane, { clusters: [{ ...group, reads: 'any', health_check }] });
  const ports = { admin: await freePort(), xds: controlPlane.place.xdsPort };
  const envoy = await startEnvoy(t, withoutDrainClose(moveToLoopback(await readBootstrap(bootstrap), ports)));
  await envoy.untilLive();
  await envoy.child.until('the listener is there', () => connectRedis(t, listenerPort));
  const connect = () => Promise.all(Array.from({ length: pooled }, () => connectRedis(t, listenerPort)));
  return { primary, replica, controlPlane, envoy, connect };
}

function endpointOf({ address, port }: RedisServer): { address: string; port: number } {
  return { address, port };
}

const untilTaken = ['--wait', '20s', '--at-least', '1'] as const;

for (const bootstrap of ['envoy/redis-v3-ads.yaml', 'envoy/redis-v3-delta-ads.yaml']) {
  test(`${bootstrap}: reads and writes of old and new connections go on when it is plain`, async (t) => {
    const { primary, replica, controlPlane, envoy, connect } = await startGroup(t, bootstrap);
    const old = await connect();
    // A replica may be behind what it is asked for: what counts is that it answers.
    for (const index of old.keys()) assert.equal(await primary.direct.ask('SET', `key-${index}`, 'x'), 'OK');
    await envoy.child.until('it is replicated', async () => {
      return (await replica.direct.ask('GET', `key-${pooled - 1}`)) === '"x"';
    });
    const load = new Load(old);
    await load.pass(1_000);
    assert.match(await replica.direct.ask('INFO', 'commandstats'), /cmdstat_get:/);

    const plain = { name: 'group', endpoints: [endpointOf(primary)], health_check };
    await apply(t, controlPlane, { clusters: [plain] }, ...untilTaken);
    await load.pass(1_000);
    const names = ['group', 'group/any', 'group/prefer_replica', 'group/replica'];
    assert.deepEqual((await envoy.clusters()).filter((name) => name.startsWith('group')), names);
    const later = new Load(await connect());
    await load.pass(1_000);
    await later.pass(1_000);
    await load.stop();
    await later.stop();
    assert.deepEqual([...load.replies.keys()].sort(), ['"x"', 'OK']);
    assert.deepEqual([...later.replies.keys()].sort(), ['"x"', 'OK']);
    assert.equal(old.filter((client) => client.isClosed).length, 0);
  });
}

test('old and new connections find what the others write when it is sharded', async (t) => {
  const { primary, controlPlane, envoy, connect } = await startGroup(t, 'envoy/redis-v3-ads.yaml');
  const old = await connect();
  for (const client of old) assert.equal(await client.ask('SET', 'key', 'x'), 'OK');
  const other = await startRedis(t);
  const shards = [primary, other].map((server, index) => ({ name: `shard-${index}`, endpoint: endpointOf(server) }));
  await apply(t, controlPlane, { clusters: [{ name: 'group', kind: 'sharded', shards, health_check }] }, ...untilTaken);
  const hosts = [primary, other].map(({ address, port }) => `${address}:${port}`);
  for (const name of ['group', 'group/any']) await envoy.untilHealthy(name, hosts);
  const later = await connect();
  const keys = Array.from({ length: 64 }, (_, index) => `key-${index}`);
  /** The keys that the readers do not find as the writers wrote them. */
  const exchange = async (writers: readonly RespClient[], readers: readonly RespClient[], value: string) => {
    const lost: string[] = [];
    for (const [index, key] of keys.entries()) {
      const replies = [
        await writers[index % pooled]?.ask('SET', key, value),
        await readers[index % pooled]?.ask('GET', key),
      ];
      if (replies.join() !== `OK,"${value}"`) lost.push(`${key}: ${replies.join()}`);
    }
    return lost;
  };
  await waitUntil('the worker has heard of it', async () => {
    return (await Promise.all([exchange(later, later, 'x'), exchange(old, old, 'x')])).flat().length === 0;
  });
  assert.deepEqual(await exchange(later, old, 'by new ones'), []);
  assert.deepEqual(await exchange(old, later, 'by old ones'), []);
  assert.notEqual(await other.direct.ask('DBSIZE'), '(integer) 0');
  assert.equal(old.filter((client) => client.isClosed).length, 0);
});
