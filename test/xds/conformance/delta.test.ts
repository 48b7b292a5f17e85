// Add, remove, unsubscribe, reconnect: section "Delta" of the catalogue.

import assert from 'node:assert/strict';

import type { Snapshot } from '../../../src/snapshot/snapshot.ts';
import { addCluster, addEndpoint, removeCluster } from '../../support/xds/changes.ts';
import { connectDelta } from '../../support/xds/delta-client.ts';
import { kinds } from '../../support/xds/discovery-api.ts';
import { buildSnapshot } from '../../support/xds/hand-made-snapshot.ts';
import { portsOf } from '../../support/xds/resource-content.ts';
import { serveXds } from '../../support/xds/served-xds.ts';
import { allVariants, scenario } from '../../support/xds/wire-variant.ts';

const wildcardKinds = ['cluster', 'listener'] as const;

const aAndB = buildSnapshot({
  clusters: { a: 1, b: 1 },
  endpoints: { a: [1], b: [1] },
  listeners: { a: 1, b: 2 },
  routes: { a: 'x', b: 'x' },
});

scenario('DLT-01 the first request without names gets everything', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('a', 6379), ...addCluster('b', 6380));
  const client = connectDelta(xds, variant);
  client.subscribe('cluster');
  assert.deepEqual((await client.takeAndAck('cluster')).changes, ['a', 'b']);
  client.subscribe('listener');
  assert.deepEqual((await client.takeAndAck('listener')).changes, ['redis_listener']);
  await client.assertQuiet();
});

scenario('DLT-01 everything may be nothing: that is one empty response', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.commit();
  const client = connectDelta(xds, variant);
  for (const kind of wildcardKinds) {
    client.subscribe(kind);
    assert.deepEqual((await client.takeAndAck(kind)).changes, []);
  }
  await client.assertQuiet();
});

scenario('DLT-02 only the difference is sent', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  for (const kind of wildcardKinds) {
    const client = connectDelta(xds, variant);
    xds.publish(buildSnapshot({ [`${kind}s`]: { a: 1, b: 2, c: 3 } }));
    await client.hold({ [kind]: [] });
    xds.publish(buildSnapshot({ [`${kind}s`]: { a: 1, b: 22, d: 4 } }));
    assert.deepEqual((await client.takeAndAck(kind)).changes, ['b', 'd', '-c']);
    await client.assertQuiet();
  }
});

scenario('DLT-02 also of what was asked for by name', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  const before = buildSnapshot({
    clusters: { a: 1, b: 1, c: 1, d: 1 },
    endpoints: { a: [1], b: [1], c: [1], d: [1] },
    listeners: { a: 1, b: 2, c: 3, d: 4 },
    routes: { a: 'x', b: 'x', c: 'x', d: 'x' },
  });
  const after = buildSnapshot({
    clusters: { a: 1, b: 2, d: 2 },
    endpoints: { a: [1], b: [2], d: [2] },
    listeners: { a: 1, b: 22, d: 44 },
    routes: { a: 'x', b: 'y', d: 'y' },
  });
  for (const kind of kinds) {
    const client = connectDelta(xds, variant);
    xds.publish(before);
    await client.hold({ [kind]: ['a', 'b', 'c'] });
    xds.publish(after);
    assert.deepEqual((await client.takeAndAck(kind)).changes, ['b', '-c']);
    await client.assertQuiet();
  }
});

scenario('DLT-02 what an operator adds and removes, and no more', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('a', 6379), ...addCluster('b', 6380));
  const client = connectDelta(xds, variant);
  await client.hold({ cluster: [], endpoint: ['a', 'b'] });
  xds.commit(addEndpoint('a', 6381), ...removeCluster('b', 6380));
  assert.deepEqual((await client.takeAndAck('cluster')).changes, ['-b']);
  const endpoints = await client.takeAndAck('endpoint');
  assert.deepEqual(endpoints.changes, ['a', '-b']);
  assert.deepEqual(portsOf(endpoints.resources[0]), [6379, 6381]);
  await client.assertQuiet();
});

