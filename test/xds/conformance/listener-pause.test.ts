// Listeners that follow each other: ORD-07 of the catalogue.

import assert from 'node:assert/strict';

import { describeReason } from '../../../src/api/v2/reason.ts';
import { awaitConvergence } from '../../../src/xds/convergence.ts';
import { scenarioOfBoth } from '../../support/xds/both-protocols.ts';
import type { DiscoveryClient } from '../../support/xds/both-protocols.ts';
import { addCluster, addEndpoint, removeCluster, removeEndpoint } from '../../support/xds/changes.ts';
import { holdX, swapXForY } from '../../support/xds/cluster-swap.ts';
import { clustersRoutedTo } from '../../support/xds/resource-content.ts';
import { serveXds } from '../../support/xds/served-xds.ts';
import type { ServedXds } from '../../support/xds/served-xds.ts';
import { aggregated, perType } from '../../support/xds/wire-variant.ts';

const endless = { listenerPause: { minMs: 3_600_000, maxMs: 3_600_000 } };
const short = { listenerPause: { minMs: 50, maxMs: 50 } };

/** Takes the new cluster with its endpoints, and ACKs both. */
async function takeCluster(client: DiscoveryClient, wanted: readonly string[]): Promise<void> {
  await client.takeAndAck('cluster');
  client.subscribe('endpoint', ...wanted);
  await client.takeAndAck('endpoint');
}

/** Takes the listener and the route, and ACKs both. */
async function takeReferring(client: DiscoveryClient): Promise<void> {
  await client.takeAndAck('listener');
  await client.takeAndAck('route');
}

/** Takes the listener and ACKs it. Gives the clusters that it routes to. */
async function takeRoutes(client: DiscoveryClient): Promise<readonly string[]> {
  const { resources } = await client.takeAndAck('listener');
  return clustersRoutedTo(client.variant.apiVersion, resources[0]);
}

function listenerReason({ hub }: ServedXds): string | null | undefined {
  const statuses = Array.from(hub.streams, (stream) => stream.status());
  const [status] = statuses.filter(({ types }) => types.some(({ kind }) => kind === 'listener'));
  const type = status?.types.find(({ kind }) => kind === 'listener');
  return status && type && describeReason(type, status);
}

scenarioOfBoth('ORD-07 one commit goes out at once, the listener of the next waits', aggregated, async (t, variant, protocol) => {
  const { xds, client } = await holdX(t, protocol, variant, endless);
  xds.commit(...addCluster('y', 6380));
  await takeCluster(client, ['x', 'y']);
  await takeReferring(client);
  xds.commit(...addCluster('z', 6381));
  await takeCluster(client, ['x', 'y', 'z']);
  await client.takeAndAck('route');
  await client.assertQuiet();
  assert.deepEqual(xds.states, { cluster: 'synced', endpoint: 'synced', listener: 'stale', route: 'synced' });
  assert.match(listenerReason(xds) ?? '', /^not sent: held back until \S+Z: listeners go out at most every 3600 s$/);
});

scenarioOfBoth('ORD-07 what is to be removed waits with the listener', aggregated, async (t, variant, protocol) => {
  const { xds, client } = await holdX(t, protocol, variant, endless);
  xds.commit(...addCluster('y', 6380));
  await takeCluster(client, ['x', 'y']);
  await takeReferring(client);
  xds.commit(...removeCluster('x', 6379));
  await client.takeAndAck('route');
  await client.assertQuiet();
  assert.deepEqual(xds.states, { cluster: 'stale', endpoint: 'stale', listener: 'stale', route: 'synced' });
});

