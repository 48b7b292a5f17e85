// A cluster without servers behind real Envoys of two releases. MULTI on a route to a cluster in which Envoy can select
// no host ends these with a segmentation fault.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';

import { parse } from 'yaml';

import { moveToLoopback, readBootstrap } from '../support/bootstrap.ts';
import type { Bootstrap } from '../support/bootstrap.ts';
import { checkoutPath } from '../support/checkout.ts';
import { startControlPlane } from '../support/controlplane.ts';
import type { ControlPlane } from '../support/controlplane.ts';
import { envoyReleases, startEnvoy } from '../support/envoy.ts';
import type { Envoy, EnvoyRelease } from '../support/envoy.ts';
import { freePort } from '../support/free-port.ts';
import { startRedis } from '../support/redis-server.ts';
import type { RedisServer } from '../support/redis-server.ts';
import { connectRedis } from '../support/resp-client.ts';
import type { RespClient } from '../support/resp-client.ts';
import { waitUntil } from '../support/wait-until.ts';
import { startRelay } from '../support/xds/relay.ts';
import type { Relay } from '../support/xds/relay.ts';

const noUpstreamHost = '(error) no upstream host';

interface Subject {
  readonly controlPlane: ControlPlane;
  readonly envoy: Envoy;
  readonly connect: () => Promise<RespClient>;
}

async function start(
  t: TestContext,
  bootstrap: string,
  version: EnvoyRelease,
  flags: readonly string[] = [],
  change: (bootstrap: Bootstrap) => Bootstrap = (unchanged) => unchanged,
): Promise<Subject> {
  const listenerPort = await freePort();
  const controlPlane = await startControlPlane(t, ['--redis-listener', `127.0.0.1:${listenerPort}`, ...flags]);
  const { xdsPort: xds, apiPort: api } = controlPlane.place;
  const ports = { admin: await freePort(), xds, api };
  const envoy = await startEnvoy(t, moveToLoopback(change(await readBootstrap(bootstrap)), ports), { version });
  return { controlPlane, envoy, connect: () => connectRedis(t, listenerPort) };
}

/** Transactions of every shape that ended an Envoy. Gives the replies to the keyed command. */
async function tryTransactions({ envoy, connect }: Subject, key: string): Promise<string[]> {
  const replies: string[] = [];
  for (const end of ['EXEC', 'DISCARD', 'disconnect'] as const) {
    const redis = await connect();
    assert.equal(await redis.ask('MULTI'), 'OK');
    replies.push(await redis.ask('SET', key, 'value'));
    if (end !== 'disconnect') await redis.ask(end);
    redis.close();
  }
  // It would end when it notices that the client has gone.
  await sleep(100);
  await envoy.stats('^server.live$');
  return replies;
}

for (const version of envoyReleases) {
  for (const bootstrap of ['envoy/redis-v3-ads.yaml', 'envoy/redis-v3-delta-ads.yaml', 'envoy/redis-v3-rest.yaml']) {
    describe(`Envoy ${version}, ${bootstrap}`, () => {
      test('lives through MULTI on a cluster that never had a server', async (t) => {
        const subject = await start(t, bootstrap, version);
        await subject.controlPlane.cli('cluster', 'add', 'empty', 'e');
        await subject.controlPlane.cli('commit');
        await subject.envoy.untilLive();
        const redis = await subject.envoy.child.until('the listener is there', subject.connect);
        assert.equal(await redis.ask('GET', 'e1'), noUpstreamHost);
        assert.deepEqual(await tryTransactions(subject, 'e1'), [noUpstreamHost, noUpstreamHost, noUpstreamHost]);
        assert.deepEqual(await tryTransactions(subject, 'other'), [noUpstreamHost, noUpstreamHost, noUpstreamHost]);
      });

      test('sends no key of an empty cluster to the catch-all', async (t) => {
        const server = await startRedis(t);
        const subject = await start(t, bootstrap, version, ['--redis-catch-all', 'all']);
        await subject.controlPlane.cli('cluster', 'add', 'empty', 'e');
        await addCluster(subject.controlPlane, 'all', server);
        await subject.controlPlane.cli('commit');
        await subject.envoy.untilLive();
        const redis = await subject.envoy.child.until('the listener is there', subject.connect);
        assert.equal(await redis.ask('SET', 'other', 'value'), 'OK');
        assert.equal(await redis.ask('SET', 'e1', 'value'), noUpstreamHost);
        assert.deepEqual(await tryTransactions(subject, 'e1'), [noUpstreamHost, noUpstreamHost, noUpstreamHost]);
        assert.equal(await server.direct.ask('KEYS', 'e*'), '(empty array)');
      });
    });
  }

  // Who polls gets the second listener with its next poll.
  for (const [bootstrap, rounds, phaseMs] of [['envoy/redis-v3-ads.yaml', 5, 300], ['envoy/redis-v3-rest.yaml', 2, 3_000]] as const) {
    test(`Envoy ${version}, ${bootstrap}: emptied and filled again under MULTI, with one Redis listener all the while`, async (t) => {
      const server = await startRedis(t);
      const subject = await start(t, bootstrap, version);
      const { controlPlane, envoy, connect } = subject;
      await addCluster(controlPlane, 'bunny', server);
      await controlPlane.cli('commit');
      await envoy.untilLive();
      await envoy.child.until('the listener is there', connect);

      const replies = new Set<string>();
      let isOver = false;
      // Each on a connection that stays, and that has opened a transaction before the server goes and when it is back.
      const load = Array.from({ length: 8 }, async () => {
        const redis = await connect();
        while (!isOver) {
          for (const words of [['MULTI'], ['SET', 'key', 'value'], ['EXEC']]) replies.add(await redis.ask(...words));
          replies.add(await redis.ask('GET', 'key'));
          const once = await connect();
          await once.ask('MULTI');
          replies.add(await once.ask('SET', 'key', 'value'));
          once.close();
          await sleep(5);
        }
      });
      for (let round = 0; round < rounds; round += 1) {
        await controlPlane.cli('endpoint', 'remove', 'bunny', server.address, `${server.port}`);
        await controlPlane.cli('commit');
        await sleep(phaseMs);
        await controlPlane.cli('endpoint', 'add', 'bunny', server.address, `${server.port}`);
        await controlPlane.cli('commit');
        await sleep(phaseMs);
      }
      isOver = true;
      await Promise.all(load);

      assert.ok(replies.has(noUpstreamHost) && replies.has('QUEUED') && replies.has('"value"'), [...replies].join(', '));
      const redis = await connect();
      assert.equal(await redis.ask('GET', 'key'), '"value"');
      const changes = await envoy.stats('^listener_manager\\.(listener_in_place_updated|listener_modified)$');
      assert.deepEqual([...changes.values()], [0, 0]);
      const closed = await envoy.stats('redis\\.egress_redis\\.downstream_cx_drain_close$');
      assert.deepEqual([...closed.values()], [0]);
    });
  }
}

