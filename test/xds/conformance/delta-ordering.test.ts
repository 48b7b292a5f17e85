// Order, make before break and warming on a delta stream: ORD-06 and section "Warming" of the catalogue.

import assert from 'node:assert/strict';

import { addCluster, addEndpoint, removeCluster, removeEndpoint } from '../../support/xds/changes.ts';
import { connectDelta } from '../../support/xds/delta-client.ts';
import type { DeltaClient } from '../../support/xds/delta-client.ts';
import type { Kind } from '../../support/xds/discovery-api.ts';
import { buildSnapshot } from '../../support/xds/hand-made-snapshot.ts';
import { clustersRoutedTo, portsOf } from '../../support/xds/resource-content.ts';
import { serveXds } from '../../support/xds/served-xds.ts';
import type { Scope, ServedXds, ServedXdsOptions } from '../../support/xds/served-xds.ts';
import { aggregated, allVariants, perType, scenario } from '../../support/xds/wire-variant.ts';
import type { WireVariant } from '../../support/xds/wire-variant.ts';

/** A client that holds cluster `x` and a listener and a route that name it. */
async function holdX(
  t: Scope,
  variant: WireVariant,
  options: ServedXdsOptions = {},
): Promise<{ xds: ServedXds; client: DeltaClient }> {
  const xds = await serveXds(t, options);
  xds.commit(...addCluster('x', 6379));
  const client = connectDelta(xds, variant);
  await client.hold({ cluster: [], endpoint: ['x'], listener: [], route: ['generic_route'] });
  return { xds, client };
}

function swapXForY(xds: ServedXds): void {
  xds.commit(...removeCluster('x', 6379), ...addCluster('y', 6380));
}

/** Takes the next response, whatever its type, and asserts the type. Of a listener it gives the clusters routed to. */
async function takeNext(client: DeltaClient, kind: Kind): Promise<readonly string[]> {
  const response = await client.nextOfAny();
  assert.equal(response.kind, kind);
  if (kind === 'listener') return clustersRoutedTo(client.variant.apiVersion, response.resources[0]);
  return response.changes;
}

const subscriptionOrders: readonly (readonly Kind[])[] = [
  ['cluster', 'endpoint', 'listener', 'route'],
  ['route', 'listener', 'endpoint', 'cluster'],
];

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
  const { xds, client } = await holdX(t, variant);
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
  const { xds, client } = await holdX(t, variant);
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
  const { xds, client } = await holdX(t, variant, { inForceBoundMs: 30 });
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
  const { xds, client } = await holdX(t, variant);
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
  const { xds, client } = await holdX(t, variant);
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
  const { xds, client } = await holdX(t, variant);
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

scenario('WRM-01 delta: endpoints of a changed cluster come again, once, unasked', aggregated, async (t, variant) => {
  const endpoints = { a: [1], b: [2], c: [3] };
  const xds = await serveXds(t);
  xds.publish(buildSnapshot({ clusters: { a: 1, b: 1, c: 1 }, endpoints }));
  const client = connectDelta(xds, variant);
  const held = await client.hold({ cluster: [], endpoint: ['a', 'b', 'c'] });
  xds.publish(buildSnapshot({ clusters: { a: 1, b: 1, c: 2 }, endpoints }));
  assert.deepEqual(await takeNext(client, 'cluster'), ['c']);
  const resent = await client.nextOfAny();
  assert.deepEqual([resent.kind, resent.changes], ['endpoint', ['c']]);
  assert.deepEqual(resent.versions, held.endpoint.versions.slice(2));
  client.ack('cluster');
  client.ack('endpoint');
  await client.assertQuiet();
});

scenario('WRM-01 delta: without endpoints, the empty assignment is sent again', aggregated, async (t, variant) => {
  const xds = await serveXds(t);
  xds.publish(buildSnapshot({ clusters: { a: 1 } }));
  const client = connectDelta(xds, variant);
  await client.hold({ cluster: [], endpoint: ['a'] });
  xds.publish(buildSnapshot({ clusters: { a: 2 } }));
  assert.deepEqual(await takeNext(client, 'cluster'), ['a']);
  const resent = await client.takeAndAck('endpoint');
  assert.deepEqual(resent.changes, ['a']);
  assert.deepEqual(portsOf(resent.resources[0]), []);
  client.ack('cluster');
  await client.assertQuiet();
});