scenarioOfBoth('ORD-07 after the pause the newest listener goes, then what it does not name', aggregated, async (t, variant, protocol) => {
  const { xds, client } = await holdX(t, protocol, variant, short);
  xds.commit(...addCluster('w', 6378));
  await takeCluster(client, ['w', 'x']);
  await takeReferring(client);
  swapXForY(xds);
  const convergence = awaitConvergence(xds.hub, { timeoutMs: 60_000 });
  await takeCluster(client, ['w', 'x', 'y']);
  await client.takeAndAck('route');
  assert.deepEqual(await takeRoutes(client), ['w', 'y']);
  await client.takeAndAck('cluster');
  if (protocol.name === 'delta') await client.takeAndAck('endpoint');
  else client.subscribe('endpoint', 'w', 'y');
  const { waiting, settled } = await convergence;
  assert.deepEqual([waiting, settled.length], [[], 1]);
});

scenarioOfBoth('ORD-07 on a stream of listeners alone it is the same', perType, async (t, variant, protocol) => {
  const xds = await serveXds(t, endless);
  xds.commit(...addCluster('x', 6379));
  const client = protocol.client(xds.connect(), variant);
  await client.hold({ listener: [] });
  xds.commit(...addCluster('y', 6380));
  assert.deepEqual(await takeRoutes(client), ['x', 'y']);
  xds.commit(...addCluster('z', 6381));
  await client.assertQuiet();
  assert.deepEqual(xds.states, { listener: 'stale' });
});

scenarioOfBoth('ORD-07 what the client asks for does not wait', perType, async (t, variant, protocol) => {
  const xds = await serveXds(t, endless);
  xds.commit(...addCluster('x', 6379));
  const client = protocol.client(xds.connect(), variant);
  await client.hold({ listener: [] });
  xds.commit(...addCluster('y', 6380));
  await client.takeAndAck('listener');
  client.subscribe('listener', 'redis_listener');
  assert.deepEqual(await takeRoutes(client), ['x', 'y']);
  await client.assertQuiet();
});

scenarioOfBoth('ORD-07 nor does it while a newer one waits', perType, async (t, variant, protocol) => {
  const xds = await serveXds(t, endless);
  xds.commit(...addCluster('x', 6379));
  const client = protocol.client(xds.connect(), variant);
  await client.hold({ listener: [] });
  xds.commit(...addCluster('y', 6380));
  await client.takeAndAck('listener');
  xds.commit(...addCluster('z', 6381));
  await client.assertQuiet();
  client.subscribe('listener', 'redis_listener');
  assert.deepEqual(await takeRoutes(client), ['x', 'y']);
  await client.assertQuiet();
  assert.deepEqual(xds.states, { listener: 'stale' });
});

scenarioOfBoth('ORD-07 a route to a removed cluster waits for nothing, whatever came since', perType, async (t, variant, protocol) => {
  const xds = await serveXds(t, endless);
  xds.commit(...addCluster('x', 6379), ...addCluster('y', 6380));
  const client = protocol.client(xds.connect(), variant);
  await client.hold({ listener: [] });
  xds.commit(...addCluster('z', 6381));
  await client.takeAndAck('listener');
  // The stand-in comes at once, the route to w waits.
  xds.commit(...addCluster('w'));
  await client.takeAndAck('listener');
  xds.commit(...removeCluster('x', 6379));
  const { resources } = await client.takeAndAck('listener');
  assert.deepEqual(clustersRoutedTo(variant.apiVersion, resources.at(-1)), ['w', 'y', 'z']);
});

scenarioOfBoth('ORD-07 a listener that comes or goes waits for nothing', aggregated, async (t, variant, protocol) => {
  const { xds, client } = await holdX(t, protocol, variant, endless);
  xds.commit(...addCluster('y', 6380));
  await takeCluster(client, ['x', 'y']);
  await takeReferring(client);
  // Without servers y has the stand-in, which is a listener of its own.
  for (const change of [removeEndpoint('y', 6380), addEndpoint('y', 6380), removeEndpoint('y', 6380)]) {
    xds.commit(change);
    await client.takeAndAck('endpoint');
    await client.takeAndAck('listener');
  }
  await client.assertQuiet();
  assert.deepEqual(xds.states, { cluster: 'synced', endpoint: 'synced', listener: 'synced', route: 'synced' });
});
