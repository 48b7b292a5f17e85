// More clusters than Envoy has streams for by default, 1,024: a stream for the endpoints of each is opened all the
// same, on one connection.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';

import type { ClientsMessage } from '../../src/api/v2/messages.ts';
import { moveToLoopback, readBootstrap } from '../support/bootstrap.ts';
import { startControlPlane, type ControlPlane } from '../support/controlplane.ts';
import { startEnvoy } from '../support/envoy.ts';
import { freePort } from '../support/free-port.ts';

const clusterCount = 1_100;
const callsAtOnce = 20;

async function post({ api }: ControlPlane, path: string, body: object): Promise<void> {
  const response = await fetch(`http://${api}/api/v1/${path}`, { method: 'POST', body: JSON.stringify(body) });
  assert.equal(response.status, 200, await response.text());
}

/** Clusters c0, c1, ... with one endpoint each. */
async function commitClusters(controlPlane: ControlPlane): Promise<void> {
  let next = 0;
  const addOthers = async (): Promise<void> => {
    for (let index = next++; index < clusterCount; index = next++) {
      const name = `c${index}`;
      await post(controlPlane, 'cluster', { name, prefix: `/${name}:` });
      await post(controlPlane, 'endpoint', { cluster: name, ipaddress: '127.0.0.1', port: 10_000 + index });
    }
  };
  await Promise.all(Array.from({ length: callsAtOnce }, addOthers));
  await post(controlPlane, 'commit', {});
}

async function clientsOf({ api }: ControlPlane): Promise<ClientsMessage['clients']> {
  const response = await fetch(`http://${api}/api/v2/clients`);
  return ((await response.json()) as ClientsMessage).clients;
}

async function serveAll(t: TestContext, controlPlane: ControlPlane, bootstrap: string): Promise<void> {
  const { xdsPort: xds, apiPort: api } = controlPlane.place;
  const shipped = await readBootstrap(bootstrap);
  const listener = shipped.static_resources.listeners === undefined ? {} : { listener: await freePort() };
  const ports = { admin: await freePort(), xds, api, ...listener };
  const envoy = await startEnvoy(t, moveToLoopback(shipped, ports));
  await envoy.child.until('every cluster has its endpoint', async () => {
    const hosts = [...(await envoy.stats('^cluster\\.c\\d+\\.membership_total$')).values()];
    const served = hosts.filter((count) => count === 1).length;
    if (served < clusterCount) throw new Error(`${served} have`);
    return true;
  });
  await controlPlane.child.until('the status shows one client that is in sync', async () => {
    const rows = (await clientsOf(controlPlane)).map(({ node, state }) => `${node.id} ${state}`);
    assert.deepEqual(rows, ['default-instance synced']);
    return true;
  });
  const stats = await envoy.stats('^cluster\\.xds_cluster\\.(upstream_cx_active|circuit_breakers\\.default\\.rq_open)$');
  assert.deepEqual(Object.fromEntries(stats), {
    'cluster.xds_cluster.circuit_breakers.default.rq_open': 0,
    'cluster.xds_cluster.upstream_cx_active': 1,
  });
  await envoy.child.end('SIGKILL');
  await controlPlane.child.until('it has gone', async () => (await clientsOf(controlPlane)).length === 0);
}

test(`${clusterCount} clusters are served over streams of one type`, async (t) => {
  const controlPlane = await startControlPlane(t, ['--redis-listener', `127.0.0.1:${await freePort()}`]);
  await commitClusters(controlPlane);
  for (const bootstrap of ['redis-v3-streams', 'redis-v3-delta-streams', 'http-v3', 'redis-v3-rest']) {
    await t.test(`as envoy/${bootstrap}.yaml says`, (t) => serveAll(t, controlPlane, `envoy/${bootstrap}.yaml`));
  }
});