scenario('WRM-01 delta: also of a cluster that is only asked for again', aggregated, async (t, variant) => {
  const xds = await serveXds(t);
  xds.publish(buildSnapshot({ clusters: { a: 1, b: 1 }, endpoints: { a: [1], b: [2] } }));
  const client = connectDelta(xds, variant);
  await client.hold({ cluster: ['a', 'b'], endpoint: ['a', 'b'] });
  client.subscribe('cluster', 'b');
  assert.deepEqual(await takeNext(client, 'cluster'), ['b']);
  assert.deepEqual(await takeNext(client, 'endpoint'), ['b']);
});

scenario('WRM-02 delta: a cluster that went and came back gets its endpoints', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('c', 6379), ...addCluster('other', 6380));
  for (const isDropped of [true, false]) {
    const client = connectDelta(xds, variant);
    await client.hold({ cluster: [], endpoint: ['c', 'other'] });
    xds.commit(...removeCluster('c', 6379));
    assert.deepEqual((await client.takeAndAck('cluster')).changes, ['-c']);
    assert.deepEqual((await client.takeAndAck('endpoint')).changes, ['-c']);
    if (isDropped) client.unsubscribe('endpoint', 'c');
    await client.assertQuiet();
    xds.commit(...addCluster('c', 6379));
    assert.deepEqual((await client.takeAndAck('cluster')).changes, ['c']);
    if (isDropped) client.subscribe('endpoint', 'c');
    const endpoints = await client.takeAndAck('endpoint');
    assert.deepEqual(endpoints.changes, ['c']);
    assert.deepEqual(portsOf(endpoints.resources[0]), [6379]);
    await client.assertQuiet();
  }
});

scenario('WRM-03 delta: no endpoints are an empty assignment at first', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('c'));
  const client = connectDelta(xds, variant);
  const held = await client.hold({ cluster: [], endpoint: ['c'] });
  assert.deepEqual(held.endpoint.changes, ['c']);
  assert.deepEqual(portsOf(held.endpoint.resources[0]), []);
  xds.commit(addEndpoint('c', 6379));
  assert.deepEqual(portsOf((await client.takeAndAck('endpoint')).resources[0]), [6379]);
  xds.commit(removeEndpoint('c', 6379));
  const emptied = await client.takeAndAck('endpoint');
  assert.deepEqual(emptied.changes, ['c']);
  assert.deepEqual(portsOf(emptied.resources[0]), []);
  await client.assertQuiet();
});

scenario('WRM-05 delta: a new stream may ask for endpoints only', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('c', 6379));
  const client = connectDelta(xds, variant);
  client.resume('endpoint', {}, 'c', 'unknown');
  const endpoints = await client.takeAndAck('endpoint');
  assert.deepEqual(endpoints.changes, ['c', 'unknown']);
  assert.deepEqual(endpoints.resources.map(portsOf), [[6379], []]);
  await client.assertQuiet();
});

scenario('WRM-05 delta: the first clusters bring the endpoints once more', aggregated, async (t, variant) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('c', 6379));
  const before = connectDelta(xds, variant);
  await before.hold({ cluster: [], endpoint: ['c'] });
  for (const versions of [{}, before.versions('cluster')]) {
    const client = connectDelta(xds, variant);
    client.resume('endpoint', {}, 'c');
    await client.takeAndAck('endpoint');
    await client.assertQuiet();
    client.resume('cluster', versions);
    assert.equal((await client.nextOfAny()).kind, 'cluster');
    assert.deepEqual(await takeNext(client, 'endpoint'), ['c']);
    client.ack('cluster');
    client.ack('endpoint');
    await client.assertQuiet();
  }
});

scenario('WRM-05 delta: the last stream may have ended before the endpoints came', aggregated, async (t, variant) => {
  const xds = await serveXds(t);
  xds.publish(buildSnapshot({ clusters: { a: 1, c: 1 }, endpoints: { a: [1], c: [2], other: [3] } }));
  const before = connectDelta(xds, variant);
  await before.hold({ cluster: [], endpoint: ['a', 'c', 'other'] });
  const client = connectDelta(xds, variant);
  client.resume('cluster', before.versions('cluster'));
  assert.deepEqual(await takeNext(client, 'cluster'), []);
  client.resume('endpoint', before.versions('endpoint'), 'a', 'c', 'other');
  assert.deepEqual(await takeNext(client, 'endpoint'), ['a', 'c']);
  client.ack('cluster');
  client.ack('endpoint');
  await client.assertQuiet();
});

