// Warming on a delta stream: section "Warming" of the catalogue, as far as delta differs.

import assert from 'node:assert/strict';

import { delta } from '../../support/xds/both-protocols.ts';
import { addCluster, removeCluster } from '../../support/xds/changes.ts';
import { holdX, takeNext } from '../../support/xds/cluster-swap.ts';
import { connectDelta } from '../../support/xds/delta-client.ts';
import type { Kind } from '../../support/xds/discovery-api.ts';
import { buildSnapshot } from '../../support/xds/hand-made-snapshot.ts';
import { portsOf } from '../../support/xds/resource-content.ts';
import { serveXds } from '../../support/xds/served-xds.ts';
import { aggregated, allVariants, scenario } from '../../support/xds/wire-variant.ts';

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

scenario('WRM-05 delta: a new stream may ask for endpoints only', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('c', 6379));
  const client = connectDelta(xds, variant);
  client.resume('endpoint', {}, 'c', 'unknown');
  const endpoints = await client.takeAndAck('endpoint');
  assert.deepEqual(endpoints.changes, ['c', '-unknown']);
  assert.deepEqual(endpoints.resources.map(portsOf), [[6379]]);
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
  const { xds, client } = await holdX(t, delta, variant);
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
