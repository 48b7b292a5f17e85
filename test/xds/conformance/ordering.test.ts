// Order and make before break on one stream: section "Ordering" of the catalogue.

import assert from 'node:assert/strict';

import { CommitError } from '../../../src/commit/published.ts';
import { sotw } from '../../support/xds/both-protocols.ts';
import { addCluster, addEndpoint, removeCluster } from '../../support/xds/changes.ts';
import { holdX, subscriptionOrders, swapXForY, takeNext } from '../../support/xds/cluster-swap.ts';
import type { Kind } from '../../support/xds/discovery-api.ts';
import { buildSnapshot } from '../../support/xds/hand-made-snapshot.ts';
import { portsOf } from '../../support/xds/resource-content.ts';
import { serveXds } from '../../support/xds/served-xds.ts';
import { aggregated, allVariants, scenario } from '../../support/xds/wire-variant.ts';

for (const order of subscriptionOrders) {
  scenario(`ORD-01 CDS, EDS, LDS, RDS, subscribed in the order ${order.join(', ')}`, aggregated, async (t, variant) => {
    const names = { cluster: [], endpoint: ['x', 'y'], listener: [], route: ['generic_route'] };
    const xds = await serveXds(t);
    xds.commit(...addCluster('x', 6379));
    const client = xds.client(variant);
    for (const kind of order) {
      client.subscribe(kind, ...names[kind]);
      await client.takeAndAck(kind);
    }
    await client.connection.fence();
    while (client.unread.length > 0) await client.takeAndAck('endpoint');
    await client.assertQuiet();
    xds.commit(addEndpoint('x', 6381), ...addCluster('y', 6380));
    const seen: Kind[] = [];
    for (let n = 0; n < 4; n += 1) {
      const { kind } = await client.nextOfAny();
      client.ack(kind);
      seen.push(kind);
    }
    assert.deepEqual(seen, ['cluster', 'endpoint', 'listener', 'route']);
    await client.assertQuiet();
  });
}

scenario('ORD-01 the order holds when nothing is ACKed', aggregated, async (t, variant) => {
  const resources = { clusters: { a: 1 }, endpoints: { a: [1] }, listeners: { l: 1 }, routes: { r: 'a' } };
  const xds = await serveXds(t, { inForceBoundMs: 20 });
  xds.publish(buildSnapshot(resources));
  const client = xds.client(variant);
  client.subscribe('route', 'r');
  client.subscribe('listener');
  client.subscribe('endpoint', 'a');
  client.subscribe('cluster');
  await client.connection.fence();
  while (client.unread.length > 0) await client.nextOfAny();
  xds.publish(buildSnapshot({ clusters: { a: 2 }, endpoints: { a: [2] }, listeners: { l: 2 }, routes: { r: 'b' } }));
  for (const kind of ['cluster', 'endpoint', 'listener', 'route'] as const) {
    assert.equal((await client.nextOfAny()).kind, kind);
  }
  await client.assertQuiet();
});

scenario('ORD-02 new cluster, then the listener, then the old cluster goes', aggregated, async (t, variant) => {
  const { xds, client } = await holdX(t, sotw, variant);
  swapXForY(xds);
  assert.deepEqual(await takeNext(client, 'cluster'), ['x', 'y']);
  client.subscribe('endpoint', 'x', 'y');
  const endpoints = await client.next('endpoint');
  assert.deepEqual(endpoints.names, ['y']);
  assert.deepEqual(portsOf(endpoints.resources[0]), [6380]);
  client.ack('endpoint');
  await client.assertQuiet();
  client.ack('cluster');
  assert.deepEqual(await takeNext(client, 'listener'), ['y']);
  assert.deepEqual(await takeNext(client, 'route'), ['generic_route']);
  client.ack('route');
  await client.assertQuiet();
  client.ack('listener');
  assert.deepEqual(await takeNext(client, 'cluster'), ['y']);
  client.ack('cluster');
  client.subscribe('endpoint', 'y');
  await client.assertQuiet();
});

scenario('ORD-02 the ACK of clusters may precede the request for endpoints', aggregated, async (t, variant) => {
  const { xds, client } = await holdX(t, sotw, variant);
  swapXForY(xds);
  assert.deepEqual(await takeNext(client, 'cluster'), ['x', 'y']);
  client.ack('cluster');
  await client.assertQuiet();
  client.subscribe('endpoint', 'x', 'y');
  assert.deepEqual(await takeNext(client, 'endpoint'), ['y']);
  await client.assertQuiet();
  client.ack('endpoint');
  assert.deepEqual(await takeNext(client, 'listener'), ['y']);
  assert.deepEqual(await takeNext(client, 'route'), ['generic_route']);
  client.ack('listener');
  await client.assertQuiet();
  client.ack('route');
  assert.deepEqual(await takeNext(client, 'cluster'), ['y']);
  client.ack('cluster');
  await client.assertQuiet();
});

scenario('ORD-02 without any ACK the same, after a bounded wait', aggregated, async (t, variant) => {
  const { xds, client } = await holdX(t, sotw, variant, { inForceBoundMs: 30 });
  swapXForY(xds);
  assert.deepEqual(await takeNext(client, 'cluster'), ['x', 'y']);
  client.subscribe('endpoint', 'x', 'y');
  assert.deepEqual(await takeNext(client, 'endpoint'), ['y']);
  assert.deepEqual(await takeNext(client, 'listener'), ['y']);
  assert.deepEqual(await takeNext(client, 'route'), ['generic_route']);
  assert.deepEqual(await takeNext(client, 'cluster'), ['y']);
  await client.assertQuiet();
});

