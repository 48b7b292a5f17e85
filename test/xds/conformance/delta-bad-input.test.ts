// How delta streams live and end, and bad input: sections "Stream lifecycle" and "Bad input"
// of the catalogue, as far as delta has its own code for them.

import assert from 'node:assert/strict';

import { delta } from '../../support/xds/both-protocols.ts';
import type { Connection } from '../../support/xds/byte-call.ts';
import { addCluster, addEndpoint } from '../../support/xds/changes.ts';
import { DeltaClient, connectDelta } from '../../support/xds/delta-client.ts';
import { DeltaStream } from '../../support/xds/delta-stream.ts';
import type { DeltaRequestFields } from '../../support/xds/delta-stream.ts';
import { kinds, typeUrlOf } from '../../support/xds/discovery-api.ts';
import { buildSnapshot } from '../../support/xds/hand-made-snapshot.ts';
import { portsOf } from '../../support/xds/resource-content.ts';
import { serveXds } from '../../support/xds/served-xds.ts';
import type { Scope, ServedXds } from '../../support/xds/served-xds.ts';
import { aggregated, allVariants, perType, scenario } from '../../support/xds/wire-variant.ts';
import type { WireVariant } from '../../support/xds/wire-variant.ts';
import { placeWitness } from '../../support/xds/witness.ts';
import type { WitnessedScene } from '../../support/xds/witness.ts';
import { waitUntil } from '../../support/wait-until.ts';

const wanted = { cluster: [], endpoint: ['a'], listener: [], route: ['generic_route'] };

async function untilStreamCount(xds: ServedXds, count: number): Promise<void> {
  await waitUntil(`${count} streams are open`, () => xds.streamCount === count);
}

scenario('STR-01 delta: the node of the first request counts for the whole stream', allVariants, async (t, variant) => {
  const xds = await serveXds(t, { groupOf: ({ id }) => id });
  xds.publish(buildSnapshot({ clusters: { a: 1 } }), 'envoy-1');
  xds.publish(buildSnapshot({ clusters: { b: 1 } }), 'envoy-2');
  const client = connectDelta(xds, variant, 'envoy-1');
  client.subscribe('cluster');
  assert.deepEqual((await client.takeAndAck('cluster')).changes, ['a']);
  for (const id of ['envoy-1', 'envoy-2', '']) client.send('cluster', { node: { id } });
  await client.assertQuiet();
  assert.equal(xds.streamCount, 1);
  xds.publish(buildSnapshot({ clusters: { b: 2 } }), 'envoy-2');
  await client.assertQuiet();
});

const endings: Readonly<Record<string, (client: DeltaClient) => void>> = {
  'half-close': (client) => kinds.forEach((kind) => client.stream(kind).call.halfClose()),
  reset: (client) => client.cancel(),
};

for (const [ending, end] of Object.entries(endings)) {
  scenario(`STR-02 delta: after a ${ending} nothing of the stream is left`, allVariants, async (t, variant) => {
    const xds = await serveXds(t, { inForceBoundMs: 50 });
    xds.commit(...addCluster('a', 6379));
    const client = connectDelta(xds, variant);
    await client.hold(wanted);
    xds.commit(...addCluster('b', 6380));
    await client.next('cluster');
    end(client);
    const ends = await Promise.all(kinds.map((kind) => client.stream(kind).ended));
    const expected = ending === 'half-close' ? 'OK' : 'CANCELLED';
    assert.deepEqual(ends.map(({ code }) => code), kinds.map(() => expected));
    await untilStreamCount(xds, 0);
    const count = client.responseCount;
    xds.commit(addEndpoint('a', 6381));
    await client.connection.fence();
    assert.equal(client.responseCount, count);
    assert.deepEqual(xds.log.filter(({ level }) => Number(level) >= 40), []);
  });
}

scenario('STR-04 delta: the end of an old stream leaves the new one alone', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('a', 6379));
  const old = connectDelta(xds, variant, 'envoy-1');
  await old.hold(wanted);
  const client = connectDelta(xds, variant, 'envoy-1');
  await client.hold(wanted);
  const count = xds.streamCount;
  old.cancel();
  await untilStreamCount(xds, count / 2);
  xds.commit(addEndpoint('a', 6380));
  assert.deepEqual(portsOf((await client.takeAndAck('endpoint')).resources[0]), [6379, 6380]);
  await client.assertQuiet();
});

scenario('STR-06 delta: a shutdown ends every stream with UNAVAILABLE', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('a', 6379));
  const client = connectDelta(xds, variant);
  await client.hold(wanted);
  await xds.shutDown();
  for (const kind of kinds) assert.equal((await client.stream(kind).ended).code, 'UNAVAILABLE');
  assert.equal(xds.streamCount, 0);
});

function prepare(t: Scope, variant: WireVariant): Promise<WitnessedScene<Connection, DeltaStream>> {
  return placeWitness(t, variant, delta, (xds) => xds.connect());
}