scenario('DLT-03 what was removed and reported comes back unasked', allVariants, async (t, variant) => {
  const one = { clusters: { a: 1 }, endpoints: { a: [1] }, listeners: { a: 1 }, routes: { a: 'x' } };
  const xds = await serveXds(t);
  for (const kind of kinds) {
    const client = connectDelta(xds, variant);
    xds.publish(aAndB);
    await client.hold({ [kind]: ['a', 'b'] });
    xds.publish(buildSnapshot(one));
    assert.deepEqual((await client.takeAndAck(kind)).changes, ['-b']);
    xds.publish(aAndB);
    assert.deepEqual((await client.takeAndAck(kind)).changes, ['b']);
    await client.assertQuiet();
  }
});

scenario('DLT-04 a name that does not exist is reported, and sent when it does', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.publish(buildSnapshot({}));
  const client = connectDelta(xds, variant);
  for (const kind of ['cluster', 'listener', 'route'] as const) {
    client.subscribe(kind, 'x');
    assert.deepEqual((await client.takeAndAck(kind)).changes, ['-x']);
  }
  await client.assertQuiet();
  xds.publish(buildSnapshot({ clusters: { other: 1 }, listeners: { other: 1 }, routes: { other: 'a' } }));
  await client.assertQuiet();
  xds.publish(buildSnapshot({ clusters: { x: 1 }, listeners: { x: 1 }, routes: { x: 'a' } }));
  for (const kind of ['cluster', 'listener', 'route'] as const) {
    assert.deepEqual((await client.takeAndAck(kind)).changes, ['x']);
  }
  await client.assertQuiet();
});

scenario('DLT-04 also beside names that exist, at the start and later', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.publish(buildSnapshot({ clusters: { a: 1, b: 1 } }));
  const client = connectDelta(xds, variant);
  client.subscribe('cluster', 'a', 'x');
  assert.deepEqual((await client.takeAndAck('cluster')).changes, ['a', '-x']);
  client.subscribe('cluster', 'b', 'y');
  assert.deepEqual((await client.takeAndAck('cluster')).changes, ['b', '-y']);
  await client.assertQuiet();
});

scenario('DLT-04 endpoints of an unknown name are a removed name, until its cluster comes', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('a', 6379));
  const client = connectDelta(xds, variant);
  client.subscribe('endpoint', 'a', 'x');
  const first = await client.takeAndAck('endpoint');
  assert.deepEqual(first.changes, ['a', '-x']);
  xds.commit(...addCluster('x', 6380));
  const second = await client.takeAndAck('endpoint');
  assert.deepEqual(second.changes, ['x']);
  assert.deepEqual(portsOf(second.resources[0]), [6380]);
  await client.assertQuiet();
});

scenario('DLT-05 a name that is held and asked for again is sent again', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.publish(aAndB);
  const client = connectDelta(xds, variant);
  for (const kind of kinds) {
    client.subscribe(kind, 'a', 'b');
    const held = await client.takeAndAck(kind);
    await client.assertQuiet();
    client.subscribe(kind, 'a');
    const again = await client.takeAndAck(kind);
    assert.deepEqual(again.changes, ['a']);
    assert.deepEqual(again.versions, held.versions.slice(0, 1));
    while (client.unread.length > 0) await client.takeAndAck('endpoint');
  }
  await client.assertQuiet();
});

scenario('DLT-05 so is one that everything includes, and one that does not exist', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.publish(buildSnapshot({ clusters: { a: 1, b: 1 } }));
  const client = connectDelta(xds, variant);
  await client.hold({ cluster: [] });
  for (let n = 0; n < 2; n += 1) {
    client.subscribe('cluster', 'a', 'x');
    assert.deepEqual((await client.takeAndAck('cluster')).changes, ['a', '-x']);
  }
  await client.assertQuiet();
});

scenario('DLT-06 an unsubscription needs no answer and ends the updates', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  const snapshotOf = (n: number): Snapshot =>
    buildSnapshot({
      clusters: { a: n, b: n },
      endpoints: { a: [n], b: [n] },
      listeners: { a: n, b: n },
      routes: { a: `${n}`, b: `${n}` },
    });
  xds.publish(snapshotOf(1));
  const client = connectDelta(xds, variant);
  const both = ['a', 'b'];
  await client.hold({ cluster: both, endpoint: both, listener: both, route: both });
  for (const kind of kinds) client.unsubscribe(kind, 'b', 'phantom');
  await client.assertQuiet();
  xds.publish(snapshotOf(2));
  for (const kind of kinds) assert.deepEqual((await client.takeAndAck(kind)).changes, ['a']);
  xds.publish(buildSnapshot({ clusters: { a: 2 }, endpoints: { a: [2] }, listeners: { a: 2 }, routes: { a: '2' } }));
  await client.assertQuiet();
  for (const kind of kinds) client.unsubscribe(kind, 'a');
  await client.assertQuiet();
  xds.publish(snapshotOf(3));
  await client.assertQuiet();
});

