// Kinds of cluster and ways to balance load, behind a real Envoy and real Redis servers.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { envoyReleases } from '../support/envoy.ts';
import { startRedis } from '../support/redis-server.ts';
import type { RedisServer } from '../support/redis-server.ts';
import type { RespClient } from '../support/resp-client.ts';
import { waitUntil } from '../support/wait-until.ts';
import { startDeclaredEnvoy } from './declared-envoy.ts';

const keys = Array.from({ length: 200 }, (_, index) => `key-${index}`);

function endpointOf({ address, port }: RedisServer): { address: string; port: number } {
  return { address, port };
}

async function startServers(t: Parameters<typeof startRedis>[0], count: number): Promise<RedisServer[]> {
  return Promise.all(Array.from({ length: count }, () => startRedis(t)));
}

/** In the order of {@link keys}. */
async function keysOn({ direct }: RedisServer): Promise<string[]> {
  const found = await Promise.all(keys.map((key) => direct.ask('EXISTS', key)));
  return keys.filter((_, index) => found[index] === '(integer) 1');
}

async function setAll(redis: RespClient, value: string): Promise<void> {
  const replies = await Promise.all(keys.map((key) => redis.ask('SET', key, value)));
  assert.deepEqual(new Set(replies), new Set(['OK']));
}

for (const [version, load_balancing] of [
  ['1.40.0', undefined],
  ['1.40.0', { policy: 'ring_hash', min_ring_size: 2_048 }],
  ['1.36.2', { policy: 'maglev', table_size: 503 }],
] as const) {
  const policy = load_balancing?.policy ?? 'the default policy';
  test(`Envoy ${version}, ${policy}: a shard takes its keys to another server, and no other key moves`, async (t) => {
    const servers = await startServers(t, 4);
    const spare = await startRedis(t);
    const subject = await startDeclaredEnvoy(t, { version });
    const declare = (shardServers: readonly RedisServer[]): void => {
      const shards = shardServers.map((server, index) => ({ name: `shard-${index}`, endpoint: endpointOf(server) }));
      subject.declare({ clusters: [{ name: 'orders', kind: 'sharded', shards, load_balancing }] });
    };
    declare(servers);
    await subject.envoy.untilLive();
    const redis = await subject.connect();
    await setAll(redis, 'first');
    const before = await Promise.all(servers.map(keysOn));
    assert.equal(before.flat().length, keys.length);
    assert.ok(before.every((owned) => owned.length > 0), before.map(({ length }) => length).join());

    const [, , moved] = servers;
    assert.ok(moved !== undefined);
    declare(servers.with(2, spare));
    const left = servers.toSpliced(2, 1, spare).map(({ address, port }) => `${address}:${port}`);
    await subject.envoy.untilHosts('orders', left);
    const [keyOfMoved = ''] = before[2] ?? [];
    await waitUntil('the worker has heard of it', async () => (await redis.ask('GET', keyOfMoved)) === '(nil)');
    await setAll(redis, 'second');
    const after = await Promise.all(servers.with(2, spare).map(keysOn));
    assert.deepEqual(after, before);
    assert.equal(await moved.direct.ask('GET', keyOfMoved), '"first"');
    await subject.assertAllTaken();
  });
}

for (const version of envoyReleases) {
  test(`Envoy ${version} takes every policy with its sizes, weights, zones and timeouts`, async (t) => {
    const [server, other] = await startServers(t, 2);
    assert.ok(server !== undefined && other !== undefined);
    const endpoints = [
      { ...endpointOf(server), weight: 3, zone: 'east' },
      { ...endpointOf(other), zone: 'west' },
    ];
    const policies = [
      { policy: 'round_robin' },
      { policy: 'least_request', choice_count: 3 },
      { policy: 'random' },
      { policy: 'maglev', table_size: 503 },
      { policy: 'ring_hash', min_ring_size: 128, max_ring_size: 4_096 },
    ];
    const clusters = policies.map((load_balancing) => {
      const { policy: name } = load_balancing;
      return { name, prefix: `${name}:`, endpoints, load_balancing, connect_timeout: '750ms' };
    });
    const subject = await startDeclaredEnvoy(t, { version });
    subject.declare({ clusters });
    await subject.envoy.untilLive();
    const redis = await subject.connect();
    for (const { name, prefix } of clusters) {
      await Promise.all(keys.map((key) => redis.ask('SET', `${prefix}${key}`, 'value')));
      // In another order: round robin would come round to the same servers.
      const replies = await Promise.all(keys.toReversed().map((key) => redis.ask('GET', `${prefix}${key}`)));
      const isByKey = name === 'maglev' || name === 'ring_hash';
      // The others have a value on one server, and look for it on any.
      assert.equal(replies.every((reply) => reply === '"value"'), isByKey, name);
    }
    const found = await server.direct.ask('EVAL', `return #redis.call('KEYS', 'maglev:*')`, '0');
    const share = Number(found.replace('(integer) ', '')) / keys.length;
    assert.ok(share > 0.6 && share < 0.9, `of weights 3 and 1 the first has ${share}`);
    await subject.untilSynced();
    await subject.assertAllTaken();
  });
}
