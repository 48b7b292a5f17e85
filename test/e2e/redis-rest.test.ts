// Envoy polls the API port for clusters and the listener, and gets endpoints on streams: Redis commands
// flow, and follow what is committed.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';

import { moveToLoopback, readBootstrap, type Bootstrap } from '../support/bootstrap.ts';
import { checkoutPath } from '../support/checkout.ts';
import { startControlPlane } from '../support/controlplane.ts';
import { startEnvoy, validateBootstrap } from '../support/envoy.ts';
import { freePort } from '../support/free-port.ts';
import { startRedis, type RedisServer } from '../support/redis-server.ts';
import { connectRedis, type RespClient } from '../support/resp-client.ts';
import { waitUntil } from '../support/wait-until.ts';

test('Envoy 1.40 takes redis-v3-rest.yaml without a warning', async () => {
  const { status, stdout, stderr } = await validateBootstrap(checkoutPath('envoy/redis-v3-rest.yaml'));
  assert.equal(status, 0, stdout + stderr);
  assert.doesNotMatch(stdout + stderr, /\[(warning|error|critical)\]/);
});

test('Redis behind Envoy that polls', async (t) => {
  const bunny = await startNamedRedis(t, 'bunny');
  const otter = await startNamedRedis(t, 'otter');
  const listenerPort = await freePort();
  const controlPlane = await startControlPlane(t, ['--redis-listener', `127.0.0.1:${listenerPort}`]);
  const { xdsPort: xds, apiPort: api } = controlPlane.place;
  const ports = { admin: await freePort(), xds, api };
  const envoy = await startEnvoy(t, moveToLoopback(await readBootstrap('envoy/redis-v3-rest.yaml'), ports));
  let redis: RespClient;

  async function addCluster(name: string, prefix: string, { address, port }: RedisServer): Promise<void> {
    await controlPlane.cli('cluster', 'add', name, prefix);
    await controlPlane.cli('endpoint', 'add', name, address, `${port}`);
    await controlPlane.cli('commit');
  }

  async function untilReply(key: string, expected: string): Promise<void> {
    await waitUntil(`GET ${key} is answered ${expected}`, async () => {
      const reply = await redis.ask('GET', key);
      if (reply !== expected) throw new Error(reply);
      return true;
    });
  }

  await t.test('before the first commit it is refused, and asks again', async () => {
    await envoy.child.until('polls have failed', async () => {
      const failures = await envoy.stats('cluster_manager.cds.update_failure$');
      return (failures.get('cluster_manager.cds.update_failure') ?? 0) > 1;
    });
    assert.deepEqual(await envoy.hosts('bunny'), []);
  });

  await t.test('the first commit brings cluster, endpoint and listener', async () => {
    await addCluster('bunny', 'b:', bunny);
    await envoy.untilLive();
    redis = await envoy.child.until('the Redis listener is there', () => connectRedis(t, listenerPort));
    await untilReply('b:name', '"bunny"');
  });

  await t.test('a second cluster comes with a later poll, and the listener with its prefix', async () => {
    await addCluster('otter', 'o:', otter);
    // Connections that are open keep the routes they began with.
    redis = await envoy.child.until('a new connection has the new prefix', async () => {
      const client = await connectRedis(t, listenerPort);
      if ((await client.ask('GET', 'o:name')) !== '"otter"') throw new Error('not yet');
      return client;
    });
    await untilReply('b:name', '"bunny"');
  });

  await t.test('polls that find nothing new go on, and leave everything as it is', async () => {
    const attempts = async (): Promise<number> =>
      (await envoy.stats('cluster_manager.cds.update_attempt$')).get('cluster_manager.cds.update_attempt') ?? 0;
    const [before, updates] = [await attempts(), await envoy.stats('manager.*update_success$')];
    await envoy.child.until('two more polls', async () => (await attempts()) > before + 2);
    assert.deepEqual(await envoy.stats('manager.*update_success$'), updates);
    assert.equal(updates.size, 2);
  });

  await t.test('a removed endpoint gets no traffic', async () => {
    await controlPlane.cli('endpoint', 'remove', 'otter', otter.address, `${otter.port}`);
    await controlPlane.cli('commit');
    await untilReply('o:name', '(error) no upstream host');
    await untilReply('b:name', '"bunny"');
  });

  await t.test('the control plane goes and comes back, and traffic goes on', async () => {
    await controlPlane.kill();
    await envoy.untilStreams('broken');
    await untilReply('b:name', '"bunny"');
    await controlPlane.comeBack();
    await envoy.untilStreams('open');
    await untilReply('b:name', '"bunny"');
  });

  await t.test('Envoy rejected nothing', async () => {
    const rejected = await envoy.stats('\\.update_rejected$');
    assert.deepEqual([...rejected.keys()].toSorted(), [
      'cluster.bunny.update_rejected',
      'cluster.otter.update_rejected',
      'cluster_manager.cds.update_rejected',
      'listener_manager.lds.update_rejected',
    ]);
    assert.deepEqual([...new Set(rejected.values())], [0]);
  });
});

test('an Envoy may call the cluster that it polls as it likes', async (t) => {
  const controlPlane = await startControlPlane(t, ['--redis-listener', `127.0.0.1:${await freePort()}`]);
  await controlPlane.cli('cluster', 'add', 'bunny', 'b:');
  await controlPlane.cli('endpoint', 'add', 'bunny', '127.0.0.1', '1');
  await controlPlane.cli('commit');
  // Envoy sends the name as Host, which must be known of other callers.
  const { xdsPort: xds, apiPort: api } = controlPlane.place;
  const shipped = moveToLoopback(await readBootstrap('envoy/redis-v3-rest.yaml'), { admin: await freePort(), xds, api });
  const envoy = await startEnvoy(t, rename(shipped, 'xds_rest', 'polling.example.com'));
  await envoy.untilHosts('bunny', ['127.0.0.1:1']);
});

function rename(bootstrap: Bootstrap, before: string, after: string): Bootstrap {
  return JSON.parse(JSON.stringify(bootstrap).replaceAll(`"${before}"`, `"${after}"`)) as Bootstrap;
}

/** A Redis server that knows its name under `b:name` and `o:name`. */
async function startNamedRedis(t: TestContext, name: string): Promise<RedisServer> {
  const redis = await startRedis(t);
  await redis.direct.ask('MSET', 'b:name', name, 'o:name', name);
  return redis;
}
