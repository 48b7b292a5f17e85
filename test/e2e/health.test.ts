// What becomes of commands and keys when servers fail, as the cluster says, behind a real Envoy and real Redis servers.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';

import { moveToLoopback, readBootstrap, withoutDrainClose } from '../support/bootstrap.ts';
import { startControlPlane } from '../support/controlplane.ts';
import { envoyReleases, startEnvoy } from '../support/envoy.ts';
import type { EnvoyRelease } from '../support/envoy.ts';
import { freePort } from '../support/free-port.ts';
import { startRedis } from '../support/redis-server.ts';
import type { RedisServer } from '../support/redis-server.ts';
import { connectRedis } from '../support/resp-client.ts';
import type { RespClient } from '../support/resp-client.ts';
import { waitUntil } from '../support/wait-until.ts';
import { startDeclaredEnvoy } from './declared-envoy.ts';
import type { DeclaredEnvoy } from './declared-envoy.ts';

const keys = Array.from({ length: 100 }, (_, index) => `key-${index}`);
const failure = '(error) upstream failure';

const often = { interval: '100ms', timeout: '2s', unhealthy_threshold: 2, healthy_threshold: 1 };

interface Setting {
  readonly subject: DeclaredEnvoy;
  readonly servers: readonly RedisServer[];
  readonly redis: RespClient;
}

interface Start {
  readonly version: EnvoyRelease;
  readonly servers: number;
  /** The fields of `orders`. */
  readonly declare: (servers: readonly RedisServer[]) => object;
}

/** One cluster, `orders`, on an Envoy that has its first configuration. */
async function start(t: TestContext, { version, servers: count, declare }: Start): Promise<Setting> {
  const servers = await Promise.all(Array.from({ length: count }, () => startRedis(t)));
  const subject = await startDeclaredEnvoy(t, { version });
  subject.declare({ clusters: [{ name: 'orders', ...declare(servers) }] });
  await subject.envoy.untilLive();
  const redis = await subject.connect();
  await subject.untilSynced();
  return { subject, servers, redis };
}

function addressOf({ address, port }: RedisServer): string {
  return `${address}:${port}`;
}

function endpointsOf(servers: readonly RedisServer[]): object[] {
  return servers.map(({ address, port }) => ({ address, port }));
}

function shardsOf(servers: readonly RedisServer[]): object[] {
  return endpointsOf(servers).map((endpoint, index) => ({ name: `shard-${index}`, endpoint }));
}

/** In the order of {@link keys}. */
async function keysOn({ direct }: RedisServer): Promise<string[]> {
  const found = await Promise.all(keys.map((key) => direct.ask('EXISTS', key)));
  return keys.filter((_, index) => found[index] === '(integer) 1');
}

async function setAll(redis: RespClient, value: string): Promise<string[]> {
  return Promise.all(keys.map((key) => redis.ask('SET', key, value)));
}

/** All are set, with one server after the other as the policy has it: as often as a server might be asked in turn. */
async function assertAllSet(redis: RespClient, value: string): Promise<void> {
  for (let round = 0; round < 3; round += 1) assert.deepEqual(new Set(await setAll(redis, value)), new Set(['OK']));
}

async function untilAllSet(redis: RespClient, value: string): Promise<void> {
  await waitUntil('every command is answered', async () => {
    const replies = new Set(await setAll(redis, value));
    if (replies.size > 1 || !replies.has('OK')) throw new Error([...replies].join(', '));
    return true;
  });
}

/** Alive after transactions of every shape that would end an Envoy that has no host to choose. */
async function assertTransactionsSurvive(subject: DeclaredEnvoy, keysToTry: readonly string[]): Promise<void> {
  for (const end of ['EXEC', 'DISCARD', 'disconnect'] as const) {
    await Promise.all(
      keysToTry.map(async (key) => {
        const redis = await subject.connect();
        assert.equal(await redis.ask('MULTI'), 'OK');
        await redis.ask('SET', key, 'value');
        if (end !== 'disconnect') await redis.ask(end);
        redis.close();
      }),
    );
  }
  const redis = await subject.connect();
  assert.equal(await redis.ask('PING'), 'PONG');
  redis.close();
  await subject.envoy.stats('^server.live$');
}

