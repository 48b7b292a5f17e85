// What no client should send: section "Bad input" of the catalogue, without what is no
// request at all (bad-bytes.test.ts). Every test has a witness.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';

import { encodeMessage } from '../../../src/proto/protos.ts';
import { scenarioOfBoth, sotw } from '../../support/xds/both-protocols.ts';
import { addCluster, addEndpoint } from '../../support/xds/changes.ts';
import { discoveryApis, kinds, typeUrlOf } from '../../support/xds/discovery-api.ts';
import { RecordingObserver, serveObservedXds } from '../../support/xds/observed-xds.ts';
import { serveXds } from '../../support/xds/served-xds.ts';
import type { Scope, ServedXds } from '../../support/xds/served-xds.ts';
import type { Connection } from '../../support/xds/byte-call.ts';
import { SotwStream } from '../../support/xds/sotw-stream.ts';
import { aggregated, allVariants, perType, scenario } from '../../support/xds/wire-variant.ts';
import type { WireVariant } from '../../support/xds/wire-variant.ts';
import { placeWitness } from '../../support/xds/witness.ts';
import type { WitnessedScene } from '../../support/xds/witness.ts';
import { waitUntil } from '../../support/wait-until.ts';

function prepare<Wire extends Connection>(
  t: Scope,
  variant: WireVariant,
  connect: (xds: ServedXds) => Wire,
): Promise<WitnessedScene<Wire, SotwStream>> {
  return placeWitness(t, variant, sotw, connect);
}

scenarioOfBoth('BAD-01 no type URL on an aggregated stream', aggregated, async (t, variant, protocol) => {
  const { open, assertWitnessServed } = await placeWitness(t, variant, protocol, (xds) => xds.connect());
  const stream = open();
  stream.send({});
  const { code, details } = await stream.ended;
  assert.equal(code, 'INVALID_ARGUMENT');
  assert.match(details, /type_url/);
  await assertWitnessServed();
});

for (const [what, fields] of [
  ['no node', {}],
  ['an empty node', { node: {} }],
  ['an empty node id', { node: { id: '', cluster: 'redis' } }],
] as const) {
  scenarioOfBoth(`BAD-02 ${what} in the first request`, allVariants, async (t, variant, protocol) => {
    const { open, assertWitnessServed } = await placeWitness(t, variant, protocol, (xds) => xds.connect());
    const stream = open();
    stream.sendExactly({ type_url: typeUrlOf(variant.apiVersion, 'cluster'), ...fields });
    const { code, details } = await stream.ended;
    assert.equal(code, 'INVALID_ARGUMENT');
    assert.match(details, /node/);
    assert.equal(stream.responses.count, 0);
    await assertWitnessServed();
  });
}

scenario('BAD-03 an unknown type URL is not answered, and told once', aggregated, async (t, variant) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('a', 6379));
  const client = xds.client(variant);
  await client.hold({ cluster: [], endpoint: ['a'] });
  const unknown = 'type.googleapis.com/foo.Bar';
  const { call } = client.stream('cluster');
  for (let n = 0; n < 3; n += 1) {
    call.send(encodeMessage(discoveryApis[variant.apiVersion].sotwRequest, { type_url: unknown }));
  }
  await client.assertQuiet();
  const told = xds.log.filter((line) => line['type_url'] === unknown);
  assert.equal(told.length, 1);
  assert.equal(told[0]?.['node_id'], 'envoy-1');
  xds.commit(addEndpoint('a', 6380));
  assert.deepEqual((await client.takeAndAck('endpoint')).names, ['a']);
  await client.assertQuiet();
});

scenario('BAD-03 an unknown type URL is counted each time', aggregated, async (t, variant) => {
  const observer = new RecordingObserver(({ apiVersion }) => apiVersion === variant.apiVersion);
  const xds = await serveObservedXds(t, observer);
  const connection = xds.connect();
  const stream = new SotwStream(connection, discoveryApis[variant.apiVersion].aggregatedPath, variant.apiVersion, {
    id: 'n',
  });
  for (let n = 0; n < 20; n += 1) stream.send({ type_url: 'type.googleapis.com/foo.Bar' });
  await waitUntil('all are counted', () => observer.counts()['unknown type'] === 20);
});

