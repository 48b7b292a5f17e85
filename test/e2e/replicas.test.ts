// A primary and its replicas behind a real Envoy: who is written to, who answers reads, and how the primary changes.

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';

import { runInProcess } from '../cli/canned-api.ts';
import { moveToLoopback, readBootstrap } from '../support/bootstrap.ts';
import { startControlPlane } from '../support/controlplane.ts';
import { envoyReleases, startEnvoy } from '../support/envoy.ts';
import { freePort } from '../support/free-port.ts';
import { startRedis } from '../support/redis-server.ts';
import type { RedisServer } from '../support/redis-server.ts';
import { connectRedis } from '../support/resp-client.ts';
import type { RespClient } from '../support/resp-client.ts';
import { tempDir } from '../support/temp-dir.ts';
import { waitUntil } from '../support/wait-until.ts';
import { startDeclaredEnvoy } from './declared-envoy.ts';
import type { DeclaredEnvoy } from './declared-envoy.ts';

const modes = ['replica', 'prefer_replica', 'any'] as const;

interface Group {
  readonly first: RedisServer;
  readonly second: RedisServer;
  readonly third: RedisServer;
}

/** The first is the primary. */
async function startGroup(t: TestContext): Promise<Group> {
  const [first, second, third] = [await startRedis(t), await startRedis(t), await startRedis(t)];
  await follow(first, second, third);
  return { first, second, third };
}

async function follow(primary: RedisServer, ...replicas: readonly RedisServer[]): Promise<void> {
  assert.equal(await primary.direct.ask('REPLICAOF', 'NO', 'ONE'), 'OK');
  for (const { direct } of replicas) {
    assert.equal(await direct.ask('REPLICAOF', primary.address, `${primary.port}`), 'OK');
  }
  for (const { direct, child } of replicas) {
    await child.until('it follows', async () => {
      const info = await direct.ask('INFO', 'replication');
      if (info.includes('master_link_status:up') && info.includes(`master_port:${primary.port}`)) return true;
      throw new Error(info);
    });
  }
}

function nameOf({ address, port }: RedisServer): string {
  return `${address}:${port}`;
}

function declareGroup(subject: DeclaredEnvoy, primary: RedisServer, ...all: readonly RedisServer[]): void {
  declareChecked(subject, {}, primary, ...all);
}

function declareChecked(
  subject: DeclaredEnvoy,
  health: object,
  primary: RedisServer,
  ...all: readonly RedisServer[]
): void {
  const endpoints = all.map(({ address, port }) => ({ address, port }));
  const group = { name: 'group', kind: 'replicated', prefix: 'p:', primary: nameOf(primary), endpoints, ...health };
  const routes = [{ prefix: 'w:', cluster: 'group' }, ...modes.map((reads) => ({ prefix: `${reads}:`, cluster: 'group', reads }))];
  subject.declare({ clusters: [group], listeners: [{ name: 'redis_listener', routes, catch_all: 'none' }] });
}

/** How many of the commands that were counted before have come to each. */
async function callsOf(command: string, servers: readonly RedisServer[]): Promise<number[]> {
  const stats = await Promise.all(servers.map(({ direct }) => direct.ask('INFO', 'commandstats')));
  return stats.map((text) => Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(text)?.[1] ?? 0));
}

async function countReads(redis: RespClient, key: string, servers: readonly RedisServer[]): Promise<number[]> {
  const before = await callsOf('get', servers);
  for (let count = 0; count < 40; count += 1) assert.equal(await redis.ask('GET', key), '"value"');
  const after = await callsOf('get', servers);
  return after.map((count, index) => count - (before[index] ?? 0));
}

async function untilReplicated({ direct }: RedisServer, key: string): Promise<void> {
  await waitUntil('it is replicated', async () => (await direct.ask('GET', key)) === '"value"');
}

