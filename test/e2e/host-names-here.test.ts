// Host names that the control plane looks up, as clients of Redis see it through a real Envoy, which knows no name.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';

import { runInProcess } from '../cli/canned-api.ts';
import { moveToLoopback, readBootstrap } from '../support/bootstrap.ts';
import { startControlPlane } from '../support/controlplane.ts';
import type { ControlPlane } from '../support/controlplane.ts';
import { startDns } from '../support/dns-server.ts';
import type { DnsServer } from '../support/dns-server.ts';
import { startEnvoy } from '../support/envoy.ts';
import type { Envoy } from '../support/envoy.ts';
import { freePort } from '../support/free-port.ts';
import { startRedis } from '../support/redis-server.ts';
import { connectRedis } from '../support/resp-client.ts';
import type { RespClient } from '../support/resp-client.ts';
import { waitUntil } from '../support/wait-until.ts';

interface Setting {
  readonly dns: DnsServer;
  readonly controlPlane: ControlPlane;
  readonly envoy: Envoy;
  readonly put: (name: string, cluster: object) => Promise<void>;
  readonly cli: (...words: readonly string[]) => Promise<string>;
  readonly connect: () => Promise<RespClient>;
}

async function start(t: TestContext, records: Readonly<Record<string, readonly string[]>>): Promise<Setting> {
  const dns = await startDns(t, records);
  const listener = await freePort();
  const flags = ['--dns-servers', `127.0.0.1:${dns.port}`, '--redis-listener', `127.0.0.1:${listener}`];
  const controlPlane = await startControlPlane(t, flags);
  const ports = { admin: await freePort(), xds: controlPlane.place.xdsPort };
  const envoy = await startEnvoy(t, moveToLoopback(await readBootstrap('envoy/redis-v3-ads.yaml'), ports));
  await envoy.untilStreams('open');
  return {
    dns,
    controlPlane,
    envoy,
    put: async (name, cluster) => {
      const response = await fetch(`http://${controlPlane.api}/api/v2/clusters/${name}`, {
        method: 'PUT',
        body: JSON.stringify(cluster),
        headers: { 'content-type': 'application/json' },
      });
      assert.ok(response.ok, await response.text());
    },
    cli: async (...words) => {
      const { status, stdout, stderr } = await runInProcess([...words, '--api', controlPlane.api]);
      assert.equal(status, 0, `${words.join(' ')}: ${stdout}${stderr}`);
      return stdout;
    },
    connect: () => waitUntil('the Redis listener is there', () => connectRedis(t, listener)),
  };
}

async function startPair(t: TestContext, port: number): Promise<void> {
  for (const [address, name] of [['127.0.0.1', 'one'], ['127.0.0.2', 'two']] as const) {
    const { direct } = await startRedis(t, port, address);
    await direct.ask('SET', 'name', name);
  }
}

async function untilGets(redis: RespClient, reply: string): Promise<void> {
  await waitUntil(`Redis answers ${reply}`, async () => {
    const got = await redis.ask('GET', 'name');
    if (got !== reply) throw new Error(got);
    return true;
  });
}

test('a server that moves behind its name is followed by EDS alone; one whose name is gone stays', async (t) => {
  const { dns, controlPlane, envoy, put, cli, connect } = await start(t, { 'redis.test': ['127.0.0.1'] });
  const port = await freePort();
  await startPair(t, port);
  await put('orders', { resolve: 'controlplane', endpoints: [{ address: 'redis.test', port }] });
  assert.match(await cli('commit', '--wait', '10s'), /^committed revision 1: 1 of 1 in sync/u);
  const redis = await connect();
  await untilGets(redis, '"one"');
  const updates = async (): Promise<number | undefined> => {
    return (await envoy.stats('^cluster_manager.cds.update_success$')).get('cluster_manager.cds.update_success');
  };
  const before = await updates();

  dns.records.set('redis.test', ['127.0.0.2']);
  await untilGets(redis, '"two"');
  assert.deepEqual(await envoy.hosts('orders'), [`127.0.0.2:${port}`]);
  assert.equal(await updates(), before);
  assert.match(await cli('history'), /^1 /mu);
  assert.match(await cli('host-names'), /^redis\.test +127\.0\.0\.2 +found +orders$/mu);

  // No record any more, and then no name server: what was found last stands, and is told.
  dns.records.clear();
  await waitUntil('it is told', async () => {
    return (await cli('host-names')).includes('not found since');
  });
  assert.match(await cli('status'), /host name redis\.test: not found since .*: 127\.0\.0\.2 stays published/u);
  assert.equal(await redis.ask('GET', 'name'), '"two"');
  dns.isSilent = true;
  await controlPlane.kill();
  await controlPlane.comeBack();
  await envoy.untilStreams('open');
  assert.match(await cli('host-names'), /^redis\.test +127\.0\.0\.2 /mu);
  assert.equal(await redis.ask('GET', 'name'), '"two"');
  assert.deepEqual(await envoy.hosts('orders'), [`127.0.0.2:${port}`]);

  dns.isSilent = false;
  dns.records.set('redis.test', ['127.0.0.1']);
  await untilGets(redis, '"one"');
});

test('a shard whose name leads elsewhere keeps its keys, with placement fixed', async (t) => {
  const { dns, put, cli, connect } = await start(t, { 'a.test': ['127.0.0.1'], 'b.test': ['127.0.0.1'] });
  const [port, other] = [await freePort(), await freePort()];
  await startPair(t, port);
  await startRedis(t, other);
  const shards = [
    { name: 'a', endpoint: { address: 'a.test', port } },
    { name: 'b', endpoint: { address: 'b.test', port: other } },
  ];
  await put('orders', { kind: 'sharded', resolve: 'controlplane', shards });
  await cli('commit', '--wait', '10s');
  const redis = await connect();
  const keys = Array.from({ length: 100 }, (_, index) => `key-${index}`);
  await waitUntil('all keys are taken', async () => {
    return (await Promise.all(keys.map((key) => redis.ask('SET', key, 'value')))).every((reply) => reply === 'OK');
  });
  const one = await connectRedis(t, port);
  const held = async (server: RespClient): Promise<string[]> => {
    return [...(await server.ask('KEYS', 'key-*')).matchAll(/key-\d+/gu)].map(([key]) => key).sort();
  };
  const before = await held(one);
  const two = await connectRedis(t, port, '127.0.0.2');
  dns.records.set('a.test', ['127.0.0.2']);
  await waitUntil('its keys go to where the name leads', async () => {
    const replies = await Promise.all(keys.map((key) => redis.ask('SET', key, 'value')));
    return replies.every((reply) => reply === 'OK') && (await held(two)).length > 0;
  });
  await Promise.all(keys.map((key) => redis.ask('SET', key, 'value')));
  assert.deepEqual(await held(two), before);
  assert.ok(before.length > 10 && before.length < 90);
});
