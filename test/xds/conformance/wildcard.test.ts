// When no names mean everything, and when nothing: section "Wildcard" of the catalogue.

import assert from 'node:assert/strict';

import { addCluster, addEndpoint } from '../../support/xds/changes.ts';
import { buildSnapshot } from '../../support/xds/hand-made-snapshot.ts';
import { serveXds } from '../../support/xds/served-xds.ts';
import { allVariants, scenario } from '../../support/xds/wire-variant.ts';

const fullStateKinds = ['cluster', 'listener'] as const;

const one = buildSnapshot({ clusters: { a: 1 }, listeners: { a: 1 } });
const two = buildSnapshot({ clusters: { a: 1, x: 1 }, listeners: { a: 1, x: 2 } });
const three = buildSnapshot({ clusters: { a: 1, b: 1, x: 1 }, listeners: { a: 1, b: 2, x: 3 } });

scenario('WLD-01 no names in the first request and later mean everything', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.publish(one);
  const client = xds.client(variant);
  for (const kind of fullStateKinds) {
    client.subscribe(kind);
    assert.deepEqual((await client.takeAndAck(kind)).names, ['a']);
    client.subscribe(kind);
  }
  await client.assertQuiet();
  xds.publish(two);
  for (const kind of fullStateKinds) assert.deepEqual((await client.takeAndAck(kind)).names, ['a', 'x']);
  await client.assertQuiet();
});

scenario('WLD-02 no names after names mean nothing', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.publish(two);
  const client = xds.client(variant);
  for (const kind of fullStateKinds) {
    client.subscribe(kind, '*', 'a');
    assert.deepEqual((await client.takeAndAck(kind)).names, ['a', 'x']);
    client.subscribe(kind, 'a');
    assert.deepEqual((await client.takeAndAck(kind)).names, ['a']);
    client.subscribe(kind);
  }
  await client.assertQuiet();
  xds.publish(three);
  await client.assertQuiet();
  client.subscribe('cluster', 'b');
  assert.deepEqual((await client.takeAndAck('cluster')).names, ['b']);
});

scenario('WLD-02 also when the stream began with no names', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.publish(two);
  const client = xds.client(variant);
  for (const kind of fullStateKinds) {
    client.subscribe(kind);
    await client.takeAndAck(kind);
    client.subscribe(kind, 'a');
    assert.deepEqual((await client.takeAndAck(kind)).names, ['a']);
    client.subscribe(kind);
  }
  await client.assertQuiet();
  xds.publish(three);
  await client.assertQuiet();
});

scenario('WLD-03 "*" is everything, also beside a name', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.publish(two);
  const client = xds.client(variant);
  for (const names of [['*'], ['*', 'x']]) {
    client.subscribe('cluster', ...names);
    assert.deepEqual((await client.takeAndAck('cluster')).names, ['a', 'x']);
  }
  client.subscribe('cluster', 'x');
  assert.deepEqual((await client.takeAndAck('cluster')).names, ['x']);
  xds.publish(three);
  await client.assertQuiet();
});

scenario('WLD-03 who turns to everything gets what it lacks', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.publish(two);
  const client = xds.client(variant);
  for (const kind of fullStateKinds) {
    client.subscribe(kind, 'x');
    assert.deepEqual((await client.takeAndAck(kind)).names, ['x']);
    client.subscribe(kind, 'x', '*');
    assert.deepEqual((await client.takeAndAck(kind)).names, ['a', 'x']);
  }
  xds.publish(three);
  for (const kind of fullStateKinds) assert.deepEqual((await client.takeAndAck(kind)).names, ['a', 'b', 'x']);
  await client.assertQuiet();
});

scenario('WLD-04 no names are never all endpoints or all routes', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('a', 6379));
  const client = xds.client(variant);
  client.subscribe('endpoint');
  client.subscribe('route');
  await client.assertQuiet();
  xds.commit(addEndpoint('a', 6380), ...addCluster('b'));
  await client.assertQuiet();
  client.subscribe('endpoint', 'a');
  client.subscribe('route', 'generic_route');
  assert.deepEqual((await client.takeAndAck('endpoint')).names, ['a']);
  assert.deepEqual((await client.takeAndAck('route')).names, ['generic_route']);
  client.subscribe('endpoint');
  await client.assertQuiet();
  xds.commit(addEndpoint('a', 6381));
  await client.assertQuiet();
});

scenario('WLD-06 a listener or cluster asked for by name comes alone', allVariants, async (t, variant) => {
  const names = { 'svc:6379': 1, other: 2 };
  const xds = await serveXds(t);
  xds.publish(buildSnapshot({ clusters: names, listeners: names }));
  const client = xds.client(variant);
  for (const kind of fullStateKinds) {
    client.subscribe(kind, 'svc:6379');
    assert.deepEqual((await client.takeAndAck(kind)).names, ['svc:6379']);
  }
  xds.publish(buildSnapshot({ clusters: { ...names, other: 3 }, listeners: { ...names, other: 3 } }));
  await client.assertQuiet();
});