scenario('BAD-01 delta: no type URL on an aggregated stream', aggregated, async (t, variant) => {
  const { open, assertWitnessServed } = await prepare(t, variant);
  const stream = open();
  stream.send({});
  const { code, details } = await stream.ended;
  assert.equal(code, 'INVALID_ARGUMENT');
  assert.match(details, /type_url/);
  await assertWitnessServed();
});

const nodeless: Readonly<Record<string, DeltaRequestFields>> = {
  'no node': {},
  'an empty node': { node: {} },
  'an empty node id': { node: { id: '', cluster: 'redis' } },
};

for (const [what, fields] of Object.entries(nodeless)) {
  scenario(`BAD-02 delta: ${what} in the first request`, allVariants, async (t, variant) => {
    const { open, assertWitnessServed } = await prepare(t, variant);
    const stream = open();
    stream.sendExactly({ type_url: typeUrlOf(variant.apiVersion, 'cluster'), ...fields });
    const { code, details } = await stream.ended;
    assert.equal(code, 'INVALID_ARGUMENT');
    assert.match(details, /node/);
    assert.equal(stream.responses.count, 0);
    await assertWitnessServed();
  });
}

scenario('BAD-03 delta: an unknown type URL is not answered, and told once', aggregated, async (t, variant) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('a', 6379));
  const client = connectDelta(xds, variant);
  const unknown = 'type.googleapis.com/foo.Bar';
  for (let n = 0; n < 3; n += 1) {
    client.stream('cluster').send({ type_url: unknown, resource_names_subscribe: ['a', '*'] });
  }
  await client.assertQuiet();
  assert.equal(xds.log.filter((line) => line['type_url'] === unknown).length, 1);
  await client.hold({ cluster: [], endpoint: ['a'] });
  xds.commit(addEndpoint('a', 6380));
  assert.deepEqual((await client.takeAndAck('endpoint')).changes, ['a']);
  await client.assertQuiet();
});

for (const served of kinds) {
  scenario(`BAD-04 delta: a stream of one type asked for another (${served})`, perType, async (t, variant) => {
    const { open, assertWitnessServed } = await prepare(t, variant);
    const other = kinds[(kinds.indexOf(served) + 1) % kinds.length] ?? assert.fail();
    const stream = open(served);
    stream.send({ type_url: typeUrlOf(variant.apiVersion, other), resource_names_subscribe: ['a'] });
    assert.equal((await stream.ended).code, 'INVALID_ARGUMENT');
    assert.equal(stream.responses.count, 0);
    await assertWitnessServed();
  });
}

scenario('BAD-05 delta: a type of the other version is unknown', aggregated, async (t, variant) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('a', 6379));
  const client = connectDelta(xds, variant);
  const other = variant.apiVersion === 'v2' ? 'v3' : 'v2';
  client.stream('cluster').send({ type_url: typeUrlOf(other, 'cluster') });
  await client.assertQuiet();
  client.subscribe('cluster');
  assert.deepEqual((await client.takeAndAck('cluster')).changes, ['a']);
  await client.assertQuiet();
});

scenario('BAD-06 delta: a reconnect of more than 4 MiB is taken', allVariants, async (t, variant) => {
  const { open, assertWitnessServed } = await prepare(t, variant);
  const stream = open();
  const held = Object.fromEntries(Array.from({ length: 90_000 }, (_, n) => [`cluster-that-went-${n}`, 'v'.repeat(32)]));
  stream.send({ type_url: typeUrlOf(variant.apiVersion, 'cluster'), initial_resource_versions: held });
  const { names, removed } = await stream.responses.take('clusters');
  assert.deepEqual([names, removed.length], [['a'], 90_000]);
  await assertWitnessServed();
});

const tooMany = Array.from({ length: 100_001 }, (_, index) => `c${index}`);

const floods: Readonly<Record<string, DeltaRequestFields>> = {
  'names in one request': { resource_names_subscribe: tooMany },
  'versions in one request': { initial_resource_versions: Object.fromEntries(tooMany.map((name) => [name, '1'])) },
};

for (const [what, fields] of Object.entries(floods)) {
  scenario(`BAD-06 delta: more ${what} than any fleet has end the stream`, allVariants, async (t, variant) => {
    const { open, assertWitnessServed } = await prepare(t, variant);
    const stream = open('endpoint');
    stream.send({ type_url: typeUrlOf(variant.apiVersion, 'endpoint'), ...fields });
    assert.equal((await stream.ended).code, 'INVALID_ARGUMENT');
    await assertWitnessServed();
  });
}

scenario('BAD-06 delta: so do more names than that, a few at a time', perType, async (t, variant) => {
  const { open, assertWitnessServed } = await prepare(t, variant);
  const stream = open('endpoint');
  for (let start = 0; start < tooMany.length; start += 30_000) {
    stream.send({ resource_names_subscribe: tooMany.slice(start, start + 30_000) });
  }
  assert.equal((await stream.ended).code, 'INVALID_ARGUMENT');
  await assertWitnessServed();
});
