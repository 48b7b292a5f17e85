// A real Redis Cluster behind a real Envoy.

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, test } from 'node:test';

import { envoyReleases } from '../support/envoy.ts';
import { freePort } from '../support/free-port.ts';
import { startRedisCluster } from '../support/redis-cluster.ts';
import type { RedisServer } from '../support/redis-server.ts';
import { startRedis } from '../support/redis-server.ts';
import { waitUntil } from '../support/wait-until.ts';
import { startDeclaredEnvoy } from './declared-envoy.ts';

const keys = Array.from({ length: 60 }, (_, index) => `key-${index}`);

function seedsOf(servers: readonly RedisServer[]): { address: string; port: number }[] {
  return servers.map(({ address, port }) => ({ address, port }));
}

async function countOf(server: RedisServer): Promise<number> {
  return Number((await server.direct.ask('DBSIZE')).replace('(integer) ', ''));
}

for (const version of envoyReleases) {
  for (const way of ['ads', 'delta-streams'] as const) {
    test(`Envoy ${version}, ${way}: keys go to the servers that have their slots, and follow a slot that moves`, async (t) => {
      const servers = await startRedisCluster(t);
      const subject = await startDeclaredEnvoy(t, { version, way });
      subject.declare({ clusters: [{ name: 'carts', kind: 'redis_cluster', endpoints: seedsOf(servers.slice(0, 2)) }] });
      await subject.envoy.untilLive();
      const redis = await subject.connect();
      await subject.envoy.untilHosts('carts', servers.map(({ address, port }) => `${address}:${port}`));
      await waitUntil('the worker has heard of it', async () => (await redis.ask('SET', 'key-0', 'value')) === 'OK');
      for (const key of keys) assert.equal(await redis.ask('SET', key, 'value'), 'OK');
      for (const key of keys) assert.equal(await redis.ask('GET', key), '"value"');
      const counts = await Promise.all(servers.map(countOf));
      assert.ok(counts.every((count) => count > 0), counts.join());
      assert.equal(await redis.ask('MULTI'), 'OK');
      assert.equal(await redis.ask('SET', 'key-1', 'other'), 'QUEUED');
      assert.match(await redis.ask('EXEC'), /OK/);

      const [first] = servers;
      assert.ok(first !== undefined);
      const slot = (await first.direct.ask('CLUSTER', 'KEYSLOT', 'moved')).replace('(integer) ', '');
      const ids = await Promise.all(servers.map(({ direct }) => direct.ask('CLUSTER', 'MYID')));
      const nodes = await first.direct.ask('CLUSTER', 'NODES');
      const ownerIndex = servers.findIndex(({ port }) => {
        const [, from = '', to = ''] = new RegExp(`:${port}@.*connected (\\d+)-(\\d+)`).exec(nodes) ?? [];
        return Number(from) <= Number(slot) && Number(slot) <= Number(to);
      });
      const taker = ids[(ownerIndex + 1) % servers.length]?.replaceAll('"', '') ?? '';
      for (const { direct } of servers) assert.equal(await direct.ask('CLUSTER', 'SETSLOT', slot, 'NODE', taker), 'OK');
      assert.equal(await redis.ask('SET', 'moved', 'value'), 'OK');
      assert.equal(await servers[(ownerIndex + 1) % servers.length]?.direct.ask('GET', 'moved'), '"value"');
      await subject.untilSynced();
      await subject.assertAllTaken();
    });
  }
}

test('a change of another cluster changes nothing of it, and reaches listeners without waiting for endpoints', async (t) => {
  const servers = await startRedisCluster(t);
  const plain = await startRedis(t);
  const subject = await startDeclaredEnvoy(t);
  const carts = { name: 'carts', kind: 'redis_cluster', prefix: 'cart:', endpoints: seedsOf(servers) };
  const others = { name: 'others', prefix: 'o:', endpoints: [{ address: plain.address, port: plain.port }] };
  subject.declare({ clusters: [carts] });
  await subject.envoy.untilLive();
  const redis = await subject.connect();
  await subject.envoy.untilHosts('carts', servers.map(({ address, port }) => `${address}:${port}`));
  await waitUntil('the worker has heard of it', async () => (await redis.ask('SET', 'cart:1', 'value')) === 'OK');
  subject.declare({ clusters: [carts, others] });
  await waitUntil('the new route is there', async () => {
    const client = await subject.connect();
    return (await client.ask('SET', 'o:1', 'value')) === 'OK';
  });
  const counts = await subject.envoy.stats('^cluster_manager.cluster_modified$');
  assert.deepEqual([...counts.values()], [0]);
  await subject.assertAllTaken();
});