for (const version of envoyReleases) {
  test(`Envoy ${version}: writes go to the primary, and reads where the route says`, async (t) => {
    const { first, second, third } = await startGroup(t);
    const subject = await startDeclaredEnvoy(t, { version });
    declareGroup(subject, first, first, second, third);
    await subject.envoy.untilLive();
    const redis = await subject.connect();
    for (const prefix of ['w', ...modes]) {
      assert.equal(await redis.ask('SET', `${prefix}:key`, 'value'), 'OK');
      await untilReplicated(second, `${prefix}:key`);
      await untilReplicated(third, `${prefix}:key`);
    }
    assert.deepEqual(await countReads(redis, 'w:key', [first, second, third]), [40, 0, 0]);
    for (const mode of modes) {
      const [ofPrimary = 0, ...ofReplicas] = await countReads(redis, `${mode}:key`, [first, second, third]);
      assert.equal(ofPrimary > 0, mode === 'any', `${mode}: ${ofPrimary} to the primary`);
      assert.ok(ofReplicas.every((count) => count > 0), `${mode}: ${ofReplicas.join()} to the replicas`);
    }
    // A transaction is the primary's as a whole.
    assert.equal(await redis.ask('MULTI'), 'OK');
    assert.equal(await redis.ask('SET', 'replica:key', 'other'), 'QUEUED');
    assert.equal(await redis.ask('GET', 'replica:key'), 'QUEUED');
    assert.match(await redis.ask('EXEC'), /OK[^]*other/);
    await subject.assertAllTaken();
  });
}

for (const way of ['ads', 'delta-ads', 'streams', 'delta-streams'] as const) {
  test(`${way}: another primary is written to, and no cluster or listener has changed`, async (t) => {
    const { first, second, third } = await startGroup(t);
    const subject = await startDeclaredEnvoy(t, { way });
    declareGroup(subject, first, first, second, third);
    await subject.envoy.untilLive();
    const redis = await subject.connect();
    assert.equal(await redis.ask('SET', 'w:before', 'value'), 'OK');
    await subject.untilSynced();
    const before = await subject.envoy.stats('(cluster_manager.cluster_(added|modified|removed)|listener_manager.listener_(modified|in_place_updated))$');
    await untilReplicated(second, 'w:before');
    await follow(second, first, third);
    declareGroup(subject, second, first, second, third);
    await subject.envoy.untilHosts('group', [nameOf(second)]);
    await subject.envoy.untilHosts('group/replica', [nameOf(first), nameOf(third)]);
    await waitUntil('the worker has heard of it', async () => (await redis.ask('SET', 'w:after', 'value')) === 'OK');
    assert.equal(await redis.ask('GET', 'w:before'), '"value"');
    assert.equal(await second.direct.ask('GET', 'w:after'), '"value"');
    const after = await subject.envoy.stats('(cluster_manager.cluster_(added|modified|removed)|listener_manager.listener_(modified|in_place_updated))$');
    assert.ok(before.size >= 4, [...before.keys()].join());
    assert.deepEqual([...after], [...before]);
    await subject.assertAllTaken();
  });
}

test('without replicas reads find none, the primary, or all there is; and MULTI harms nobody', async (t) => {
  const first = await startRedis(t);
  const subject = await startDeclaredEnvoy(t);
  declareGroup(subject, first, first);
  await subject.envoy.untilLive();
  const redis = await subject.connect();
  for (const mode of modes) assert.equal(await redis.ask('SET', `${mode}:key`, 'value'), 'OK');
  await waitUntil('the stand-in answers', async () => (await redis.ask('GET', 'replica:key')) === '(error) no upstream host');
  assert.equal(await redis.ask('GET', 'prefer_replica:key'), '"value"');
  assert.equal(await redis.ask('GET', 'any:key'), '"value"');
  assert.equal(await redis.ask('MULTI'), 'OK');
  assert.equal(await redis.ask('GET', 'replica:key'), 'QUEUED');
  assert.match(await redis.ask('EXEC'), /value/);
  await subject.envoy.stats('^server.live$');
});

test('without a server nothing is answered, and MULTI harms nobody', async (t) => {
  const subject = await startDeclaredEnvoy(t);
  subject.declare({ clusters: [{ name: 'group', kind: 'replicated', reads: 'replica' }] });
  await subject.envoy.untilLive();
  const redis = await subject.connect();
  assert.equal(await redis.ask('GET', 'key'), '(error) no upstream host');
  for (const command of ['SET', 'GET']) {
    assert.equal(await redis.ask('MULTI'), 'OK');
    assert.equal(await redis.ask(command, 'key', ...(command === 'SET' ? ['value'] : [])), '(error) no upstream host');
    await redis.ask('EXEC');
  }
  await subject.envoy.stats('^server.live$');
});

