// A real Redis Cluster whose servers die, watched by a real control plane: what real Envoys are given, and what is told.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';

import type { HealthMessage, RedisClusterMessage } from '../../src/api/v2/messages.ts';
import { runInProcess } from '../cli/canned-api.ts';
import { moveToLoopback, readBootstrap } from '../support/bootstrap.ts';
import { startControlPlane } from '../support/controlplane.ts';
import { startEnvoy } from '../support/envoy.ts';
import type { Envoy } from '../support/envoy.ts';
import { freePort } from '../support/free-port.ts';
import { startRedisCluster } from '../support/redis-cluster.ts';
import type { RedisServer } from '../support/redis-server.ts';
import { connectRedis } from '../support/resp-client.ts';
import type { RespClient } from '../support/resp-client.ts';
import { waitUntil } from '../support/wait-until.ts';

const nameOf = ({ address, port }: RedisServer): string => `${address}:${port}`;
const keys = Array.from({ length: 60 }, (_, index) => `key-${index}`);

/** Three shards, of which the primaries are the seeds. */
async function start(t: TestContext) {
  const servers = await startRedisCluster(t, { replicas: 1 });
  const primaries = servers.slice(0, 3);
  const controlPlane = await startControlPlane(t);
  const run = (...words: readonly string[]) => runInProcess([...words, '--api', controlPlane.api]);
  const put = async (path: string, body: object): Promise<void> => {
    const request = { method: 'PUT', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
    const response = await fetch(`http://${controlPlane.api}/api/v2/${path}`, request);
    assert.ok(response.ok, await response.text());
  };
  await put('clusters/carts', {
    kind: 'redis_cluster',
    endpoints: primaries.map(({ address, port }) => ({ address, port })),
    watch: { interval: '200ms', timeout: '2s' },
  });
  // Each Envoy has its own, as on a host of its own.
  const ports = [await freePort(), await freePort()];
  for (const [index, port] of ports.entries()) {
    await put(`listeners/redis-${index}`, { address: `127.0.0.1:${port}`, catch_all: 'carts', groups: [`group-${index}`] });
  }
  const committed = await run('commit');
  assert.equal(committed.status, 0, committed.stderr);
  const read = async (): Promise<RedisClusterMessage | undefined> => {
    const { clusters } = JSON.parse((await run('health', '-o', 'json')).stdout) as HealthMessage;
    return clusters[0]?.redis_cluster;
  };
  return {
    servers,
    primaries,
    controlPlane,
    run,
    read,
    until: (what: string, isSo: (cluster: RedisClusterMessage) => boolean): Promise<boolean> => {
      return waitUntil(what, async () => {
        const cluster = await read();
        if (cluster !== undefined && isSo(cluster)) return true;
        throw new Error(JSON.stringify(cluster));
      });
    },
    startEnvoy: async (index: 0 | 1): Promise<{ envoy: Envoy; connect: () => Promise<RespClient> }> => {
      const places = { admin: await freePort(), xds: controlPlane.place.xdsPort };
      const moved = moveToLoopback(await readBootstrap('envoy/redis-v3-ads.yaml'), places);
      const bootstrap = { ...moved, node: { ...(moved['node'] as object), id: `envoy-${index}`, cluster: `group-${index}` } };
      const envoy = await startEnvoy(t, bootstrap);
      const connect = () => waitUntil('the listener is there', () => connectRedis(t, ports[index] ?? 0));
      return { envoy, connect };
    },
  };
}

async function untilAllSet(redis: RespClient): Promise<void> {
  await waitUntil('every key is set', async () => {
    const replies = new Set(await Promise.all(keys.map((key) => redis.ask('SET', key, 'value'))));
    if (replies.size > 1 || !replies.has('OK')) throw new Error([...replies].join(', '));
    return true;
  });
}

async function countOf(envoy: Envoy, stat: string): Promise<number> {
  const [count] = [...(await envoy.stats(`^${stat.replaceAll('.', '\\.')}$`)).values()];
  assert.ok(count !== undefined, stat);
  return count;
}

const modified = 'cluster_manager.cluster_modified';
const updated = 'cluster_manager.cds.update_success';

test('seeds that die one after the other are replaced in one change, before an Envoy that starts finds none', async (t) => {
  const { servers, primaries, controlPlane, run, read, until, startEnvoy: startOne } = await start(t);
  const [first, second, third] = primaries;
  assert.ok(first !== undefined && second !== undefined && third !== undefined);
  const { envoy, connect } = await startOne(0);
  await envoy.untilLive();
  await envoy.untilHosts('carts', servers.map(nameOf));
  const redis = await connect();
  await untilAllSet(redis);
  await until('all are seen', ({ nodes, state }) => state === 'ok' && nodes.length === 6);
  const updates = await countOf(envoy, updated);

  const gone = (count: number) => ({ nodes, uncovered_slots: uncovered }: RedisClusterMessage): boolean => {
    return nodes.filter(({ state }) => state === 'fail').length === count && uncovered?.count === 0;
  };
  await first.child.end('SIGKILL');
  await until('another has its slots', gone(1));
  await until('it is told of', ({ seeds }) => seeds.some(({ address, reason }) => address === nameOf(first) && reason !== undefined));
  assert.match((await run('status')).stdout, new RegExp(`${nameOf(first)}: does not answer as a node of it`));
  await untilAllSet(redis);
  // An Envoy that is connected is sent nothing while enough seeds are left.
  assert.deepEqual([await countOf(envoy, updated), await countOf(envoy, modified)], [updates, 0]);

  await second.child.end('SIGKILL');
  await until('seeds are replaced', ({ seeds_replaced: replaced }) => replaced !== undefined);
  const seeds = (await read())?.seeds.map(({ address }) => address) ?? [];
  const alive = servers.filter((server) => server !== first && server !== second).map(nameOf);
  assert.ok(seeds.length === 3 && seeds.includes(nameOf(third)) && seeds.every((seed) => alive.includes(seed)), seeds.join());
  await until('another has the slots of the second', gone(2));
  await third.child.end('SIGKILL');
  await until('another has the slots of the third', gone(3));

  const other = await startOne(1);
  await other.envoy.untilLive();
  await untilAllSet(await other.connect());
  await untilAllSet(await connect());
  assert.deepEqual([await countOf(envoy, updated), await countOf(envoy, modified)], [updates + 1, 1]);
  assert.deepEqual((await read())?.seeds.map(({ address }) => address), seeds);
  assert.match((await run('status')).stdout, /carts": since .* its seeds are .*, which are declared/);

  await controlPlane.kill();
  await controlPlane.comeBack();
  await envoy.untilStreams('open');
  await until('all are seen again', gone(3));
  assert.deepEqual((await read())?.seeds.map(({ address }) => address), seeds);
  assert.equal(await countOf(envoy, modified), 1);
});

test('a node that is forgotten is gone, one that is given up and slots without a server are told of', async (t) => {
  const { servers, run, until } = await start(t);
  await until('all are seen', ({ nodes, state }) => state === 'ok' && nodes.length === 6);
  await waitUntil('its seeds are up', async () => (await run('health')).status === 0);
  const whole = await run('health');
  assert.match(whole.stdout, /^carts: state ok; 6 nodes, 0 given up; every slot has a server$/m);

  const [primary] = servers;
  assert.ok(primary !== undefined);
  const id = (await primary.direct.ask('CLUSTER', 'MYID')).replaceAll('"', '');
  const nodes = await primary.direct.ask('CLUSTER', 'NODES');
  const replica = servers.find(({ port }) => new RegExp(`:${port}@\\S+ slave ${id}`).test(nodes));
  assert.ok(replica !== undefined);
  const replicaId = (await replica.direct.ask('CLUSTER', 'MYID')).replaceAll('"', '');
  await replica.child.end('SIGKILL');
  for (const { direct } of servers.filter((server) => server !== replica)) {
    assert.equal(await direct.ask('CLUSTER', 'FORGET', replicaId), 'OK');
  }
  await until('it is forgotten', (cluster) => cluster.nodes.length === 5 && cluster.nodes.every(({ state }) => state !== 'fail'));
  assert.equal((await run('health')).status, 0);

  await primary.child.end('SIGKILL');
  await until('its slots are nobody\'s', ({ uncovered_slots: uncovered }) => (uncovered?.count ?? 0) > 5_000);
  const broken = await run('health');
  assert.equal(broken.status, 3);
  assert.match(broken.stdout, new RegExp(`^fail +carts +${nameOf(primary)} +primary +5461: 0-5460 +${id} +(refused|closed)`, 'm'));
  assert.match(broken.stdout, /^carts: state fail; 5 nodes, 1 given up; nobody has 5461: 0-5460$/m);
  const { stdout } = await run('status');
  assert.match(stdout, /cluster "carts": 5461 of its slots are nobody's: 0-5460, and it says that it does not serve/);
  assert.match(stdout, new RegExp(`cluster "carts": ${nameOf(primary)}: given up by the others`));
});
