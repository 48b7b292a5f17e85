// A replicated cluster that becomes a plain one while clients write and read through a real Envoy: connections of before
// go on by the routes that they have, and none of them is failed a command.

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
import { freePort } from '../support/free-port.ts';
import { startRedis } from '../support/redis-server.ts';
import { connectRedis } from '../support/resp-client.ts';
import type { RespClient } from '../support/resp-client.ts';
import { runCommand } from '../support/run-command.ts';
import { tempDir } from '../support/temp-dir.ts';

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

for (const bootstrap of ['envoy/redis-v3-ads.yaml', 'envoy/redis-v3-delta-ads.yaml']) {
  test(`${bootstrap}: reads and writes of old and new connections go on`, async (t) => {
    const [primary, replica] = [await startRedis(t), await startRedis(t)];
    assert.equal(await replica.direct.ask('REPLICAOF', primary.address, `${primary.port}`), 'OK');
    const listenerPort = await freePort();
    const controlPlane = await startControlPlane(t, ['--redis-listener', `127.0.0.1:${listenerPort}`]);
    const [first, second] = [primary, replica].map(({ address, port }) => ({ address, port }));
    const health_check = { interval: '200ms' };
    const replicated = {
      name: 'group',
      kind: 'replicated',
      primary: `${primary.address}:${primary.port}`,
      endpoints: [first, second],
      reads: 'any',
      health_check,
    };
    await apply(t, controlPlane, { clusters: [replicated] });
    const ports = { admin: await freePort(), xds: controlPlane.place.xdsPort };
    const envoy = await startEnvoy(t, withoutDrainClose(moveToLoopback(await readBootstrap(bootstrap), ports)));
    await envoy.untilLive();
    await envoy.child.until('the listener is there', () => connectRedis(t, listenerPort));
    const connect = () => Promise.all(Array.from({ length: pooled }, () => connectRedis(t, listenerPort)));
    const old = await connect();
    // A replica may be behind what it is asked for: what counts is that it answers.
    for (const index of old.keys()) assert.equal(await primary.direct.ask('SET', `key-${index}`, 'x'), 'OK');
    await envoy.child.until('it is replicated', async () => {
      return (await replica.direct.ask('GET', `key-${pooled - 1}`)) === '"x"';
    });
    const load = new Load(old);
    await load.pass(1_000);

    const plain = { name: 'group', endpoints: [first], health_check };
    await apply(t, controlPlane, { clusters: [plain] }, '--wait', '20s', '--at-least', '1');
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
    const asked = await replica.direct.ask('INFO', 'commandstats');
    assert.match(asked, /cmdstat_get:/);
  });
}