scenario('ORD-02 what changes meanwhile does not drop the old cluster early', aggregated, async (t, variant) => {
  const { xds, client } = await holdX(t, sotw, variant);
  swapXForY(xds);
  assert.deepEqual(await takeNext(client, 'cluster'), ['x', 'y']);
  xds.commit(...addCluster('z', 6381));
  assert.deepEqual(await takeNext(client, 'cluster'), ['x', 'y', 'z']);
  client.subscribe('cluster', '*', 'missing');
  assert.deepEqual(await takeNext(client, 'cluster'), ['x', 'y', 'z']);
  client.subscribe('endpoint', 'x', 'y', 'z');
  assert.deepEqual(await takeNext(client, 'endpoint'), ['y', 'z']);
  client.ack('endpoint');
  client.ack('cluster');
  assert.deepEqual(await takeNext(client, 'listener'), ['y', 'z']);
  assert.deepEqual(await takeNext(client, 'route'), ['generic_route']);
  client.ack('route');
  client.ack('listener');
  assert.deepEqual(await takeNext(client, 'cluster'), ['y', 'z']);
  client.ack('cluster');
  await client.assertQuiet();
});

scenario('ORD-02 a client without listeners sees a removed cluster go at once', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('x', 6379));
  const client = xds.client(variant);
  await client.hold({ cluster: [], endpoint: ['x'] });
  swapXForY(xds);
  assert.deepEqual((await client.takeAndAck('cluster')).names, ['y']);
  await client.assertQuiet();
});

scenario('ORD-03 no listener before its cluster, while an older CDS is un-ACKed', aggregated, async (t, variant) => {
  const { xds, client } = await holdX(t, sotw, variant);
  xds.commit(...addCluster('w', 6378));
  assert.deepEqual(await takeNext(client, 'cluster'), ['w', 'x']);
  xds.commit(...addCluster('y', 6380));
  assert.deepEqual(await takeNext(client, 'cluster'), ['w', 'x', 'y']);
  client.subscribe('endpoint', 'w', 'x', 'y');
  assert.deepEqual(await takeNext(client, 'endpoint'), ['w', 'y']);
  client.ack('endpoint');
  await client.assertQuiet();
  client.ack('cluster');
  assert.deepEqual(await takeNext(client, 'listener'), ['w', 'x', 'y']);
});

scenario('ORD-03 the old cluster stays while the listener that drops it is refused', aggregated, async (t, variant) => {
  const { xds, client } = await holdX(t, sotw, variant);
  client.subscribe('endpoint', 'x', 'y');
  await client.takeAndAck('endpoint');
  swapXForY(xds);
  assert.deepEqual(await takeNext(client, 'cluster'), ['x', 'y']);
  client.ack('cluster');
  assert.deepEqual(await takeNext(client, 'endpoint'), ['y']);
  client.ack('endpoint');
  assert.deepEqual(await takeNext(client, 'listener'), ['y']);
  assert.deepEqual(await takeNext(client, 'route'), ['generic_route']);
  client.ack('route');
  client.nack('listener');
  await client.assertQuiet();
  xds.commit(addEndpoint('y', 6381));
  assert.deepEqual(await takeNext(client, 'endpoint'), ['y']);
  client.ack('endpoint');
  await client.assertQuiet();
  xds.commit(...addCluster('z', 6382));
  assert.deepEqual(await takeNext(client, 'cluster'), ['x', 'y', 'z']);
});

for (const answer of ['refused', 'not answered'] as const) {
  scenario(`ORD-03 the old cluster goes after a while, the listener ${answer}`, aggregated, async (t, variant) => {
    const { xds, client } = await holdX(t, sotw, variant, { inForceBoundMs: 30 });
    client.subscribe('endpoint', 'x', 'y');
    await client.takeAndAck('endpoint');
    swapXForY(xds);
    assert.deepEqual(await takeNext(client, 'cluster'), ['x', 'y']);
    client.ack('cluster');
    assert.deepEqual(await takeNext(client, 'endpoint'), ['y']);
    client.ack('endpoint');
    assert.deepEqual(await takeNext(client, 'listener'), ['y']);
    assert.deepEqual(await takeNext(client, 'route'), ['generic_route']);
    client.ack('route');
    if (answer === 'refused') client.nack('listener');
    assert.deepEqual(await takeNext(client, 'cluster'), ['y']);
    await client.assertQuiet();
  });
}

scenario('ORD-04 the last cluster goes after the listener that routes to it', aggregated, async (t, variant) => {
  const { xds, client } = await holdX(t, sotw, variant);
  xds.commit(...removeCluster('x', 6379));
  const listeners = await client.nextOfAny();
  assert.equal(listeners.kind, 'listener');
  assert.deepEqual(listeners.names, []);
  assert.deepEqual(await takeNext(client, 'route'), ['generic_route']);
  client.ack('route');
  await client.assertQuiet();
  client.ack('listener');
  assert.deepEqual(await takeNext(client, 'cluster'), []);
  client.ack('cluster');
  await client.assertQuiet();
});

scenario('ORD-05 what can not be published changes nothing', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('a', 6379));
  const client = xds.client(variant);
  await client.hold({ cluster: [], endpoint: ['a'], listener: [], route: ['generic_route'] });
  const tooLong = { kind: 'add-cluster', name: 'b', prefix: 'p'.repeat(1001) } as const;
  xds.stage(...addCluster('c', 6380));
  assert.throws(() => xds.commit(tooLong), CommitError);
  await client.assertQuiet();
  const late = xds.client(variant);
  late.subscribe('cluster');
  assert.deepEqual((await late.takeAndAck('cluster')).names, ['a']);
  xds.commit(...removeCluster('b'));
  assert.deepEqual((await client.takeAndAck('cluster')).names, ['a', 'c']);
});