scenario('BAD-03 it may be the first that the stream asks for', aggregated, async (t, variant) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('a', 6379));
  const client = xds.client(variant);
  client.stream('cluster').send({ type_url: 'type.googleapis.com/foo.Bar', resource_names: ['a'] });
  client.subscribe('cluster');
  assert.deepEqual((await client.takeAndAck('cluster')).names, ['a']);
  await client.assertQuiet();
});

scenario('BAD-03 unknown type URLs without end do not fill memory or log', aggregated, async (t, variant) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('a', 6379));
  const client = xds.client(variant);
  await client.hold({ cluster: [] });
  for (let n = 0; n < 500; n += 1) client.stream('cluster').send({ type_url: `type.googleapis.com/foo.Bar${n}` });
  await client.assertQuiet();
  const told = xds.log.filter((line) => String(line['type_url']).includes('foo.Bar'));
  assert.ok(told.length >= 1 && told.length <= 100, `${told.length} lines`);
});

for (const served of kinds) {
  scenarioOfBoth(`BAD-04 a stream of one type asked for another (${served})`, perType, async (t, variant, protocol) => {
    const { open, assertWitnessServed } = await placeWitness(t, variant, protocol, (xds) => xds.connect());
    const other = kinds[(kinds.indexOf(served) + 1) % kinds.length] ?? assert.fail();
    const stream = open(served);
    stream.send({ type_url: typeUrlOf(variant.apiVersion, other), ...protocol.asking('a') });
    assert.equal((await stream.ended).code, 'INVALID_ARGUMENT');
    assert.equal(stream.responses.count, 0);
    await assertWitnessServed();
  });
}

scenario('BAD-04 also in the midst of a stream', perType, async (t, variant) => {
  const { open, assertWitnessServed } = await prepare(t, variant, (xds) => xds.connect());
  const stream = open('cluster');
  stream.send({});
  await stream.responses.take('clusters');
  stream.send({ type_url: typeUrlOf(variant.apiVersion, 'endpoint'), resource_names: ['a'] });
  assert.equal((await stream.ended).code, 'INVALID_ARGUMENT');
  await assertWitnessServed();
});

scenario('BAD-04 a type URL of a megabyte ends its stream and no other', perType, async (t, variant) => {
  const { open, assertWitnessServed, xds } = await prepare(t, variant, (served) => served.connect());
  const stream = open('cluster');
  stream.send({ type_url: 't'.repeat(1_000_000) });
  assert.equal((await stream.ended).code, 'INVALID_ARGUMENT');
  assert.ok(JSON.stringify(xds.log).length < 100_000, 'the log repeats it');
  await assertWitnessServed();
});

scenario('BAD-03 an unknown type URL of a megabyte is not repeated in the log', aggregated, async (t, variant) => {
  const { open, assertWitnessServed, xds, connection } = await prepare(t, variant, (served) => served.connect());
  open().send({ type_url: 't'.repeat(1_000_000) });
  await connection.fence();
  assert.ok(JSON.stringify(xds.log).length < 100_000, 'the log repeats it');
  await assertWitnessServed();
});

scenario('BAD-05 the type URL of the other version is unknown', aggregated, async (t, variant) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('a', 6379));
  const client = xds.client(variant);
  await client.hold({ cluster: [] });
  const otherVersion = variant.apiVersion === 'v2' ? 'v3' : 'v2';
  for (const kind of kinds) {
    client.stream(kind).send({ type_url: typeUrlOf(otherVersion, kind), resource_names: ['a'] });
  }
  await client.assertQuiet();
  xds.commit(...addCluster('b'));
  assert.deepEqual((await client.takeAndAck('cluster')).names, ['a', 'b']);
  await client.assertQuiet();
});

