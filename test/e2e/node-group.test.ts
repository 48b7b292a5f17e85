// Envoys of two node groups beside each other: each is given what is for all and what is for its own.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { moveToLoopback, readBootstrap } from '../support/bootstrap.ts';
import { startControlPlane } from '../support/controlplane.ts';
import { startEnvoy } from '../support/envoy.ts';
import type { Envoy } from '../support/envoy.ts';
import { freePort } from '../support/free-port.ts';
import { startRedis } from '../support/redis-server.ts';
import { connectRedis } from '../support/resp-client.ts';
import { waitUntil } from '../support/wait-until.ts';

/** Connections that were opened to the control plane's xDS port. */
const connectCount = '^cluster\\.xds_cluster\\.upstream_cx_total$';
const clusterCount = '^cluster_manager\\.active_clusters$';

for (const bootstrap of ['envoy/redis-v3-ads.yaml', 'envoy/redis-v3-delta-ads.yaml', 'envoy/redis-v3-rest.yaml']) {
  test(`${bootstrap}: a group gets a cluster and a listener of its own without a reconnect, and loses them`, async (t) => {
    const [shared, own] = await Promise.all([startRedis(t), startRedis(t)]);
    const [redisPort, ownPort] = [await freePort(), await freePort()];
    const controlPlane = await startControlPlane(t, ['--redis-listener', `127.0.0.1:${redisPort}`, '--drain-time', '0']);
    const call = async (method: string, path: string, body?: object): Promise<void> => {
      const headers = { 'Content-Type': 'application/json' };
      const answer = await fetch(`http://${controlPlane.api}/api/v2/${path}`, {
        method,
        headers,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${await answer.text()}`);
    };
    const start = async (group: string): Promise<Envoy> => {
      const { xdsPort: xds, apiPort: api } = controlPlane.place;
      const moved = moveToLoopback(await readBootstrap(bootstrap), { admin: await freePort(), xds, api });
      return startEnvoy(t, { ...moved, node: { id: `node-of-${group}`, cluster: group } });
    };
    const clustersOf = async (envoy: Envoy): Promise<string[]> => {
      const totals = await envoy.stats('^cluster\\.(shared|own)\\.membership_total$');
      return [...totals.keys()].map((name) => name.split('.')[1] ?? '').sort();
    };

    const endpoints = (port: number) => [{ address: '127.0.0.1', port }];
    await call('PUT', 'clusters/shared', { prefix: 's:', endpoints: endpoints(shared.port) });
    await call('POST', 'commit');
    const [edge, core] = await Promise.all([start('edge'), start('core')]);
    await edge.child.until('the Redis listener is there', () => connectRedis(t, redisPort));
    await waitUntil('both have what is for all', async () => {
      return (await Promise.all([edge, core].map(clustersOf))).every((names) => names.join() === 'shared');
    });

    const [connectsBefore, clustersBefore] = [await countOf(edge, connectCount), await countOf(edge, clusterCount)];
    await call('PUT', 'clusters/own', { groups: ['edge'], endpoints: endpoints(own.port) });
    await call('PUT', 'listeners/own', { kind: 'tcp', address: `127.0.0.1:${ownPort}`, cluster: 'own', groups: ['edge'] });
    await call('POST', 'commit');
    await own.direct.ask('SET', 'who', 'own');
    // Who polls may have the listener before the cluster.
    const answer = await edge.child.until('the own listener leads to the own server', async () => {
      return (await connectRedis(t, ownPort)).ask('GET', 'who');
    });
    assert.equal(answer, '"own"');
    assert.deepEqual([await clustersOf(edge), await clustersOf(core)], [['own', 'shared'], ['shared']]);

    await call('DELETE', 'listeners/own');
    await call('DELETE', 'clusters/own');
    await call('POST', 'commit');
    // Its statistics stay for as long as a connection does.
    await waitUntil('what was its own is gone', async () => (await countOf(edge, clusterCount)) === clustersBefore);
    assert.equal(await countOf(edge, connectCount), connectsBefore);
    for (const envoy of [edge, core]) {
      const rejected = await envoy.stats('update_rejected$');
      assert.deepEqual(new Set(rejected.values()), new Set([0]));
    }
  });
}

async function countOf(envoy: Envoy, pattern: string): Promise<number> {
  const [count = 0] = (await envoy.stats(pattern)).values();
  return count;
}