test('with a health check, reads of a primary that is away go to its replica where the listener says so', async (t) => {
  const servers = await startRedisCluster(t, { replicas: 1 });
  const subject = await startDeclaredEnvoy(t);
  const health_check = { interval: '100ms', timeout: '2s', unhealthy_threshold: 2 };
  const carts = { name: 'carts', kind: 'redis_cluster', endpoints: seedsOf(servers), health_check };
  subject.declare({ clusters: [carts], listeners: [{ name: 'redis_listener', read_policy: 'prefer_primary' }] });
  await subject.envoy.untilLive();
  const redis = await subject.connect();
  const addresses = servers.map(({ address, port }) => `${address}:${port}`);
  await subject.envoy.untilHealthy('carts', addresses);
  await waitUntil('the worker has heard of it', async () => (await redis.ask('SET', 'key-0', 'value')) === 'OK');
  for (const key of keys) assert.equal(await redis.ask('SET', key, 'value'), 'OK');
  const [first] = servers;
  assert.ok(first !== undefined);
  await waitUntil('all is replicated', async () => {
    const sizes = await Promise.all(servers.map(countOf));
    return sizes.reduce((sum, size) => sum + size, 0) === 2 * keys.length;
  });
  await first.child.end('SIGKILL');
  for (const key of keys) {
    await waitUntil('it is read', async () => (await redis.ask('GET', key)) === '"value"');
  }
  await subject.assertAllTaken();
});

test('reads go to replicas where the listener says so, and to their primaries where there are none', async (t) => {
  const servers = await startRedisCluster(t, { replicas: 1 });
  const subject = await startDeclaredEnvoy(t);
  subject.declare({
    clusters: [{ name: 'carts', kind: 'redis_cluster', endpoints: seedsOf(servers), refresh: { rate: '1s' } }],
    listeners: [{ name: 'redis_listener', read_policy: 'prefer_replica' }],
  });
  await subject.envoy.untilLive();
  const redis = await subject.connect();
  await subject.envoy.untilHosts('carts', servers.map(({ address, port }) => `${address}:${port}`));
  await waitUntil('the worker has heard of it', async () => (await redis.ask('SET', 'key-0', 'value')) === 'OK');
  for (const key of keys) assert.equal(await redis.ask('SET', key, 'value'), 'OK');
  const readsOfReplicas = async (): Promise<number> => {
    const stats = await Promise.all(servers.slice(3).map(({ direct }) => direct.ask('INFO', 'commandstats')));
    return stats.reduce((sum, text) => sum + Number(/cmdstat_get:calls=(\d+)/.exec(text)?.[1] ?? 0), 0);
  };
  await waitUntil('all keys are read from replicas', async () => {
    const before = await readsOfReplicas();
    for (const key of keys) assert.equal(await redis.ask('GET', key), '"value"');
    return (await readsOfReplicas()) - before === keys.length;
  });
});

describe('a Redis Cluster of which no seed answers', () => {
  test('keeps no Envoy from its listeners and its other clusters', async (t) => {
    const plain = await startRedis(t);
    const subject = await startDeclaredEnvoy(t);
    subject.declare({
      clusters: [
        { name: 'carts', kind: 'redis_cluster', prefix: 'cart:', endpoints: [{ address: '127.0.0.1', port: await freePort() }] },
        { name: 'others', prefix: 'o:', endpoints: [{ address: plain.address, port: plain.port }] },
      ],
    });
    await subject.envoy.untilLive();
    const redis = await subject.connect();
    assert.equal(await redis.ask('SET', 'o:1', 'value'), 'OK');
    assert.equal(await redis.ask('SET', 'cart:1', 'value'), '(error) no upstream host');
    await subject.untilSynced();
  });
});

// One that has never answered does: docs/adr/0025.
test('a Redis Cluster that is away with all its servers ends no Envoy by MULTI', async (t) => {
  const servers = await startRedisCluster(t);
  const subject = await startDeclaredEnvoy(t);
  const carts = { name: 'carts', kind: 'redis_cluster', endpoints: seedsOf(servers), refresh: { rate: '1s' } };
  subject.declare({ clusters: [carts] });
  await subject.envoy.untilLive();
  await subject.envoy.untilHosts('carts', servers.map(({ address, port }) => `${address}:${port}`));
  for (const { child } of servers) await child.end('SIGKILL');
  // It has asked in vain for a few times then.
  await sleep(3_000);
  for (const end of ['EXEC', 'DISCARD', 'disconnect']) {
    const redis = await subject.connect();
    assert.equal(await redis.ask('MULTI'), 'OK');
    assert.equal(await redis.ask('SET', 'key', 'value'), '(error) upstream failure');
    if (end !== 'disconnect') assert.equal(await redis.ask(end), `(error) ${end} without MULTI`);
    redis.close();
  }
  await sleep(100);
  await subject.envoy.stats('^server.live$');
});