type ConfigSource = 'cds_config' | 'lds_config';

const ownStreamFrom = (cluster: string): unknown => ({
  resource_api_version: 'V3',
  api_config_source: {
    api_type: 'GRPC',
    transport_api_version: 'V3',
    grpc_services: [{ envoy_grpc: { cluster_name: cluster } }],
  },
});

/** Ways to take one type beside ADS, which all else stays on. */
const besideAds: Record<string, (ads: Bootstrap, source: ConfigSource, polling: Bootstrap) => Bootstrap> = {
  'on a stream of its own': (ads, source) => {
    return { ...ads, dynamic_resources: { ...ads.dynamic_resources, [source]: ownStreamFrom('xds_cluster') } };
  },
  polled: (ads, source, polling) => {
    const dynamic = { ...ads.dynamic_resources, [source]: polling.dynamic_resources[source] };
    // Those of the polling one are these and one more, for the polls.
    return { ...ads, dynamic_resources: dynamic, static_resources: polling.static_resources };
  },
};

for (const version of envoyReleases) {
  for (const [way, take] of Object.entries(besideAds)) {
    for (const source of ['cds_config', 'lds_config'] as const) {
      test(`Envoy ${version} with ${source} ${way}, all else on ADS, lives through MULTI too`, async (t) => {
        const polling = await readBootstrap('envoy/redis-v3-rest.yaml');
        const server = await startRedis(t);
        const subject = await start(t, 'envoy/redis-v3-ads.yaml', version, [], (ads) => take(ads, source, polling));
        const { controlPlane, envoy, connect } = subject;
        await addCluster(controlPlane, 'bunny', server);
        await controlPlane.cli('commit');
        await envoy.untilLive();
        const redis = await envoy.child.until('the listener is there', connect);
        assert.equal(await redis.ask('SET', 'bunny:1', 'value'), 'OK');
        await controlPlane.cli('endpoint', 'remove', 'bunny', server.address, `${server.port}`);
        await controlPlane.cli('commit');
        await waitUntil('the server is gone', async () => (await redis.ask('GET', 'bunny:1')) === noUpstreamHost);
        assert.deepEqual(await tryTransactions(subject, 'bunny:1'), [noUpstreamHost, noUpstreamHost, noUpstreamHost]);
      });
    }
  }
}