scenario('DLT-06 what was dropped and is asked for again is sent again', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('a', 6379), ...addCluster('b', 6380));
  const client = connectDelta(xds, variant);
  await client.hold({ endpoint: ['a', 'b'] });
  client.unsubscribe('endpoint', 'a');
  client.subscribe('endpoint', 'a');
  assert.deepEqual((await client.takeAndAck('endpoint')).changes, ['a']);
  await client.assertQuiet();
});

scenario('DLT-06 a name in both lists ends up dropped', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('a', 6379), ...addCluster('b', 6380));
  const client = connectDelta(xds, variant);
  const inBoth = { resource_names_subscribe: ['a', 'b'], resource_names_unsubscribe: ['a'] };
  client.send('endpoint', inBoth);
  assert.deepEqual((await client.takeAndAck('endpoint')).changes, ['b']);
  client.subscribe('endpoint', 'a');
  assert.deepEqual((await client.takeAndAck('endpoint')).changes, ['a']);
  client.send('endpoint', inBoth);
  assert.deepEqual((await client.takeAndAck('endpoint')).changes, ['b']);
  await client.assertQuiet();
  xds.commit(addEndpoint('a', 6381));
  await client.assertQuiet();
});

scenario('DLT-07 a name dropped while everything is wanted is told of again', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.publish(buildSnapshot({ clusters: { a: 1, b: 1 }, listeners: { a: 1, b: 2 } }));
  const client = connectDelta(xds, variant);
  for (const kind of wildcardKinds) {
    client.subscribe(kind, '*', 'a', 'x');
    assert.deepEqual((await client.takeAndAck(kind)).changes, ['a', 'b', '-x']);
    client.unsubscribe(kind, 'a', 'x');
    assert.deepEqual((await client.takeAndAck(kind)).changes, ['a', '-x']);
    client.unsubscribe(kind, 'b', 'phantom');
  }
  await client.assertQuiet();
  xds.publish(buildSnapshot({ clusters: { a: 2, b: 1, x: 1 }, listeners: { a: 11, b: 2, x: 3 } }));
  for (const kind of wildcardKinds) assert.deepEqual((await client.takeAndAck(kind)).changes, ['a', 'x']);
  await client.assertQuiet();
});

scenario('DLT-08 a reconnect brings what changed meanwhile, and no more', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.publish(buildSnapshot({ clusters: { a: 1, b: 1, d: 1 }, listeners: { a: 1, b: 2, d: 4 } }));
  const before = connectDelta(xds, variant);
  await before.hold({ cluster: [], listener: [] });
  xds.publish(buildSnapshot({ clusters: { a: 1, b: 2, c: 1 }, listeners: { a: 1, b: 22, c: 3 } }));
  for (const names of [[], ['*']]) {
    const client = connectDelta(xds, variant);
    for (const kind of wildcardKinds) {
      client.resume(kind, before.versions(kind), ...names);
      assert.deepEqual((await client.takeAndAck(kind)).changes, ['b', 'c', '-d']);
    }
    await client.assertQuiet();
  }
});

scenario('DLT-08 so it does for names; what is only held is no subscription', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.publish(buildSnapshot({ endpoints: { a: [1], b: [1], d: [1] }, routes: { a: 'x', b: 'x', d: 'x', held: 'x' } }));
  const before = connectDelta(xds, variant);
  await before.hold({ endpoint: ['a', 'b', 'd'], route: ['a', 'b', 'd', 'held'] });
  xds.publish(buildSnapshot({ endpoints: { a: [1], b: [2], c: [1] }, routes: { a: 'x', b: 'y', c: 'x', held: 'y' } }));
  const client = connectDelta(xds, variant);
  client.resume('endpoint', before.versions('endpoint'), 'a', 'b', 'c', 'd');
  assert.deepEqual((await client.takeAndAck('endpoint')).changes, ['b', 'c', '-d']);
  client.resume('route', before.versions('route'), 'a', 'b', 'c', 'd');
  assert.deepEqual((await client.takeAndAck('route')).changes, ['b', 'c', '-d']);
  xds.publish(buildSnapshot({ endpoints: { a: [1], b: [2], c: [1] }, routes: { a: 'x', b: 'y', c: 'x', held: 'z' } }));
  await client.assertQuiet();
});

