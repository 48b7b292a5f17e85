// A real Envoy with a cluster of its own whose endpoints nobody knows: it must not wait for them.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { moveToLoopback, readBootstrap } from '../support/bootstrap.ts';
import type { Bootstrap } from '../support/bootstrap.ts';
import { startEnvoy } from '../support/envoy.ts';
import { freePort } from '../support/free-port.ts';
import { addCluster } from '../support/xds/changes.ts';
import { serveXds } from '../support/xds/served-xds.ts';

const unknown = {
  name: 'unknown',
  connect_timeout: '1s',
  type: 'EDS',
  eds_cluster_config: { eds_config: { ads: {}, resource_api_version: 'V3' } },
};

/** `told`: what counts that Envoy was told that there are no endpoints. */
for (const { file, told } of [
  { file: 'redis-v3-ads.yaml', told: 'update_success' },
  { file: 'redis-v3-delta-ads.yaml', told: 'update_empty' },
]) {
  test(`${file}: endpoints that do not exist are not waited for`, async (t) => {
    const xds = await serveXds(t);
    xds.commit(...addCluster('known', 6379));
    const ports = { admin: await freePort(), xds: xds.port };
    const bootstrap = moveToLoopback(await readBootstrap(`envoy/${file}`), ports);
    const clusters = [...bootstrap.static_resources.clusters, unknown];
    const withUnknown = { ...bootstrap, static_resources: { ...bootstrap.static_resources, clusters } } as Bootstrap;
    const envoy = await startEnvoy(t, withUnknown);
    await envoy.untilLive();
    const stats = await envoy.stats('^cluster\\.unknown\\.(init_fetch_timeout|update_rejected|update_success|update_empty)$');
    assert.equal(stats.get('cluster.unknown.init_fetch_timeout'), 0, 'it waited until its patience ended');
    assert.equal(stats.get('cluster.unknown.update_rejected'), 0);
    assert.equal(stats.get(`cluster.unknown.${told}`), 1);
  });
}
