// Servers by name, behind a real Envoy that asks a DNS server of the test.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';

import { moveToLoopback, readBootstrap, withoutDrainClose } from '../support/bootstrap.ts';
import type { Bootstrap } from '../support/bootstrap.ts';
import { startControlPlane } from '../support/controlplane.ts';
import { startDns } from '../support/dns-server.ts';
import type { DnsServer } from '../support/dns-server.ts';
import { envoyReleases, startEnvoy } from '../support/envoy.ts';
import type { EnvoyRelease } from '../support/envoy.ts';
import { freePort } from '../support/free-port.ts';
import { startRedisCluster } from '../support/redis-cluster.ts';
import { startRedis } from '../support/redis-server.ts';
import type { RedisServer } from '../support/redis-server.ts';
import { connectRedis } from '../support/resp-client.ts';
import type { RespClient } from '../support/resp-client.ts';
import { waitUntil } from '../support/wait-until.ts';
import { startDeclaredEnvoy } from './declared-envoy.ts';
import type { DeclaredEnvoy, Way } from './declared-envoy.ts';

const keys = Array.from({ length: 100 }, (_, index) => `key-${index}`);
const noUpstreamHost = '(error) no upstream host';

interface Setting {
  readonly subject: DeclaredEnvoy;
  readonly dns: DnsServer;
}

async function start(
  t: TestContext,
  version: EnvoyRelease,
  records: Readonly<Record<string, readonly string[]>>,
  way: Way = 'ads',
): Promise<Setting> {
  const dns = await startDns(t, records);
  const change = (bootstrap: Bootstrap): Bootstrap => ({ ...bootstrap, ...{ typed_dns_resolver_config: askOnly(dns) } });
  return { dns, subject: await startDeclaredEnvoy(t, { version, change, way }) };
}

function askOnly({ port }: DnsServer): object {
  return {
    name: 'envoy.network.dns_resolver.cares',
    typed_config: {
      '@type': 'type.googleapis.com/envoy.extensions.network.dns_resolver.cares.v3.CaresDnsResolverConfig',
      resolvers: [{ socket_address: { address: '127.0.0.1', port_value: port } }],
      dns_resolver_options: { no_default_search_domain: true },
    },
  };
}

function startServers(t: TestContext, count: number): Promise<RedisServer[]> {
  return Promise.all(Array.from({ length: count }, () => startRedis(t)));
}

/** In the order of {@link keys}. */
async function keysOn({ direct }: RedisServer): Promise<string[]> {
  const found = await Promise.all(keys.map((key) => direct.ask('EXISTS', key)));
  return keys.filter((_, index) => found[index] === '(integer) 1');
}

/** On a connection of its own each, in every shape that would end an Envoy that has no host to choose. */
async function tryTransactions(subject: DeclaredEnvoy, key: string): Promise<Set<string>> {
  const replies = new Set<string>();
  for (const end of ['EXEC', 'DISCARD', 'disconnect'] as const) {
    const redis = await subject.connect();
    assert.equal(await redis.ask('MULTI'), 'OK');
    replies.add(await redis.ask('SET', key, 'value'));
    if (end !== 'disconnect') await redis.ask(end);
    redis.close();
  }
  assert.equal(await (await subject.connect()).ask('PING'), 'PONG');
  await subject.envoy.stats('^server.live$');
  return replies;
}

async function until(redis: RespClient, words: readonly string[], reply: string): Promise<void> {
  await waitUntil(`${words.join(' ')} gives ${reply}`, async () => {
    const got = await redis.ask(...words);
    if (got !== reply) throw new Error(got);
    return true;
  });
}