/** The requests of a client that reconnects, in the orders in which they may come. */
const resumptions: Readonly<Record<string, readonly Kind[]>> = {
  'clusters first': ['cluster', 'endpoint'],
  'endpoints first': ['endpoint', 'cluster'],
};

for (const [what, order] of Object.entries(resumptions)) {
  for (const isAwaited of [false, true]) {
    const when = isAwaited ? 'each after the answer to the other' : 'at once';
    // What changed of a cluster while the client was away makes it warm that cluster; as it has the endpoints and is
    // subscribed to them, it does not ask for them again.
    const title = `WRM-05 delta: a cluster changed meanwhile gets its endpoints (${what}, ${when})`;
    scenario(title, aggregated, async (t, variant) => {
      const endpoints = { a: [1], c: [2] };
      const xds = await serveXds(t);
      xds.publish(buildSnapshot({ clusters: { a: 1, c: 1 }, endpoints }));
      const before = connectDelta(xds, variant);
      await before.hold({ cluster: [], endpoint: ['a', 'c'] });
      xds.publish(buildSnapshot({ clusters: { a: 1, c: 2 }, endpoints }));
      const client = connectDelta(xds, variant);
      for (const kind of order) {
        client.resume(kind, before.versions(kind), ...(kind === 'endpoint' ? ['a', 'c'] : []));
        if (isAwaited) await client.connection.fence();
      }
      await client.connection.fence();
      const all = client.unread.map(({ kind, changes }) => ({ kind, changes }));
      const clusterIndex = all.findIndex(({ kind, changes }) => kind === 'cluster' && changes.includes('c'));
      assert.ok(clusterIndex >= 0, 'the changed cluster was sent');
      const resent = all.slice(clusterIndex).filter(({ kind }) => kind === 'endpoint');
      const isResent = resent.some(({ changes }) => changes.includes('c'));
      assert.ok(isResent, `no endpoints of c after it: ${JSON.stringify(all)}`);
    });
  }
}

scenario('WRM-06 delta: the route that a new listener names is answered', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.publish(buildSnapshot({ routes: { r: 'a', s: 'a' } }));
  const client = connectDelta(xds, variant);
  await client.hold({ listener: [], route: ['r'] });
  xds.publish(buildSnapshot({ listeners: { l: 1 }, routes: { r: 'a', s: 'a' } }));
  assert.deepEqual((await client.takeAndAck('listener')).changes, ['l']);
  client.subscribe('route', 's');
  assert.deepEqual((await client.takeAndAck('route')).changes, ['s']);
  await client.assertQuiet();
});

scenario('WRM-07 delta: a warming cluster is replaced before any ACK of it', aggregated, async (t, variant) => {
  const { xds, client } = await holdX(t, variant);
  xds.commit(...addCluster('w1', 7001));
  assert.deepEqual(await takeNext(client, 'cluster'), ['w1']);
  xds.commit(...removeCluster('w1', 7001), ...addCluster('w2', 7002));
  assert.ok((await takeNext(client, 'cluster')).includes('w2'));
  client.subscribe('endpoint', 'w2');
  const endpoints = await client.takeAndAck('endpoint');
  assert.deepEqual(endpoints.changes, ['w2']);
  assert.deepEqual(portsOf(endpoints.resources[0]), [7002]);
  client.ack('cluster');
  assert.deepEqual(await takeNext(client, 'listener'), ['w2', 'x']);
});

scenario('ORD-06 streams of one type wait for nothing of each other', perType, async (t, variant) => {
  const { xds, client } = await holdX(t, variant);
  swapXForY(xds);
  assert.deepEqual((await client.next('listener')).changes, ['redis_listener']);
  assert.deepEqual((await client.next('cluster')).changes, ['y', '-x']);
  assert.deepEqual((await client.next('endpoint')).changes, ['-x']);
  assert.deepEqual((await client.next('route')).changes, ['generic_route']);
  await client.assertQuiet();
});
