// A cluster that commands are mirrored to loses its servers, and goes: Envoys live, and no command is done twice.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { moveToLoopback, readBootstrap, withoutDrainClose } from '../support/bootstrap.ts';
import { startControlPlane } from '../support/controlplane.ts';
import { envoyReleases, startEnvoy } from '../support/envoy.ts';
import { freePort } from '../support/free-port.ts';
import { startRedis } from '../support/redis-server.ts';
import type { RedisServer } from '../support/redis-server.ts';
import { connectRedis } from '../support/resp-client.ts';
import { waitUntil } from '../support/wait-until.ts';

for (const version of envoyReleases) {
  test(`Envoy ${version}: MULTI while a mirror is emptied and swapped with the cluster, on old and new connections`, async (t) => {
    const [server, mirror] = await Promise.all([startRedis(t), startRedis(t)]);
    const port = await freePort();
    const controlPlane = await startControlPlane(t, ['--redis-listener', `127.0.0.1:${port}`]);
    const call = async (method: string, path: string, body: object = {}): Promise<void> => {
      const headers = { 'Content-Type': 'application/json' };
      const url = `http://${controlPlane.api}/api/v2/${path}`;
      const answer = await fetch(url, { method, headers, ...(method !== 'DELETE' && { body: JSON.stringify(body) }) });
      assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${await answer.text()}`);
    };
    const endpointsOf = (...servers: readonly RedisServer[]) => {
      return { endpoints: servers.map(({ address, port: own }) => ({ address, port: own })) };
    };
    const routeTo = (cluster: string, ...mirrors: readonly string[]) => {
      const catchAll = mirrors.length === 0 ? cluster : { cluster, mirrors: mirrors.map((name) => ({ cluster: name })) };
      return { catch_all: catchAll, routes: [] };
    };

    await call('PUT', 'clusters/main', endpointsOf(server));
    await call('PUT', 'clusters/copy', endpointsOf());
    await call('PUT', 'listeners/redis_listener', routeTo('main', 'copy'));
    await call('POST', 'commit');
    const ports = { admin: await freePort(), xds: controlPlane.place.xdsPort };
    const bootstrap = withoutDrainClose(moveToLoopback(await readBootstrap('envoy/redis-v3-ads.yaml'), ports));
    const envoy = await startEnvoy(t, bootstrap, { version });
    await envoy.untilLive();

    const connect = () => envoy.child.until('the Redis listener is there', () => connectRedis(t, port));
    const transact = async (redis: Awaited<ReturnType<typeof connect>>, key: string): Promise<void> => {
      assert.equal(await redis.ask('MULTI'), 'OK');
      assert.equal(await redis.ask('INCR', key), 'QUEUED');
      assert.equal(await redis.ask('EXEC'), '1) (integer) 1');
    };
    await transact(await connect(), 'while the mirror never had a server');

    await call('PUT', 'clusters/copy', endpointsOf(mirror));
    await call('POST', 'commit');
    await envoy.untilHosts('copy', [`${mirror.address}:${mirror.port}`]);
    const old = await connect();
    await transact(old, 'while the mirror has a server');
    await waitUntil('it was mirrored', async () => {
      return (await mirror.direct.ask('GET', 'while the mirror has a server')) === '"1"';
    });

    // The mirror takes over: it has all the keys from now on, and the cluster goes.
    await call('PUT', 'listeners/redis_listener', routeTo('copy'));
    await call('DELETE', 'clusters/main');
    await call('POST', 'commit', { force: true });
    await waitUntil('new connections have the new route', async () => {
      const redis = await connect();
      await redis.ask('SET', 'probe', 'value');
      const isThere = (await server.direct.ask('EXISTS', 'probe')) === '(integer) 0';
      await server.direct.ask('DEL', 'probe');
      redis.close();
      return isThere;
    });
    await transact(old, 'by an old connection');
    assert.equal(await old.ask('INCR', 'once'), '(integer) 1');
    await waitUntil('it was mirrored', async () => (await mirror.direct.ask('EXISTS', 'once')) === '(integer) 1');
    assert.deepEqual([await server.direct.ask('GET', 'once'), await mirror.direct.ask('GET', 'once')], ['"1"', '"1"']);
    await transact(await connect(), 'by a new connection');

    await call('PUT', 'clusters/copy', endpointsOf());
    await call('POST', 'commit', { force: true });
    await waitUntil('the mirror has no server any more', async () => {
      return (await (await connect()).ask('GET', 'once')) === '(error) no upstream host';
    });
    await transact(old, 'by an old connection, mirrored to nobody');
    old.close();
    await envoy.stats('^server.live$');
  });
}
