// Order and make before break on a delta stream: ORD-04 and ORD-06 of the catalogue.

import assert from 'node:assert/strict';

import { delta } from '../../support/xds/both-protocols.ts';
import { addCluster, addEndpoint, removeCluster, removeEndpoint } from '../../support/xds/changes.ts';
import { holdX, subscriptionOrders, swapXForY, takeNext } from '../../support/xds/cluster-swap.ts';
import { connectDelta } from '../../support/xds/delta-client.ts';
import { buildSnapshot } from '../../support/xds/hand-made-snapshot.ts';
import { portsOf } from '../../support/xds/resource-content.ts';
import { serveXds } from '../../support/xds/served-xds.ts';
import { aggregated, allVariants, perType, scenario } from '../../support/xds/wire-variant.ts';

for (const order of subscriptionOrders) {
  scenario(`ORD-06 removals last, subscribed in the order ${order.join(', ')}`, aggregated, async (t, variant) => {
    const names = { cluster: [], endpoint: ['x', 'y'], listener: [], route: ['r'] };
    const xds = await serveXds(t);
    xds.publish(buildSnapshot({ clusters: { x: 1 }, endpoints: { x: [1] }, listeners: { l: 1 }, routes: { r: 'x' } }));
    const client = connectDelta(xds, variant);
    for (const kind of order) {
      client.subscribe(kind, ...names[kind]);
      await client.takeAndAck(kind);
    }
    await client.connection.fence();
    while (client.unread.length > 0) await client.takeAndAck('endpoint');
    await client.assertQuiet();
    xds.publish(buildSnapshot({ clusters: { y: 1 }, endpoints: { y: [1] }, listeners: { l: 2 }, routes: { r: 'y' } }));
    const expected = [
      ['cluster', ['y']],
      ['endpoint', ['y']],
      ['listener', ['l']],
      ['route', ['r']],
      ['cluster', ['-x']],
      ['endpoint', ['-x']],
    ] as const;
    for (const [kind, changes] of expected) {
      const response = await client.nextOfAny();
      assert.deepEqual([response.kind, response.changes], [kind, changes]);
      client.ack(kind);
    }
    await client.assertQuiet();
  });
}

scenario('ORD-06 new cluster, then the listener, then the old cluster goes', aggregated, async (t, variant) => {
  const { xds, client } = await holdX(t, delta, variant);
  swapXForY(xds);
  assert.deepEqual(await takeNext(client, 'cluster'), ['y']);
  client.subscribe('endpoint', 'y');
  assert.deepEqual(await takeNext(client, 'endpoint'), ['y']);
  client.ack('endpoint');
  await client.assertQuiet();
  client.ack('cluster');
  assert.deepEqual(await takeNext(client, 'listener'), ['y']);
  assert.deepEqual(await takeNext(client, 'route'), ['generic_route']);
  client.ack('route');
  await client.assertQuiet();
  client.ack('listener');
  assert.deepEqual(await takeNext(client, 'cluster'), ['-x']);
  client.ack('cluster');
  assert.deepEqual(await takeNext(client, 'endpoint'), ['-x']);
  client.ack('endpoint');
  client.unsubscribe('endpoint', 'x');
  await client.assertQuiet();
});

scenario('ORD-06 the ACK of clusters may precede the request for endpoints', aggregated, async (t, variant) => {
  const { xds, client } = await holdX(t, delta, variant);
  swapXForY(xds);
  assert.deepEqual(await takeNext(client, 'cluster'), ['y']);
  client.ack('cluster');
  await client.assertQuiet();
  client.subscribe('endpoint', 'y');
  assert.deepEqual(await takeNext(client, 'endpoint'), ['y']);
  await client.assertQuiet();
  client.ack('endpoint');
  assert.deepEqual(await takeNext(client, 'listener'), ['y']);
});

scenario('ORD-06 without any ACK the same, after a bounded wait', aggregated, async (t, variant) => {
  const { xds, client } = await holdX(t, delta, variant, { inForceBoundMs: 30 });
  client.subscribe('endpoint', 'y');
  await client.takeAndAck('endpoint');
  swapXForY(xds);
  assert.deepEqual(await takeNext(client, 'cluster'), ['y']);
  assert.deepEqual(await takeNext(client, 'endpoint'), ['y']);
  assert.deepEqual(await takeNext(client, 'listener'), ['y']);
  assert.deepEqual(await takeNext(client, 'route'), ['generic_route']);
  assert.deepEqual(await takeNext(client, 'cluster'), ['-x']);
  assert.deepEqual(await takeNext(client, 'endpoint'), ['-x']);
  await client.assertQuiet();
});

