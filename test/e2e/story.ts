// The life of a Redis cluster behind a real Envoy, told with the commands that a user types. The same for every way in
// which Envoy takes its configuration; what differs is said in a Setting.

import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';

import { moveToLoopback, readBootstrap } from '../support/bootstrap.ts';
import { startControlPlane, type ControlPlane } from '../support/controlplane.ts';
import { startEnvoy, type Envoy, type EnvoyRelease } from '../support/envoy.ts';
import { freePort } from '../support/free-port.ts';
import { startRedis, type RedisServer } from '../support/redis-server.ts';
import { connectRedis, type RespClient } from '../support/resp-client.ts';
import { waitUntil } from '../support/wait-until.ts';

export interface Setting {
  /** Path in the checkout. */
  readonly bootstrap: string;
  /** Who says where Envoy's Redis listener is. */
  readonly listenerFrom: 'bootstrap' | 'control plane';
  /** Stat prefixes of all the subscriptions that Envoy then has. */
  readonly subscriptions: readonly string[];
  /** Of Envoy; default 1.40.0. */
  readonly version?: EnvoyRelease;
}

const cluster = 'bunny_redis_cluster';

/** A reply to be expected, as redis-cli shows it. */
const [fromFirst, fromSecond, noUpstreamHost] = ['"first"', '"second"', '(error) no upstream host'];

// Enough keys that under any balancing policy each of two servers gets some.
const keys = Array.from({ length: 64 }, (_, index) => `server-of-${index}`);

/** Tells the story step by step, as subtests of `t`. */
export async function tellRedisStory(t: TestContext, setting: Setting): Promise<void> {
  const first = await startNamedRedis(t, 'first');
  const second = await startNamedRedis(t, 'second');
  const listenerPort = await freePort();
  const controlPlane = await startControlPlane(t, ['--redis-listener', `127.0.0.1:${listenerPort}`]);
  const envoy = await startStoryEnvoy(t, setting, controlPlane, listenerPort);
  let redis: RespClient;

  async function stage(action: 'add' | 'remove', { address, port }: RedisServer): Promise<void> {
    await controlPlane.cli('endpoint', action, cluster, address, `${port}`);
  }

  async function commitHosts(...servers: readonly RedisServer[]): Promise<void> {
    await controlPlane.cli('commit');
    await envoy.untilHosts(cluster, servers.map(({ address, port }) => `${address}:${port}`));
  }

  async function assertReplies(...expected: readonly string[]): Promise<void> {
    assert.deepEqual(await askForAllKeys(redis), expected);
  }

  // Envoy tells of new hosts before its worker has heard of them.
  async function untilReplies(...expected: readonly string[]): Promise<void> {
    await waitUntil(`all replies are ${expected.join(' or ')}`, async () => {
      const replies = await askForAllKeys(redis);
      if (replies.join() !== expected.join()) throw new Error(replies.join(' or '));
      return true;
    });
    await assertReplies(...expected);
  }

  await t.test('a cluster without endpoints makes Envoy live, and it has no upstream host', async () => {
    await controlPlane.cli('cluster', 'add', cluster, 'br');
    await controlPlane.cli('commit');
    await envoy.untilLive();
    redis = await envoy.child.until('the Redis listener is there', () => connectRedis(t, listenerPort));
    await assertReplies(noUpstreamHost);
  });

  await t.test('a staged endpoint takes no traffic before the commit', async () => {
    await stage('add', first);
    await assertReplies(noUpstreamHost);
    assert.ok(!(await envoy.hosts(cluster)).includes(`${first.address}:${first.port}`));
  });

  await t.test('committed, the first endpoint answers', async () => {
    await commitHosts(first);
    await untilReplies(fromFirst);
    assert.equal(await redis.ask('GET', 'missing'), '(nil)');
    assert.equal(await redis.ask('SET', 'written', 'through Envoy'), 'OK');
    assert.equal(await first.direct.ask('GET', 'written'), '"through Envoy"');
  });

  await t.test('a second endpoint takes nothing while it is staged, and its share when it is committed', async () => {
    await stage('add', second);
    await assertReplies(fromFirst);
    await commitHosts(first, second);
    await untilReplies(fromFirst, fromSecond);
  });

  await t.test('a removed endpoint gets no traffic, on connections that were open before either', async () => {
    await stage('remove', first);
    await assertReplies(fromFirst, fromSecond);
    await commitHosts(second);
    await untilReplies(fromSecond);
  });

  await t.test('with the last endpoint removed there is no upstream host', async () => {
    await stage('remove', second);
    await controlPlane.cli('commit');
    await untilReplies(noUpstreamHost);
  });

  await t.test('the control plane is killed and traffic goes on', async () => {
    await stage('add', first);
    await commitHosts(first);
    await untilReplies(fromFirst);
    await stage('add', second);
    await controlPlane.kill();
    await envoy.untilStreams('broken');
    await assertReplies(fromFirst);
  });

  await t.test('it returns: nothing changes before a commit, and that publishes what was staged', async () => {
    await controlPlane.comeBack();
    await envoy.untilStreams('open');
    await assertReplies(fromFirst);
    await commitHosts(first, second);
    await untilReplies(fromFirst, fromSecond);
  });

  await t.test('Envoy took updates by every subscription and rejected none', async () => {
    const rejected = await envoy.stats('\\.update_rejected$');
    assert.deepEqual([...rejected.keys()].toSorted(), setting.subscriptions.map((name) => `${name}.update_rejected`));
    assert.deepEqual([...new Set(rejected.values())], [0]);
    const taken = await envoy.stats('\\.update_success$');
    for (const name of setting.subscriptions) assert.ok(taken.get(`${name}.update_success`), name);
  });
}

/** A Redis server in which every key of the story holds the server's name. */
async function startNamedRedis(t: TestContext, name: string): Promise<RedisServer> {
  const redis = await startRedis(t);
  await redis.direct.ask('MSET', ...keys.flatMap((key) => [key, name]));
  return redis;
}

async function startStoryEnvoy(
  t: TestContext,
  setting: Setting,
  controlPlane: ControlPlane,
  listenerPort: number,
): Promise<Envoy> {
  const ports = { admin: await freePort(), xds: controlPlane.place.xdsPort };
  const listener = setting.listenerFrom === 'bootstrap' ? { listener: listenerPort } : {};
  const bootstrap = moveToLoopback(await readBootstrap(setting.bootstrap), { ...ports, ...listener });
  return startEnvoy(t, bootstrap, setting.version === undefined ? {} : { version: setting.version });
}

/** The different replies to a GET of every key, sorted. */
async function askForAllKeys(redis: RespClient): Promise<string[]> {
  const replies = await Promise.all(keys.map((key) => redis.ask('GET', key)));
  return [...new Set(replies)].toSorted();
}