for (const version of envoyReleases) {
  describe(`Envoy ${version}`, () => {
    test('finds a server by its name, follows it, and lives while the name is gone', async (t) => {
      const [server] = await startServers(t, 1);
      assert.ok(server !== undefined);
      const { subject, dns } = await start(t, version, { 'redis-a.test': ['127.0.0.1'] });
      const declare = (fields: object): void => {
        const endpoints = [{ address: 'Redis-A.test', port: server.port }];
        subject.declare({ clusters: [{ name: 'orders', endpoints, ...fields }] });
      };
      declare({});
      await subject.envoy.untilLive();
      const redis = await subject.connect();
      await until(redis, ['SET', 'key', 'value'], 'OK');
      for (const fields of [{}, { health_check: { interval: '100ms' } }, { outlier_detection: {} }]) {
        declare(fields);
        await subject.untilSynced();
        await until(redis, ['GET', 'key'], '"value"');
        dns.records.clear();
        await until(redis, ['GET', 'key'], noUpstreamHost);
        assert.deepEqual(await tryTransactions(subject, 'key'), new Set([noUpstreamHost]));
        dns.records.set('redis-a.test', ['127.0.0.1']);
        await until(redis, ['GET', 'key'], '"value"');
        assert.deepEqual(await tryTransactions(subject, 'other'), new Set(['QUEUED']));
      }
      dns.records.set('redis-a.test', ['127.0.0.1', '127.0.0.9']);
      const { port } = server;
      await subject.envoy.child.until('both addresses are hosts', async () => {
        return (await subject.envoy.hosts('orders')).filter((host) => host.endsWith(`:${port}`)).length === 2;
      });
      await subject.assertAllTaken();
    });

    test('is live, and lives, while the name server is silent', async (t) => {
      const [server] = await startServers(t, 1);
      assert.ok(server !== undefined);
      const { subject, dns } = await start(t, version, { 'redis-a.test': ['127.0.0.1'] });
      dns.isSilent = true;
      const { address, port } = server;
      const clusters = [
        { name: 'named', prefix: 'n:', endpoints: [{ address: 'redis-a.test', port }] },
        { name: 'numbered', prefix: 'i:', endpoints: [{ address, port }] },
      ];
      subject.declare({ clusters });
      await subject.envoy.untilLive();
      const redis = await subject.connect();
      await until(redis, ['SET', 'i:key', 'value'], 'OK');
      await until(redis, ['GET', 'n:key'], noUpstreamHost);
      assert.deepEqual(await tryTransactions(subject, 'n:key'), new Set([noUpstreamHost]));
      await subject.untilSynced();
      dns.isSilent = false;
      await until(redis, ['SET', 'n:key', 'value'], 'OK');
    });

    for (const way of ['ads', 'delta-ads', 'streams', 'delta-streams'] as const) {
      test(`takes addresses, then names, then addresses again, and lives through it, ${way}`, async (t) => {
        const [first, second] = await startServers(t, 2);
        assert.ok(first !== undefined && second !== undefined);
        const { subject } = await start(t, version, { 'redis-a.test': ['127.0.0.1'] }, way);
        const declare = (...endpoints: readonly object[]): void => {
          subject.declare({ clusters: [{ name: 'orders', endpoints }] });
        };
        declare({ address: first.address, port: first.port });
        await subject.envoy.untilLive();
        const redis = await subject.connect();
        await until(redis, ['SET', 'key', 'first'], 'OK');
        await second.direct.ask('SET', 'key', 'second');
        const steps = [
          [[{ address: 'redis-a.test', port: second.port }], '"second"'],
          [[{ address: first.address, port: first.port }], '"first"'],
          [[{ address: 'redis-a.test', port: second.port }], '"second"'],
          [[], noUpstreamHost],
          [[{ address: 'redis-a.test', port: second.port }], '"second"'],
        ] as const;
        for (const [endpoints, reply] of steps) {
          declare(...endpoints);
          await tryTransactions(subject, 'other');
          await until(redis, ['GET', 'key'], reply);
          await tryTransactions(subject, 'other');
          await subject.untilSynced();
        }
        await subject.assertAllTaken();
      });
    }

    test('gives a shard with a name the same keys as one with an address, for its name as a shard', async (t) => {
      const servers = await startServers(t, 3);
      const { subject } = await start(t, version, { 'redis-a.test': ['127.0.0.1'] });
      const declare = (addressOf: (index: number) => string): void => {
        const shards = servers.map(({ port }, index) => {
          return { name: `shard-${index}`, endpoint: { address: addressOf(index), port } };
        });
        subject.declare({ clusters: [{ name: 'orders', kind: 'sharded', placement: 'remap', shards }] });
      };
      declare(() => '127.0.0.1');
      await subject.envoy.untilLive();
      const redis = await subject.connect();
      assert.deepEqual(new Set(await Promise.all(keys.map((key) => redis.ask('SET', key, 'value')))), new Set(['OK']));
      const before = await Promise.all(servers.map(keysOn));
      // In another order of their addresses, and one of them an address still.
      declare((index) => (index === 1 ? '127.0.0.1' : 'redis-a.test'));
      await subject.untilSynced();
      await waitUntil('all are found', async () => (await subject.envoy.hosts('orders')).length === 4);
      for (const { direct } of servers) await direct.ask('FLUSHALL');
      assert.deepEqual(new Set(await Promise.all(keys.map((key) => redis.ask('SET', key, 'value')))), new Set(['OK']));
      assert.deepEqual(await Promise.all(servers.map(keysOn)), before);
      await subject.assertAllTaken();
    });

    test('writes to a primary by its name, and reads from it when no replica is found', async (t) => {
      const [primary, replica] = await startServers(t, 2);
      assert.ok(primary !== undefined && replica !== undefined);
      const { subject, dns } = await start(t, version, { 'redis-a.test': ['127.0.0.1'], 'redis-b.test': ['127.0.0.1'] });
      const endpoints = [
        { address: 'redis-a.test', port: primary.port },
        { address: 'redis-b.test', port: replica.port },
      ];
      const group = { kind: 'replicated', primary: `redis-a.test:${primary.port}`, reads: 'prefer_replica', endpoints };
      subject.declare({ clusters: [{ name: 'orders', ...group }] });
      await subject.envoy.untilLive();
      const redis = await subject.connect();
      await until(redis, ['SET', 'key', 'primary'], 'OK');
      await until(redis, ['GET', 'key'], '(nil)');
      dns.records.delete('redis-b.test');
      await until(redis, ['GET', 'key'], '"primary"');
      dns.records.delete('redis-a.test');
      await until(redis, ['SET', 'key', 'value'], noUpstreamHost);
      await until(redis, ['GET', 'key'], noUpstreamHost);
      assert.deepEqual(await tryTransactions(subject, 'key'), new Set([noUpstreamHost]));
      await subject.assertAllTaken();
    });

    test('asks seeds with names for a Redis Cluster', async (t) => {
      const servers = await startRedisCluster(t);
      const { subject, dns } = await start(t, version, { 'seed.test': ['127.0.0.1'] });
      dns.isSilent = true;
      const endpoints = servers.slice(0, 2).map(({ port }) => ({ address: 'seed.test', port }));
      subject.declare({ clusters: [{ name: 'orders', kind: 'redis_cluster', endpoints }] });
      await subject.envoy.untilLive();
      await subject.untilSynced();
      dns.isSilent = false;
      await subject.envoy.untilHosts('orders', servers.map(({ address, port }) => `${address}:${port}`));
      const redis = await subject.connect();
      await until(redis, ['SET', 'key', 'value'], 'OK');
      for (const key of keys) assert.equal(await redis.ask('SET', key, 'value'), 'OK');
      await subject.assertAllTaken();
    });

    test('drains by the servers of its successor, whose names are found', async (t) => {
      const [old, next] = await startServers(t, 2);
      assert.ok(old !== undefined && next !== undefined);
      const dns = await startDns(t, { 'redis-a.test': ['127.0.0.1'] });
      const listenerPort = await freePort();
      const controlPlane = await startControlPlane(t, ['--redis-listener', `127.0.0.1:${listenerPort}`]);
      const call = async (method: string, path: string, body: object): Promise<void> => {
        const answer = await fetch(`http://${controlPlane.api}/api/v2/${path}`, { method, body: JSON.stringify(body) });
        if (!answer.ok) throw new Error(await answer.text());
      };
      const commit = async (cluster: object): Promise<void> => {
        await call('PUT', 'config', { clusters: [{ prefix: 'p:', ...cluster }] });
        await call('POST', 'commit', { force: true });
      };
      await commit({ name: 'old', endpoints: [{ address: old.address, port: old.port }] });
      const ports = { admin: await freePort(), xds: controlPlane.place.xdsPort };
      const bootstrap = withoutDrainClose(moveToLoopback(await readBootstrap('envoy/redis-v3-ads.yaml'), ports));
      const envoy = await startEnvoy(t, { ...bootstrap, ...{ typed_dns_resolver_config: askOnly(dns) } }, { version });
      await envoy.untilLive();
      const kept = await Promise.all(
        Array.from({ length: 2 }, () => envoy.child.until('a listener', () => connectRedis(t, listenerPort))),
      );
      const [first, second] = kept;
      assert.ok(first !== undefined && second !== undefined);
      for (const redis of kept) assert.equal(await redis.ask('SET', 'p:key', 'old'), 'OK');
      await next.direct.ask('SET', 'p:key', 'next');

      await commit({ name: 'next', endpoints: [{ address: 'redis-a.test', port: next.port }] });
      await until(first, ['GET', 'p:key'], '"next"');
      for (const words of [['MULTI'], ['SET', 'p:key', 'by old routes'], ['EXEC']]) await second.ask(...words);
      assert.equal(await next.direct.ask('GET', 'p:key'), '"by old routes"');

      await commit({ name: 'next', endpoints: [] });
      await until(first, ['GET', 'p:key'], noUpstreamHost);
      assert.equal(await second.ask('MULTI'), 'OK');
      assert.equal(await second.ask('SET', 'p:key', 'lost'), noUpstreamHost);
      second.close();
      await envoy.stats('^server.live$');
      assert.deepEqual([...new Set((await envoy.stats('\\.update_rejected$')).values())], [0]);
    });
  });
}
