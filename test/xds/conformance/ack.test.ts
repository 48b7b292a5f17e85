// What the server makes of ACKs and NACKs: section "ACK and NACK" of the catalogue.

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

import { addCluster, addEndpoint, removeCluster } from '../../support/xds/changes.ts';
import { typeUrlOf } from '../../support/xds/discovery-api.ts';
import { buildSnapshot } from '../../support/xds/hand-made-snapshot.ts';
import { clustersRoutedTo, portsOf } from '../../support/xds/resource-content.ts';
import { serveXds } from '../../support/xds/served-xds.ts';
import type { ServedXds } from '../../support/xds/served-xds.ts';
import { aggregated, allVariants, scenario } from '../../support/xds/wire-variant.ts';

/** The responses that were counted as refused, by type URL and nonce. */
function nacks(xds: ServedXds): unknown[] {
  return xds.logged('NACK').map(({ type_url: typeUrl, response_nonce: nonce }) => [typeUrl, nonce]);
}

scenario('ACK-01 error_detail makes a NACK, whatever the version', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('a', 6379));
  const client = xds.client(variant);
  client.subscribe('cluster', '*');
  const first = await client.takeAndAck('cluster');
  client.subscribe('cluster', '*', 'missing');
  const second = await client.next('cluster');
  assert.equal(second.versionInfo, first.versionInfo);
  client.nack('cluster');
  await client.assertQuiet();
  assert.deepEqual(nacks(xds), [[typeUrlOf(variant.apiVersion, 'cluster'), second.nonce]]);
});

scenario('ACK-01 an older version without error_detail is no NACK', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('a', 6379));
  const client = xds.client(variant);
  const held = await client.hold({ endpoint: ['a'] });
  xds.commit(addEndpoint('a', 6380));
  await client.next('endpoint');
  client.send('endpoint', { version_info: held.endpoint.versionInfo });
  await client.assertQuiet();
  assert.deepEqual(nacks(xds), []);
});

scenario('ACK-02 a NACK is not answered', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  const resources = { clusters: { a: 1 }, endpoints: { a: [1] }, listeners: { a: 1 }, routes: { a: 'a' } };
  const changes = {
    cluster: { clusters: { a: 2 } },
    endpoint: { endpoints: { a: [2] } },
    listener: { listeners: { a: 2 } },
    route: { routes: { a: 'b' } },
  };
  xds.publish(buildSnapshot(resources));
  const client = xds.client(variant);
  for (const kind of ['cluster', 'endpoint', 'listener', 'route'] as const) {
    client.subscribe(kind, 'a');
    await client.takeAndAck(kind);
    await client.assertQuiet();
    xds.publish(buildSnapshot({ ...resources, ...changes[kind] }));
    await client.next(kind);
    client.nack(kind);
    client.nack(kind);
    await client.assertQuiet();
    xds.publish(buildSnapshot(resources));
    await client.takeAndAck(kind);
  }
  await client.assertQuiet();
});

scenario('ACK-02 nor is the NACK of the very first response', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('a', 6379));
  const client = xds.client(variant);
  const wanted = { cluster: [], endpoint: ['a'], listener: [], route: ['generic_route'] };
  for (const kind of ['cluster', 'endpoint', 'listener', 'route'] as const) {
    client.subscribe(kind, ...wanted[kind]);
    const { nonce } = await client.next(kind);
    client.nack(kind);
    await client.assertQuiet();
    assert.deepEqual(nacks(xds).at(-1), [typeUrlOf(variant.apiVersion, kind), nonce]);
  }
});

scenario('ACK-03 the fix of what was refused is pushed at once', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.publish(buildSnapshot({ clusters: { a: 1 } }));
  const client = xds.client(variant);
  await client.hold({ cluster: [] });
  xds.publish(buildSnapshot({ clusters: { a: 2 } }));
  await client.next('cluster');
  client.nack('cluster');
  await client.assertQuiet();
  assert.deepEqual(xds.states, { cluster: 'error' });
  xds.publish(buildSnapshot({ clusters: { a: 3 } }));
  const fixed = await client.takeAndAck('cluster');
  assert.deepEqual(fixed.resources.map(({ connect_timeout: timeout }) => timeout), [{ seconds: 3 }]);
  await client.assertQuiet();
  assert.deepEqual(xds.states, { cluster: 'synced' });
});

scenario('ACK-03 good resources refused beside a bad one come with its fix', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.publish(buildSnapshot({ endpoints: { a: [1], b: [1], c: [1] } }));
  const client = xds.client(variant);
  await client.hold({ endpoint: ['a', 'b', 'c'] });
  xds.publish(buildSnapshot({ endpoints: { a: [2], b: [2], c: [1] } }));
  assert.deepEqual((await client.next('endpoint')).names, ['a', 'b']);
  client.nack('endpoint');
  await client.assertQuiet();
  xds.publish(buildSnapshot({ endpoints: { a: [2], b: [2], c: [2] } }));
  assert.deepEqual((await client.takeAndAck('endpoint')).names, ['c']);
  await client.assertQuiet();
  assert.deepEqual(xds.states, { endpoint: 'error' }, 'the ACK says nothing of what was refused');
  xds.publish(buildSnapshot({ endpoints: { a: [3], b: [2], c: [2] } }));
  assert.deepEqual((await client.takeAndAck('endpoint')).names, ['a', 'b']);
  await client.assertQuiet();
  assert.deepEqual(xds.states, { endpoint: 'synced' });
});