scenario('ORD-06 nothing that happens meanwhile removes the old cluster early', aggregated, async (t, variant) => {
  const { xds, client } = await holdX(t, delta, variant);
  client.subscribe('endpoint', 'y', 'z');
  await client.takeAndAck('endpoint');
  swapXForY(xds);
  assert.deepEqual(await takeNext(client, 'cluster'), ['y']);
  assert.deepEqual(await takeNext(client, 'endpoint'), ['y']);
  xds.commit(...addCluster('z', 6381));
  assert.deepEqual(await takeNext(client, 'cluster'), ['z']);
  assert.deepEqual(await takeNext(client, 'endpoint'), ['z']);
  client.subscribe('cluster', 'x');
  assert.deepEqual(await takeNext(client, 'cluster'), ['x']);
  assert.deepEqual(await takeNext(client, 'endpoint'), ['x']);
  client.ack('endpoint');
  client.ack('cluster');
  assert.deepEqual(await takeNext(client, 'listener'), ['y', 'z']);
  client.ack('listener');
  assert.deepEqual(await takeNext(client, 'route'), ['generic_route']);
  client.ack('route');
  assert.deepEqual(await takeNext(client, 'cluster'), ['-x']);
  client.ack('cluster');
  assert.deepEqual(await takeNext(client, 'endpoint'), ['-x']);
  client.ack('endpoint');
  await client.assertQuiet();
});

scenario('ORD-06 the old cluster stays while the listener that drops it is refused', aggregated, async (t, variant) => {
  const { xds, client } = await holdX(t, delta, variant);
  client.subscribe('endpoint', 'y');
  await client.takeAndAck('endpoint');
  swapXForY(xds);
  assert.deepEqual(await takeNext(client, 'cluster'), ['y']);
  client.ack('cluster');
  assert.deepEqual(await takeNext(client, 'endpoint'), ['y']);
  client.ack('endpoint');
  assert.deepEqual(await takeNext(client, 'listener'), ['y']);
  client.nack('listener');
  assert.deepEqual(await takeNext(client, 'route'), ['generic_route']);
  client.ack('route');
  await client.assertQuiet();
  xds.commit(addEndpoint('y', 6381));
  assert.deepEqual(await takeNext(client, 'endpoint'), ['y']);
  client.ack('endpoint');
  await client.assertQuiet();
});

scenario('ORD-06 an endpoint that leaves a cluster that stays leaves at once', aggregated, async (t, variant) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('x', 6379, 6380));
  const client = connectDelta(xds, variant);
  await client.hold({ cluster: [], endpoint: ['x', 'y'], listener: [] });
  xds.commit(removeEndpoint('x', 6379), ...addCluster('y', 6381));
  assert.deepEqual(await takeNext(client, 'cluster'), ['y']);
  const endpoints = await client.next('endpoint');
  assert.deepEqual(endpoints.changes, ['x', 'y']);
  assert.deepEqual(endpoints.resources.map(portsOf), [[6380], [6381]]);
});

scenario('ORD-06 without listeners a removed cluster goes at once', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('x', 6379));
  const client = connectDelta(xds, variant);
  await client.hold({ cluster: [], endpoint: ['x'] });
  swapXForY(xds);
  assert.deepEqual((await client.takeAndAck('cluster')).changes, ['y', '-x']);
  assert.deepEqual((await client.takeAndAck('endpoint')).changes, ['-x']);
  await client.assertQuiet();
});

scenario('ORD-04 delta: the last cluster goes after the listener that routes to it', aggregated, async (t, variant) => {
  const { xds, client } = await holdX(t, delta, variant);
  xds.commit(...removeCluster('x', 6379));
  const listeners = await client.nextOfAny();
  assert.deepEqual([listeners.kind, listeners.changes], ['listener', ['-redis_listener']]);
  assert.deepEqual(await takeNext(client, 'route'), ['generic_route']);
  client.ack('route');
  await client.assertQuiet();
  client.ack('listener');
  assert.deepEqual(await takeNext(client, 'cluster'), ['-x']);
  client.ack('cluster');
  assert.deepEqual(await takeNext(client, 'endpoint'), ['-x']);
  client.ack('endpoint');
  await client.assertQuiet();
});

scenario('ORD-06 streams of one type wait for nothing of each other', perType, async (t, variant) => {
  const { xds, client } = await holdX(t, delta, variant);
  swapXForY(xds);
  assert.deepEqual((await client.next('listener')).changes, ['redis_listener']);
  assert.deepEqual((await client.next('cluster')).changes, ['y', '-x']);
  assert.deepEqual((await client.next('endpoint')).changes, ['-x']);
  assert.deepEqual((await client.next('route')).changes, ['generic_route']);
  await client.assertQuiet();
});