scenario('BAD-05 nor is it served on a stream of one type', perType, async (t, variant) => {
  const { open, assertWitnessServed } = await prepare(t, variant, (xds) => xds.connect());
  const stream = open('cluster');
  stream.send({ type_url: typeUrlOf(variant.apiVersion === 'v2' ? 'v3' : 'v2', 'cluster') });
  assert.equal((await stream.ended).code, 'INVALID_ARGUMENT');
  await assertWitnessServed();
});

const mebibyte = 2 ** 20;

scenario('BAD-06 a request of 5 MiB is taken', perType, async (t, variant) => {
  const { open, assertWitnessServed } = await prepare(t, variant, (xds) => xds.connect());
  const stream = open('cluster');
  stream.send({ version_info: 'v'.repeat(5 * mebibyte) });
  assert.deepEqual((await stream.responses.take('clusters')).names, ['a']);
  await assertWitnessServed();
});

scenario('BAD-06 a request over the limit ends its stream', allVariants, async (t, variant) => {
  const { open, assertWitnessServed } = await prepare(t, variant, (xds) => xds.connect());
  const stream = open();
  stream.send({ type_url: typeUrlOf(variant.apiVersion, 'cluster'), version_info: 'v'.repeat(20 * mebibyte) });
  assert.equal((await stream.ended).code, 'RESOURCE_EXHAUSTED');
  await assertWitnessServed();
});

scenario('BAD-06 a small frame that inflates beyond the limit ends its stream', aggregated, async (t, variant) => {
  const { connection, assertWitnessServed } = await prepare(t, variant, (xds) => xds.connectByHand());
  const { aggregatedPath, sotwRequest } = discoveryApis[variant.apiVersion];
  const request = encodeMessage(sotwRequest, { node: { id: 'bad' }, version_info: 'v'.repeat(200 * mebibyte) });
  const call = connection.call(aggregatedPath, () => undefined, { 'grpc-encoding': 'gzip' });
  call.send(gzipSync(request), true);
  assert.equal((await call.ended).code, 'RESOURCE_EXHAUSTED');
  await assertWitnessServed();
});

scenario('BAD-06 a compressed request of common size is taken', aggregated, async (t, variant) => {
  const { connection } = await prepare(t, variant, (xds) => xds.connectByHand());
  const { aggregatedPath, sotwRequest } = discoveryApis[variant.apiVersion];
  const fields = { node: { id: 'n' }, type_url: typeUrlOf(variant.apiVersion, 'cluster') };
  const answer = Promise.withResolvers<Buffer>();
  const call = connection.call(aggregatedPath, answer.resolve, { 'grpc-encoding': 'gzip' });
  call.send(gzipSync(encodeMessage(sotwRequest, fields)), true);
  assert.ok((await answer.promise).length > 0);
});

scenario('BAD-06 more names than any fleet has end the stream', allVariants, async (t, variant) => {
  const { open, assertWitnessServed } = await prepare(t, variant, (xds) => xds.connect());
  const stream = open('endpoint');
  const names = Array.from({ length: 100_001 }, (_, index) => `c${index}`);
  stream.send({ type_url: typeUrlOf(variant.apiVersion, 'endpoint'), resource_names: names });
  const { code } = await stream.ended;
  assert.ok(code === 'INVALID_ARGUMENT' || code === 'RESOURCE_EXHAUSTED', code);
  await assertWitnessServed();
});

for (const path of [
  '/envoy.service.route.v3.ScopedRoutesDiscoveryService/StreamScopedRoutes',
  '/envoy.api.v2.ScopedRoutesDiscoveryService/StreamScopedRoutes',
  '/envoy.service.runtime.v3.RuntimeDiscoveryService/StreamRuntime',
  '/envoy.service.cluster.v3.ClusterDiscoveryService/StreamNothing',
  '/',
]) {
  test(`BAD-09 ${path} is answered UNIMPLEMENTED`, async (t) => {
    const variant = { apiVersion: 'v3', isAggregated: true } as const;
    const { connection, assertWitnessServed } = await prepare(t, variant, (xds) => xds.connect());
    const call = connection.call(path);
    call.send(Buffer.alloc(0));
    assert.equal((await call.ended).code, 'UNIMPLEMENTED');
    await assertWitnessServed();
  });
}