test('a replica in its priority that is away is not passed over for the primary without a health check', async (t) => {
  const [first, second] = [await startRedis(t), await startRedis(t)];
  await follow(first, second);
  const subject = await startDeclaredEnvoy(t);
  declareGroup(subject, first, first, second);
  await subject.envoy.untilLive();
  const redis = await subject.connect();
  assert.equal(await redis.ask('SET', 'prefer_replica:key', 'value'), 'OK');
  await untilReplicated(second, 'prefer_replica:key');
  assert.equal(await redis.ask('GET', 'prefer_replica:key'), '"value"');
  await second.child.end('SIGKILL');
  await waitUntil('it is gone', async () => (await redis.ask('GET', 'prefer_replica:key')) === '(error) upstream failure');
  assert.equal(await redis.ask('SET', 'prefer_replica:key', 'value'), 'OK');
});

for (const version of envoyReleases) {
  test(`Envoy ${version}, with a health check: reads are the primary's when all replicas are away, and theirs when one is back`, async (t) => {
    const { first, second, third } = await startGroup(t);
    const subject = await startDeclaredEnvoy(t, { version });
    const health = { health_check: { interval: '100ms', timeout: '2s', unhealthy_threshold: 2 } };
    declareChecked(subject, health, first, first, second, third);
    await subject.envoy.untilLive();
    const redis = await subject.connect();
    const key = 'prefer_replica:key';
    assert.equal(await redis.ask('SET', key, 'value'), 'OK');
    assert.equal(await redis.ask('SET', 'any:key', 'value'), 'OK');
    for (const replica of [second, third]) await untilReplicated(replica, key);
    await subject.envoy.untilHealthy('group/prefer_replica', [first, second, third].map(nameOf));
    assert.deepEqual((await countReads(redis, key, [first]))[0], 0);

    await second.child.end('SIGKILL');
    await subject.envoy.untilHealthy('group/prefer_replica', [first, third].map(nameOf));
    await waitUntil('the worker has heard of it', async () => {
      return (await Promise.all(Array.from({ length: 8 }, () => redis.ask('GET', key)))).every((reply) => reply === '"value"');
    });
    assert.deepEqual(await countReads(redis, key, [first, third]), [0, 40]);

    await third.child.end('SIGKILL');
    await subject.envoy.untilHealthy('group/prefer_replica', [nameOf(first)]);
    for (const each of [key, 'any:key']) {
      await waitUntil('the primary answers', async () => (await redis.ask('GET', each)) === '"value"');
      assert.deepEqual(await countReads(redis, each, [first]), [40]);
    }
    assert.equal(await redis.ask('GET', 'replica:key'), '(error) upstream failure');
    assert.equal(await redis.ask('MULTI'), 'OK');
    assert.equal(await redis.ask('SET', 'replica:key', 'value'), 'QUEUED');
    assert.match(await redis.ask('EXEC'), /OK/);

    const back = await startRedis(t, third.port);
    await follow(first, back);
    await untilReplicated(back, key);
    await subject.envoy.untilHealthy('group/prefer_replica', [first, back].map(nameOf));
    await waitUntil('the worker has heard of it', async () => (await countReads(redis, key, [first]))[0] === 0);
    await subject.assertAllTaken();
  });

  test(`Envoy ${version}, with a health check: another primary takes the writes at once, though the old one is well`, async (t) => {
    const { first, second, third } = await startGroup(t);
    const subject = await startDeclaredEnvoy(t, { version });
    const health = { health_check: { interval: '100ms', timeout: '2s' } };
    declareChecked(subject, health, first, first, second, third);
    await subject.envoy.untilLive();
    const redis = await subject.connect();
    assert.equal(await redis.ask('SET', 'w:key', 'value'), 'OK');
    await untilReplicated(second, 'w:key');
    await follow(second, third);
    declareChecked(subject, health, second, first, second, third);
    await subject.envoy.untilHosts('group', [nameOf(second)]);
    await waitUntil('the worker has heard of it', async () => {
      await redis.ask('SET', 'w:key', 'new');
      return (await second.direct.ask('GET', 'w:key')) === '"new"';
    });
    await first.direct.ask('SET', 'w:key', 'old');
    for (let count = 0; count < 20; count += 1) assert.equal(await redis.ask('SET', 'w:key', `${count}`), 'OK');
    assert.equal(await first.direct.ask('GET', 'w:key'), '"old"');
    await subject.assertAllTaken();
  });
}

