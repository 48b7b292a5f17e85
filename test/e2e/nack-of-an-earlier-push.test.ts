// What a real Envoy says when a bad push is followed by a good one before it could answer, and what we make of it.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { ResourceKind } from '../../src/snapshot/resource.ts';
import type { StreamStatus, TypeStatus } from '../../src/xds/stream-status.ts';
import { moveToLoopback, readBootstrap } from '../support/bootstrap.ts';
import { startEnvoy } from '../support/envoy.ts';
import { freePort } from '../support/free-port.ts';
import { waitUntil } from '../support/wait-until.ts';
import { buildSnapshotOfMessages } from '../support/xds/hand-made-snapshot.ts';
import { serveXds } from '../support/xds/served-xds.ts';
import type { ServedXds } from '../support/xds/served-xds.ts';

const head = { connect_timeout: { seconds: 1 } };

/** Warms until its endpoints come, however long that takes. */
const warming = {
  ...head,
  name: 'warming',
  type: 'EDS',
  eds_cluster_config: {
    eds_config: { ads: {}, resource_api_version: 'V3', initial_fetch_timeout: { seconds: 0 } },
  },
};
/** Refused: an EDS cluster has to say where its endpoints come from. */
const bad = { ...head, name: 'bad', type: 'EDS' };
const good = { ...head, name: 'good', type: 'STATIC' };

function streamOf(xds: ServedXds): StreamStatus | undefined {
  return Array.from(xds.hub.streams, (stream) => stream.status()).find(({ node }) => node?.id === 'default-instance');
}

function typeOf(xds: ServedXds, kind: ResourceKind): TypeStatus | undefined {
  return streamOf(xds)?.types.find((type) => type.kind === kind);
}

test('a bad push that a good one overtook is told as such: the good one is in force', async (t) => {
  const xds = await serveXds(t);
  xds.publish(buildSnapshotOfMessages({}));
  const [bootstrap, admin] = [await readBootstrap('envoy/redis-v3-ads.yaml'), await freePort()];
  const envoy = await startEnvoy(t, moveToLoopback(bootstrap, { admin, xds: xds.port }));
  await envoy.untilLive();

  // While a cluster warms Envoy takes what it is pushed and answers nothing.
  xds.publish(buildSnapshotOfMessages({ cluster: { warming } }));
  await waitUntil('Envoy asks for endpoints', () => typeOf(xds, 'endpoint') !== undefined);
  xds.publish(buildSnapshotOfMessages({ cluster: { warming, bad } }));
  await envoy.child.until('Envoy has refused a push', async () => {
    return (await envoy.stats('cluster_manager.cds.update_rejected')).get('cluster_manager.cds.update_rejected') === 1;
  });
  xds.publish(buildSnapshotOfMessages({ cluster: { warming, good } }));
  await envoy.child.until('Envoy has the good cluster', async () => (await envoy.clusters()).includes('good'));
  assert.deepEqual([typeOf(xds, 'cluster')?.state, typeOf(xds, 'cluster')?.lastNack], ['stale', undefined]);

  const endpoint = { warming: { cluster_name: 'warming' } };
  xds.publish(buildSnapshotOfMessages({ cluster: { warming, good }, endpoint }));
  await waitUntil('Envoy has answered', () => typeOf(xds, 'cluster')?.unansweredSinceMs === undefined);
  const { state, versionSent, versionAccepted, lastNack } = typeOf(xds, 'cluster') ?? assert.fail();
  assert.deepEqual([state, versionAccepted], ['synced', versionSent]);
  assert.deepEqual([lastNack?.version, lastNack?.isInForce], [versionSent, true]);
  assert.match(String(lastNack?.message), /bad/);
  assert.ok(lastNack?.names.includes('bad'), `among ${lastNack?.names.join(', ')}`);
  assert.equal(xds.logged('NACK of an earlier response, this one is in force').length, 1);
  assert.deepEqual(xds.logged('NACK'), []);
});