scenario('DLT-08 who holds everything as it is gets an empty answer', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('a', 6379), ...addCluster('b', 6380));
  const names = { cluster: [], endpoint: ['a', 'b'], listener: [], route: ['generic_route'] };
  const before = connectDelta(xds, variant);
  await before.hold(names);
  for (const kind of kinds) {
    const client = connectDelta(xds, variant);
    client.resume(kind, before.versions(kind), ...names[kind]);
    assert.deepEqual((await client.takeAndAck(kind)).changes, []);
    await client.assertQuiet();
  }
});

scenario('DLT-08 an empty version asks for the resource whatever it is', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.publish(buildSnapshot({ clusters: { a: 1, b: 1 }, endpoints: { a: [1], b: [1] } }));
  const before = connectDelta(xds, variant);
  await before.hold({ cluster: [], endpoint: ['a', 'b'] });
  const client = connectDelta(xds, variant);
  client.resume('cluster', { ...before.versions('cluster'), b: '' });
  assert.deepEqual((await client.takeAndAck('cluster')).changes, ['b']);
  client.resume('endpoint', { ...before.versions('endpoint'), b: '', gone: '' }, 'a', 'b');
  assert.deepEqual((await client.takeAndAck('endpoint')).names.filter((name) => name === 'b'), ['b']);
});

scenario('DLT-09 versions in a later request do not count', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.publish(buildSnapshot({ clusters: { a: 1, b: 1 } }));
  const before = connectDelta(xds, variant);
  await before.hold({ cluster: ['a', 'b'] });
  const client = connectDelta(xds, variant);
  await client.hold({ cluster: ['a'] });
  client.send('cluster', { initial_resource_versions: { a: 'other', ghost: '1' } });
  await client.assertQuiet();
  client.resume('cluster', { ...before.versions('cluster'), ghost: '1' }, 'b');
  assert.deepEqual((await client.takeAndAck('cluster')).changes, ['b']);
  await client.assertQuiet();
});

scenario('DLT-10 who lists by name all that it holds may mean everything', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.publish(buildSnapshot({ clusters: { a: 1, b: 1 }, listeners: { a: 1, b: 2 } }));
  const before = connectDelta(xds, variant);
  await before.hold({ cluster: [], listener: [] });
  xds.publish(buildSnapshot({ clusters: { a: 1, b: 1, c: 1 }, listeners: { a: 1, b: 2, c: 3 } }));
  const client = connectDelta(xds, variant);
  for (const kind of wildcardKinds) {
    client.resume(kind, before.versions(kind), 'a', 'b');
    assert.deepEqual((await client.takeAndAck(kind)).changes, ['c']);
  }
  xds.publish(buildSnapshot({ clusters: { a: 1, b: 1, c: 1, d: 1 }, listeners: { a: 1, b: 2, c: 3, d: 4 } }));
  for (const kind of wildcardKinds) assert.deepEqual((await client.takeAndAck(kind)).changes, ['d']);
  await client.assertQuiet();
});

scenario('DLT-11 names that come while a response is un-ACKed are served', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('a', 6379), ...addCluster('b', 6380), ...addCluster('c', 6381));
  const client = connectDelta(xds, variant);
  client.subscribe('endpoint', 'a');
  const first = await client.next('endpoint');
  client.subscribe('endpoint', 'b');
  client.send('endpoint', { response_nonce: first.nonce });
  assert.deepEqual((await client.next('endpoint')).changes, ['b']);
  client.ack('endpoint');
  await client.assertQuiet();
  xds.commit(addEndpoint('a', 6382));
  const pushed = await client.next('endpoint');
  client.send('endpoint', { response_nonce: pushed.nonce, resource_names_subscribe: ['c'] });
  assert.deepEqual((await client.takeAndAck('endpoint')).changes, ['c']);
  await client.assertQuiet();
});