test('a sharded cluster writes to the primaries of its shards, whose keys stay when one of them changes', async (t) => {
  const { first, second, third } = await startGroup(t);
  const other = await startRedis(t);
  const subject = await startDeclaredEnvoy(t);
  const declare = (primary: RedisServer): void => {
    const endpoints = [first, second, third].map(({ address, port }) => ({ address, port }));
    const shards = [
      { name: 'shard-0', primary: nameOf(primary), endpoints },
      { name: 'shard-1', endpoint: { address: other.address, port: other.port } },
    ];
    subject.declare({ clusters: [{ name: 'orders', kind: 'sharded', shards }] });
  };
  declare(first);
  await subject.envoy.untilLive();
  const redis = await subject.connect();
  const keys = Array.from({ length: 64 }, (_, index) => `key-${index}`);
  for (const key of keys) assert.equal(await redis.ask('SET', key, 'value'), 'OK');
  const sizes = await Promise.all([first, other].map(({ direct }) => direct.ask('DBSIZE')));
  const [ofShard = 0, ofOther = 0] = sizes.map((text) => Number(text.replace('(integer) ', '')));
  assert.ok(ofShard > 0 && ofOther > 0 && ofShard + ofOther === keys.length, sizes.join());
  await waitUntil('all is replicated', async () => (await second.direct.ask('DBSIZE')) === sizes[0]);
  await follow(second, first, third);
  declare(second);
  await subject.envoy.untilHosts('orders', [nameOf(second), nameOf(other)]);
  for (const key of keys) {
    await waitUntil('it is written', async () => (await redis.ask('SET', key, 'again')) === 'OK');
    assert.equal(await redis.ask('GET', key), '"again"');
  }
  assert.equal(await second.direct.ask('DBSIZE'), sizes[0]);
  assert.equal(await other.direct.ask('DBSIZE'), sizes[1]);
});

test('by commands: a group is declared, its primary changes, and the plan has endpoints alone', async (t) => {
  const { first, second, third } = await startGroup(t);
  const port = await freePort();
  const controlPlane = await startControlPlane(t, ['--redis-listener', `127.0.0.1:${port}`]);
  const run = (...words: readonly string[]) => runInProcess([...words, '--api', controlPlane.api]);
  const succeed = async (...words: readonly string[]): Promise<string> => {
    const { status, stdout, stderr } = await run(...words);
    assert.equal(status, 0, `${words.join(' ')}: ${stdout}${stderr}`);
    return stdout;
  };
  await succeed('cluster', 'add', 'group', '--kind', 'replicated', '--primary', nameOf(first), '--reads', 'prefer_replica');
  for (const server of [second, third]) await succeed('endpoint', 'add', 'group', nameOf(server));
  await succeed('commit');
  const xds = controlPlane.place.xdsPort;
  const bootstrap = moveToLoopback(await readBootstrap('envoy/redis-v3-ads.yaml'), { admin: await freePort(), xds });
  const envoy = await startEnvoy(t, bootstrap);
  await envoy.untilLive();
  const redis = await envoy.child.until('the listener is there', () => connectRedis(t, port));
  assert.equal(await redis.ask('SET', 'key', 'value'), 'OK');
  await untilReplicated(second, 'key');
  await untilReplicated(third, 'key');
  const [ofPrimary] = await countReads(redis, 'key', [first, second, third]);
  assert.equal(ofPrimary, 0);

  const refused = await run('endpoint', 'remove', 'group', nameOf(first));
  assert.match(refused.stderr, /is the primary of the cluster: first make another one the primary/);
  await follow(second, first, third);
  await succeed('cluster', 'set', 'group', '--primary', nameOf(second));
  const { resources } = JSON.parse(await succeed('plan', '-o', 'json')) as { resources: unknown };
  const changed = ['group', 'group/prefer_replica', 'group/replica'];
  assert.deepEqual(resources, [{ group: '', kind: 'endpoint', added: [], changed, removed: [] }]);
  const { stdout } = await run('diff');
  assert.match(stdout, new RegExp(`^~ cluster group {2}primary: ${nameOf(first)} -> ${nameOf(second)}$`, 'm'));
  await succeed('commit', '--wait', '30s');
  await waitUntil('the worker has heard of it', async () => (await redis.ask('SET', 'key', 'other')) === 'OK');
  assert.equal(await second.direct.ask('GET', 'key'), '"other"');

  const file = await succeed('export');
  const path = join(await tempDir(t), 'config.yaml');
  await writeFile(path, file);
  await succeed('apply', '-f', path);
  // It ends with 1 when anything differs.
  await succeed('diff');
});