/** An Envoy that has its listeners through a relay of their own, and with that away keeps those that it has. */
async function startWithRelay(
  t: TestContext,
  version: EnvoyRelease,
  change: (ads: Bootstrap) => Bootstrap,
): Promise<Subject & { readonly relay: Relay }> {
  const listenerPort = await freePort();
  const controlPlane = await startControlPlane(t, ['--redis-listener', `127.0.0.1:${listenerPort}`]);
  const xds = controlPlane.place.xdsPort;
  const relay = await startRelay(t, xds);
  const bootstrap = change(await readBootstrap('envoy/redis-v3-ads.yaml'));
  const dynamic = { ...bootstrap.dynamic_resources, lds_config: ownStreamFrom('xds_relay') };
  const moved = moveToLoopback({ ...bootstrap, dynamic_resources: dynamic }, { admin: await freePort(), xds });
  const { clusters } = moved.static_resources;
  const text = JSON.stringify(clusters[0]).replaceAll('xds_cluster', 'xds_relay').replace(`${xds}`, `${relay.port}`);
  const static_resources = { clusters: [...clusters, JSON.parse(text) as (typeof clusters)[number]] };
  const envoy = await startEnvoy(t, { ...moved, static_resources }, { version });
  return { controlPlane, envoy, relay, connect: () => connectRedis(t, listenerPort) };
}

/** Ways to take everything but listeners. */
const besideListeners: Record<string, (ads: Bootstrap) => Bootstrap> = {
  'on ADS': (ads) => ads,
  'on streams of their own': (ads) => ({ ...ads, dynamic_resources: { cds_config: ownStreamFrom('xds_cluster') } }),
};

for (const version of envoyReleases) {
  for (const [way, change] of Object.entries(besideListeners)) {
    test(`Envoy ${version} with all but listeners ${way} lives through MULTI when these alone are not back after a restart`, async (t) => {
      const [first, second] = [await startRedis(t), await startRedis(t)];
      const { relay, ...subject } = await startWithRelay(t, version, change);
      const { controlPlane, envoy, connect } = subject;
      const end = async (...words: readonly string[]): Promise<void> => {
        await controlPlane.cli('endpoint', ...words);
        await controlPlane.cli('commit');
      };
      await addCluster(controlPlane, 'bunny', first);
      await controlPlane.cli('commit');
      await envoy.untilLive();
      const redis = await envoy.child.until('the listener is there', connect);
      assert.equal(await redis.ask('SET', 'bunny:1', 'value'), 'OK');

      relay.close();
      await controlPlane.kill();
      await controlPlane.comeBack();
      await end('add', 'bunny', second.address, `${second.port}`);
      await envoy.untilHosts('bunny', [first, second].map(({ address, port }) => `${address}:${port}`));
      // Longer than make-before-break waits for anything: a request for listeners may be later still.
      if (way === 'on ADS') await sleep(6_000);
      await end('remove', 'bunny', first.address, `${first.port}`);
      await end('remove', 'bunny', second.address, `${second.port}`);
      await waitUntil('the servers are gone', async () => (await redis.ask('GET', 'bunny:1')).startsWith('(error)'));
      for (const reply of await tryTransactions(subject, 'bunny:1')) assert.match(reply, /^\(error\)/);

      // Now it holds what only Envoys with listeners of ours do.
      await controlPlane.kill();
      await controlPlane.comeBack();
      await controlPlane.cli('cluster', 'add', 'other', 'o');
      await controlPlane.cli('commit');
      await waitUntil('it is told of clusters', async () => (await envoy.clusters()).includes('other'));
      for (const reply of await tryTransactions(subject, 'bunny:1')) assert.match(reply, /^\(error\)/);
    });
  }
}

async function addCluster(controlPlane: ControlPlane, name: string, { address, port }: RedisServer): Promise<void> {
  await controlPlane.cli('cluster', 'add', name, `${name}:`);
  await controlPlane.cli('endpoint', 'add', name, address, `${port}`);
}

for (const file of ['envoy/redis-v3-streams.yaml', 'envoy/redis-v3-delta-streams.yaml']) {
  for (const version of envoyReleases) {
    test(`Envoy ${version}, ${file}: the lines that refuse transactions do, once they count`, async (t) => {
      const controlPlane = await startControlPlane(t);
      await controlPlane.cli('cluster', 'add', 'bunny_redis_cluster', 'br');
      await controlPlane.cli('commit');
      const listener = await freePort();
      const ports = { admin: await freePort(), xds: controlPlane.place.xdsPort, listener };
      const text = await readFile(checkoutPath(file), 'utf8');
      const counting = text.replace(/^( +)# (faults:|- fault_type|  fault_enabled|  commands)/gm, '$1$2');
      assert.equal(counting.length, text.length - 4 * '# '.length);
      const envoy = await startEnvoy(t, moveToLoopback(parse(counting) as Bootstrap, ports), { version });
      await envoy.untilLive();
      const connect = (): Promise<RespClient> => connectRedis(t, listener);
      const redis = await envoy.child.until('the listener is there', connect);
      assert.equal(await redis.ask('GET', 'br1'), noUpstreamHost);
      assert.equal(await redis.ask('MULTI'), '(error) Fault Injected: Error');
      assert.equal(await redis.ask('SET', 'br1', 'value'), noUpstreamHost);
      assert.equal(await redis.ask('EXEC'), '(error) EXEC without MULTI');
      redis.close();
      await sleep(100);
      await envoy.stats('^server.live$');
    });
  }
}
