// Bad input on delta streams: section "Bad input" of the catalogue, as far as delta has its
// own code for it.

import assert from 'node:assert/strict';

import { delta } from '../../support/xds/both-protocols.ts';
import type { Connection } from '../../support/xds/byte-call.ts';
import { addCluster, addEndpoint } from '../../support/xds/changes.ts';
import { connectDelta } from '../../support/xds/delta-client.ts';
import type { DeltaRequestFields, DeltaStream } from '../../support/xds/delta-stream.ts';
import { typeUrlOf } from '../../support/xds/discovery-api.ts';
import { serveXds } from '../../support/xds/served-xds.ts';
import type { Scope } from '../../support/xds/served-xds.ts';
import { aggregated, allVariants, perType, scenario } from '../../support/xds/wire-variant.ts';
import type { WireVariant } from '../../support/xds/wire-variant.ts';
import { placeWitness } from '../../support/xds/witness.ts';
import type { WitnessedScene } from '../../support/xds/witness.ts';

function prepare(t: Scope, variant: WireVariant): Promise<WitnessedScene<Connection, DeltaStream>> {
  return placeWitness(t, variant, delta, (xds) => xds.connect());
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