for (const version of envoyReleases) {
  test(`Envoy ${version}, placement fixed: a shard of four dies, its keys fail, and no other key moves`, async (t) => {
    const declare = (servers: readonly RedisServer[]): object => {
      return { kind: 'sharded', shards: shardsOf(servers), placement: 'fixed', health_check: often };
    };
    const { subject, servers, redis } = await start(t, { version, servers: 4, declare });
    await assertAllSet(redis, 'first');
    const before = await Promise.all(servers.map(keysOn));
    assert.ok(before.every((owned) => owned.length > 0), before.map(({ length }) => length).join());

    const [dead, ...alive] = servers;
    assert.ok(dead !== undefined);
    await dead.child.end('SIGKILL');
    await subject.envoy.untilHealthy('orders', alive.map(addressOf));
    const owned = new Set(before[0]);
    for (const value of ['second', 'third']) {
      const replies = await setAll(redis, value);
      assert.deepEqual(replies, keys.map((key) => (owned.has(key) ? failure : 'OK')));
    }
    assert.deepEqual(await Promise.all(alive.map(keysOn)), before.slice(1));

    const back = await startRedis(t, dead.port);
    await subject.envoy.untilHealthy('orders', servers.map(addressOf));
    await untilAllSet(redis, 'fourth');
    assert.deepEqual(await Promise.all([back, ...alive].map(keysOn)), before);
    await subject.assertAllTaken();
  });

  test(`Envoy ${version}, placement remap: a shard of four dies, and its keys are served by the others`, async (t) => {
    const declare = (servers: readonly RedisServer[]): object => {
      return { kind: 'sharded', shards: shardsOf(servers), placement: 'remap', health_check: often };
    };
    const { subject, servers, redis } = await start(t, { version, servers: 4, declare });
    await assertAllSet(redis, 'first');
    const before = await Promise.all(servers.map(keysOn));
    const [dead, ...alive] = servers;
    assert.ok(dead !== undefined);
    await dead.child.end('SIGKILL');
    await subject.envoy.untilHealthy('orders', alive.map(addressOf));
    await untilAllSet(redis, 'second');
    const after = await Promise.all(alive.map(keysOn));
    for (const [index, owned] of after.entries()) assert.ok(new Set(before[index + 1]).isSubsetOf(new Set(owned)));
    assert.equal(after.flat().length, keys.length);
  });

  test(`Envoy ${version}, plain: what is dead is sent nothing, and what is back is sent commands again`, async (t) => {
    const declare = (servers: readonly RedisServer[]): object => {
      return { endpoints: endpointsOf(servers), health_check: often };
    };
    const { subject, servers, redis } = await start(t, { version, servers: 3, declare });
    await assertAllSet(redis, 'first');
    const [first, second, third] = servers;
    assert.ok(first !== undefined && second !== undefined && third !== undefined);
    await first.child.end('SIGKILL');
    await second.child.end('SIGKILL');
    await subject.envoy.untilHealthy('orders', [addressOf(third)]);
    await untilAllSet(redis, 'second');
    await assertAllSet(redis, 'second');

    await third.child.end('SIGKILL');
    await subject.envoy.untilHealthy('orders', []);
    await waitUntil('all are dead', async () => (await redis.ask('GET', 'key')) === failure);
    await assertTransactionsSurvive(subject, ['key']);

    const back = await startRedis(t, first.port);
    await subject.envoy.untilHealthy('orders', [addressOf(back)]);
    await untilAllSet(redis, 'third');
    assert.deepEqual(await keysOn(back), keys);
    await subject.assertAllTaken();
  });

  test(`Envoy ${version}: a key on a server drains it, and without the key it is sent commands again`, async (t) => {
    const declare = (servers: readonly RedisServer[]): object => {
      return { endpoints: endpointsOf(servers), health_check: { ...often, key: 'maintenance' } };
    };
    const { subject, servers, redis } = await start(t, { version, servers: 2, declare });
    const [drained, other] = servers;
    assert.ok(drained !== undefined && other !== undefined);
    await drained.direct.ask('SET', 'maintenance', '1');
    await subject.envoy.untilHealthy('orders', [addressOf(other)]);
    await waitUntil('the other has it all', async () => {
      await drained.direct.ask('DEL', ...keys);
      await assertAllSet(redis, 'value');
      return (await keysOn(drained)).length === 0;
    });
    await drained.direct.ask('DEL', 'maintenance');
    await subject.envoy.untilHealthy('orders', servers.map(addressOf));
    await waitUntil('it is sent some', async () => {
      await assertAllSet(redis, 'value');
      return (await keysOn(drained)).length > 0;
    });
  });

  test(`Envoy ${version}: a healthy server that is removed is sent nothing any more`, async (t) => {
    const declare = (servers: readonly RedisServer[]): object => {
      return { endpoints: endpointsOf(servers), health_check: often };
    };
    const { subject, servers, redis } = await start(t, { version, servers: 2, declare });
    const [removed, left] = servers;
    assert.ok(removed !== undefined && left !== undefined);
    subject.declare({ clusters: [{ name: 'orders', ...declare([left]) }] });
    await subject.untilSynced();
    await subject.envoy.untilHosts('orders', [addressOf(left)]);
    await waitUntil('the worker has heard of it', async () => {
      await removed.direct.ask('DEL', ...keys);
      await assertAllSet(redis, 'value');
      return (await keysOn(removed)).length === 0;
    });
    assert.equal(await removed.direct.ask('PING'), 'PONG');
  });

  test(`Envoy ${version}: of two servers the one on which commands fail is ejected`, async (t) => {
    const declare = (servers: readonly RedisServer[]): object => {
      const detection = { consecutive_failures: 3, base_ejection_time: '4m' };
      return { endpoints: endpointsOf(servers), outlier_detection: detection };
    };
    const { subject, servers, redis } = await start(t, { version, servers: 2, declare });
    const [dead, alive] = servers;
    assert.ok(dead !== undefined && alive !== undefined);
    await dead.child.end('SIGKILL');
    await waitUntil('it fails', async () => (await redis.ask('SET', 'key', 'value')) === failure);
    await untilAllSet(redis, 'first');
    await subject.envoy.untilHealthy('orders', [addressOf(alive)]);
    await assertAllSet(redis, 'second');
    await subject.assertAllTaken();
  });

  test(`Envoy ${version}, replicated: a dead replica is asked for nothing, and the primary when all are dead`, async (t) => {
    const declare = (servers: readonly RedisServer[]): object => {
      const [primary] = servers.map(addressOf);
      const endpoints = endpointsOf(servers);
      return { kind: 'replicated', reads: 'prefer_replica', primary, endpoints, health_check: often };
    };
    const { subject, servers, redis } = await start(t, { version, servers: 3, declare });
    const [primary, first, second] = servers;
    assert.ok(primary !== undefined && first !== undefined && second !== undefined);
    const untilAllRead = (value: string): Promise<unknown> => {
      return waitUntil(`every read is answered ${value}`, async () => {
        const replies = new Set(await Promise.all(keys.map((key) => redis.ask('GET', key))));
        if (replies.size > 1 || !replies.has(value)) throw new Error([...replies].join(', '));
        return true;
      });
    };
    // These replicas do not follow the primary: who answers is to be seen.
    await assertAllSet(redis, 'primary');
    await untilAllRead('(nil)');
    await first.child.end('SIGKILL');
    await subject.envoy.untilHealthy('orders/prefer_replica', [addressOf(primary), addressOf(second)]);
    await untilAllRead('(nil)');
    await second.child.end('SIGKILL');
    await subject.envoy.untilHealthy('orders/prefer_replica', [addressOf(primary)]);
    await untilAllRead('"primary"');
    await assertAllSet(redis, 'primary');
    await subject.assertAllTaken();
  });

  const checked: Readonly<Record<string, object>> = {
    ping: { health_check: often },
    key: { health_check: { ...often, key: 'maintenance' } },
    tcp: { health_check: { ...often, protocol: 'tcp' } },
    http: { health_check: { ...often, protocol: 'http', path: '/' } },
    ejecting: { outlier_detection: { consecutive_failures: 1 } },
    both: { health_check: often, outlier_detection: { consecutive_failures: 1 }, panic_threshold: 100 },
    fixed: { kind: 'sharded', health_check: often },
    remapped: { kind: 'sharded', placement: 'remap', health_check: { ...often, key: 'k' }, outlier_detection: {} },
    replicated: { kind: 'replicated', health_check: often, outlier_detection: { consecutive_failures: 1 } },
    read: { kind: 'replicated', health_check: { ...often, key: 'k' }, reads: 'prefer_replica' },
  };

  test(`Envoy ${version} lives through MULTI on checked clusters that have no server, or a hung one alone`, async (t) => {
    const hung = await startRedis(t);
    const subject = await startDeclaredEnvoy(t, { version });
    const { envoy } = subject;
    const keysToTry = Object.keys(checked).map((name) => `${name}:key`);
    const listeners = [{ name: 'redis_listener', op_timeout: '200ms' }];
    const declare = (servers: readonly RedisServer[]): void => {
      const clusters = Object.entries(checked).map(([name, fields]) => {
        const isSharded = 'kind' in fields && fields.kind === 'sharded';
        const [primary] = servers.map(addressOf);
        const isReplicated = 'kind' in fields && !isSharded && primary !== undefined;
        const own = isSharded ? { shards: shardsOf(servers) } : { endpoints: endpointsOf(servers) };
        return { name, prefix: `${name}:`, ...(isReplicated && { primary }), ...own, ...fields };
      });
      subject.declare({ clusters, listeners });
    };
    declare([]);
    await envoy.untilLive();
    for (const servers of [[], [hung], []]) {
      declare(servers);
      await assertTransactionsSurvive(subject, keysToTry);
      await subject.untilSynced();
      // Time for the checks that the server, or the stand-in, does not understand.
      await envoy.untilHealthy('http', []);
      await assertTransactionsSurvive(subject, keysToTry);
      if (servers.length > 0) continue;
      const redis = await subject.connect();
      const replies = await Promise.all(keysToTry.map((key) => redis.ask('GET', key)));
      assert.deepEqual(new Set(replies), new Set(['(error) no upstream host']));
    }
    hung.child.signal('SIGSTOP');
    declare([hung]);
    await assertTransactionsSurvive(subject, keysToTry);
    await envoy.untilHealthy('ping', []);
    await assertTransactionsSurvive(subject, keysToTry);
    hung.child.signal('SIGCONT');
    await subject.assertAllTaken();
  });

  test(`Envoy ${version} has no route to a new cluster while it waits for the first check of a hung server`, async (t) => {
    const declare = (servers: readonly RedisServer[]): object => ({ prefix: 'o:', endpoints: endpointsOf(servers) });
    const { subject, servers } = await start(t, { version, servers: 1, declare });
    const hung = await startRedis(t);
    hung.child.signal('SIGSTOP');
    const { envoy } = subject;
    const added = { name: 'added', prefix: 'a:', endpoints: endpointsOf([hung]), health_check: { timeout: '4s' } };
    subject.declare({ clusters: [{ name: 'orders', ...declare(servers) }, added] });
    let rounds = 0;
    while (!(await envoy.clusters()).includes('added')) {
      await assertTransactionsSurvive(subject, ['a:key']);
      rounds += 1;
    }
    assert.ok(rounds > 0);
    await subject.untilSynced();
    hung.child.signal('SIGCONT');
    await waitUntil('its keys are served', async () => {
      const redis = await subject.connect();
      return (await redis.ask('SET', 'a:key', 'value')) === 'OK';
    });
    await subject.assertAllTaken();
  });

  test(`Envoy ${version} lives through MULTI on a checked cluster that drains, by its successor's servers`, async (t) => {
    const [old, next] = await Promise.all([startRedis(t), startRedis(t)]);
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
    await commit({ name: 'old', endpoints: endpointsOf([old]), health_check: { ...often, key: 'maintenance' } });
    const ports = { admin: await freePort(), xds: controlPlane.place.xdsPort };
    const bootstrap = withoutDrainClose(moveToLoopback(await readBootstrap('envoy/redis-v3-ads.yaml'), ports));
    const envoy = await startEnvoy(t, bootstrap, { version });
    await envoy.untilLive();
    const connect = (): Promise<RespClient> => {
      return envoy.child.until('the listener is there', () => connectRedis(t, listenerPort));
    };
    const kept = await Promise.all(Array.from({ length: 4 }, connect));
    for (const redis of kept) assert.equal(await redis.ask('SET', 'p:key', 'old'), 'OK');

    await commit({ name: 'next', endpoints: endpointsOf([next]) });
    await envoy.untilHosts('old', [addressOf(next)]);
    const [first, second, third, fourth] = kept;
    assert.ok(first !== undefined && second !== undefined && third !== undefined && fourth !== undefined);
    await waitUntil('the old connections have the new server', async () => (await first.ask('GET', 'p:key')) === '(nil)');
    for (const words of [['MULTI'], ['SET', 'p:key', 'next'], ['EXEC']]) await second.ask(...words);
    assert.equal(await next.direct.ask('GET', 'p:key'), '"next"');

    await commit({ name: 'next', endpoints: [] });
    await waitUntil('no server is left', async () => (await first.ask('GET', 'p:key')) === '(error) no upstream host');
    for (const redis of [third, fourth, await connect(), await connect()]) {
      assert.equal(await redis.ask('MULTI'), 'OK');
      assert.equal(await redis.ask('SET', 'p:key', 'lost'), '(error) no upstream host');
      if (redis === fourth) redis.close();
      else await redis.ask('EXEC');
    }
    assert.equal(await (await connect()).ask('PING'), 'PONG');
    await envoy.stats('^server.live$');
  });
}