scenario('ACK-04 names that come with a NACK are served, without what was refused', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.publish(buildSnapshot({ endpoints: { a: [1], b: [1] } }));
  const client = xds.client(variant);
  await client.hold({ endpoint: ['a'] });
  xds.publish(buildSnapshot({ endpoints: { a: [2], b: [1] } }));
  const refused = await client.next('endpoint');
  client.send('endpoint', { resource_names: ['a', 'b'], error_detail: { code: 13, message: 'refused' } });
  assert.deepEqual((await client.next('endpoint')).names, ['b']);
  client.send('endpoint', { resource_names: ['a', 'b'] });
  await client.assertQuiet();
  assert.deepEqual(nacks(xds), [[typeUrlOf(variant.apiVersion, 'endpoint'), refused.nonce]]);
});

scenario('ACK-05 a NACK of one type does not stop the others', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.publish(buildSnapshot({ clusters: { a: 1 }, endpoints: { a: [1] }, listeners: { l: 1 } }));
  const client = xds.client(variant);
  await client.hold({ cluster: [], endpoint: ['a'], listener: [] });
  xds.publish(buildSnapshot({ clusters: { a: 1 }, endpoints: { a: [1] }, listeners: { l: 2 } }));
  await client.next('listener');
  client.nack('listener');
  for (const port of [2, 3]) {
    xds.publish(buildSnapshot({ clusters: { a: port }, endpoints: { a: [port] }, listeners: { l: 2 } }));
    await client.takeAndAck('cluster');
    assert.deepEqual(portsOf((await client.takeAndAck('endpoint')).resources[0]), [port]);
  }
  await client.assertQuiet();
});

scenario('ACK-07 without any ACK every type goes on, newest content first', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('a', 7000));
  const client = xds.client(variant);
  client.subscribe('cluster');
  await client.next('cluster');
  client.subscribe('endpoint', 'a');
  await client.next('endpoint');
  for (let port = 7001; port <= 7040; port += 1) {
    xds.commit(addEndpoint('a', port));
    assert.equal(portsOf((await client.next('endpoint')).resources[0]).at(-1), port);
  }
  xds.commit(...addCluster('b'));
  assert.deepEqual((await client.next('cluster')).names, ['a', 'b']);
  client.ack('cluster');
  client.ack('endpoint');
  await client.assertQuiet();
  assert.deepEqual(nacks(xds), []);
});

scenario('ACK-07 the late ACK of the newest nonce settles the older ones', aggregated, async (t, variant) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('a', 6379));
  const client = xds.client(variant);
  await client.hold({ cluster: [], endpoint: ['a', 'b', 'c'], listener: [] });
  xds.commit(...addCluster('b', 6380));
  await client.next('cluster');
  await client.takeAndAck('endpoint');
  xds.commit(...addCluster('c', 6381));
  await client.next('cluster');
  await client.takeAndAck('endpoint');
  await client.assertQuiet();
  client.ack('cluster');
  const listeners = await client.takeAndAck('listener');
  assert.deepEqual(clustersRoutedTo(variant.apiVersion, listeners.resources[0]), ['a', 'b', 'c']);
  await client.assertQuiet();
});

scenario('ACK-07 clusters never ACKed hold listeners back up to the bound', aggregated, async (t, variant) => {
  const xds = await serveXds(t, { inForceBoundMs: 50 });
  xds.commit(...addCluster('a', 6379));
  const client = xds.client(variant);
  await client.hold({ cluster: [], endpoint: ['a'], listener: [] });
  xds.commit(...addCluster('b', 6380));
  await client.next('cluster');
  const listeners = await client.takeAndAck('listener');
  assert.deepEqual(clustersRoutedTo(variant.apiVersion, listeners.resources[0]), ['a', 'b']);
  await client.assertQuiet();
});

scenario('ACK-07 also when they change faster than the bound', aggregated, async (t, variant) => {
  const inForceBoundMs = 200;
  const xds = await serveXds(t, { inForceBoundMs });
  xds.commit(...addCluster('a', 6379));
  const client = xds.client(variant);
  await client.hold({ cluster: [], endpoint: ['a'], listener: [] });
  const commits = 100;
  for (let n = 0; n < commits && !client.unread.some(({ kind }) => kind === 'listener'); n += 1) {
    xds.commit(...addCluster(`b${n}`, 6380));
    await client.next('cluster');
    await sleep(inForceBoundMs / 4);
  }
  assert.ok(client.unread.some(({ kind }) => kind === 'listener'), `no listener in ${commits} commits`);
});

scenario('ACK-07 a listener never ACKed holds a removal back up to the bound', aggregated, async (t, variant) => {
  const xds = await serveXds(t, { inForceBoundMs: 50 });
  xds.commit(...addCluster('a', 6379), ...addCluster('b', 6380));
  const client = xds.client(variant);
  await client.hold({ cluster: [], endpoint: ['a', 'b'], listener: [] });
  xds.commit(...removeCluster('b', 6380));
  await client.next('listener');
  assert.deepEqual((await client.takeAndAck('cluster')).names, ['a']);
  await client.assertQuiet();
});
