// Bytes that no client should send: BAD-07 and BAD-08 of the catalogue. Every test has a
// witness, a stream on the same connection that must notice nothing.

import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';

import { encodeMessage } from '../../../src/proto/protos.ts';
import type { ProtocolName } from '../../../src/xds/stream-method.ts';
import { delta, scenarioOfBoth } from '../../support/xds/both-protocols.ts';
import type { ProtocolUnderTest } from '../../support/xds/both-protocols.ts';
import { typeUrlOf } from '../../support/xds/discovery-api.ts';
import { allVariants, perType, scenario } from '../../support/xds/wire-variant.ts';
import type { WireVariant } from '../../support/xds/wire-variant.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { placeWitness } from '../../support/xds/witness.ts';

const mebibyte = 2 ** 20;

type ByProtocol<Value> = Readonly<Record<ProtocolName, Value>>;

function sameInBoth<Value>(value: Value): ByProtocol<Value> {
  return { sotw: value, delta: value };
}

const garbage: Readonly<Record<string, ByProtocol<Buffer>>> = {
  'random bytes': sameInBoth(Buffer.from('ff8a2b0c77fe01d3a59960ffffffffffffffffffff', 'hex')),
  'a length beyond the end': { sotw: Buffer.from('12ff01', 'hex'), delta: Buffer.from('1aff01', 'hex') },
  'an endless varint': sameInBoth(Buffer.alloc(64, 0xff)),
  'a group without end': sameInBoth(Buffer.alloc(200_000, 0x0b)),
  'an unknown wire type': sameInBoth(Buffer.from('0f', 'hex')),
  'an error that is none': { sotw: Buffer.from('3203ffffff', 'hex'), delta: Buffer.from('3a03ffffff', 'hex') },
};

/** As the first request, and later. */
async function assertEndsStream(
  t: TestContext,
  variant: WireVariant,
  protocol: ProtocolUnderTest,
  bytes: Buffer,
): Promise<void> {
  const { open, assertWitnessServed, xds } = await placeWitness(t, variant, protocol, (served) => served.connect());
  const atStart = open();
  atStart.call.send(bytes);
  assert.equal((await atStart.ended).code, 'INVALID_ARGUMENT');
  const later = open();
  later.send({ type_url: typeUrlOf(variant.apiVersion, 'cluster') });
  await later.responses.take('clusters');
  later.call.send(bytes);
  assert.equal((await later.ended).code, 'INVALID_ARGUMENT');
  await assertWitnessServed();
  assert.deepEqual(xds.log.filter(({ level }) => Number(level) >= 50), []);
}

for (const [what, bytes] of Object.entries(garbage)) {
  scenarioOfBoth(`BAD-07 ${what} in place of a request`, allVariants, async (t, variant, protocol) => {
    await assertEndsStream(t, variant, protocol, bytes[protocol.name]);
  });
}

scenario('BAD-07 delta: a version entry that is none in place of a request', allVariants, async (t, variant) => {
  await assertEndsStream(t, variant, delta, Buffer.from('2a03ffffff', 'hex'));
});

/** Number of the node field. */
const nodeField = { sotw: 2, delta: 1 };

scenarioOfBoth('BAD-07 a node that is none in the first request', allVariants, async (t, variant, protocol) => {
  const { open, assertWitnessServed } = await placeWitness(t, variant, protocol, (xds) => xds.connect());
  const stream = open();
  stream.call.send(requestOf(Buffer.alloc(3, 0xff), protocol, variant));
  assert.equal((await stream.ended).code, 'INVALID_ARGUMENT');
  await assertWitnessServed();
});

const namesField = { sotw: 'resource_names', delta: 'resource_names_subscribe' };

scenarioOfBoth('BAD-07 what is cut short is not taken for a shorter one', perType, async (t, variant, protocol) => {
  const { open, assertWitnessServed } = await placeWitness(t, variant, protocol, (xds) => xds.connect());
  const whole = encodeMessage(protocol.requestOf(variant.apiVersion), {
    node: { id: 'cut' },
    [namesField[protocol.name]]: ['a'],
    response_nonce: 'nonce',
  });
  const stream = open('endpoint');
  stream.call.send(whole.subarray(0, -2));
  assert.equal((await stream.ended).code, 'INVALID_ARGUMENT');
  await assertWitnessServed();
});

scenarioOfBoth('BAD-07 thousands of requests at once, the last broken', perType, async (t, variant, protocol) => {
  const scene = await placeWitness(t, variant, protocol, (served) => served.connectByHand());
  const { connection, assertWitnessServed, xds } = scene;
  const headers = { 'grpc-encoding': 'gzip' };
  const call = connection.call(protocol.pathOf(variant, 'cluster'), () => undefined, headers);
  call.send(encodeMessage(protocol.requestOf(variant.apiVersion), { node: { id: 'bad' } }));
  await call.answering;
  // A compressed one takes a turn: the others gather behind it.
  const empty = gzipSync(Buffer.alloc(0));
  const compressedHead = Buffer.from([1, 0, 0, 0, empty.length]);
  // As many as one DATA frame holds.
  const emptyRequests = Buffer.alloc(5 * 3_268);
  call.sendBytes(Buffer.concat([compressedHead, empty, emptyRequests, Buffer.from([0, 0, 0, 0, 1, 0xff])]));
  assert.equal((await call.ended).code, 'INVALID_ARGUMENT');
  await assertWitnessServed();
  assert.deepEqual(xds.log.filter(({ level }) => Number(level) >= 50), []);
});

scenarioOfBoth('BAD-07 frames that gRPC does not know', allVariants, async (t, variant, protocol) => {
  const scene = await placeWitness(t, variant, protocol, (served) => served.connectByHand());
  const { connection, assertWitnessServed, xds } = scene;
  const path = protocol.pathOf(variant, 'cluster');
  const { streamCount } = xds;
  const halfFrame = connection.call(path);
  halfFrame.sendBytes(Buffer.from([0, 0, 0, 0, 9, 1, 2]));
  halfFrame.halfClose();
  await halfFrame.ended;
  const notCompressed = connection.call(path, () => undefined, { 'grpc-encoding': 'gzip' });
  notCompressed.send(Buffer.from('no gzip'), true);
  assert.equal((await notCompressed.ended).code, 'INTERNAL');
  const hugeLength = connection.call(path);
  hugeLength.sendBytes(Buffer.from([0, 0xff, 0xff, 0xff, 0xff]));
  assert.equal((await hugeLength.ended).code, 'RESOURCE_EXHAUSTED');
  await waitUntil('the witness is alone', () => xds.streamCount === streamCount);
  await assertWitnessServed();
  assert.deepEqual(xds.log.filter(({ level }) => Number(level) >= 50), []);
});

/** A length-delimited protobuf field. */
function field(number: number, value: Uint8Array | string): Buffer {
  const bytes = Buffer.from(value);
  const length: number[] = [];
  let rest = bytes.length;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) length.push((rest & 0x7f) | 0x80);
  return Buffer.concat([Buffer.from([(number << 3) | 2, ...length, rest]), bytes]);
}

/** Struct {"a": {"a": ... }}, `depth` levels of it. */
function nestedStruct(depth: number): Buffer {
  let struct: Buffer = Buffer.alloc(0);
  for (let level = 0; level < depth; level += 1) {
    struct = field(1, Buffer.concat([field(1, 'a'), field(2, field(5, struct))]));
  }
  return struct;
}

const strangeNodes: Readonly<Record<string, Buffer>> = {
  'metadata nested 1,000 deep': Buffer.concat([field(1, 'n'), field(3, nestedStruct(1_000))]),
  'metadata that is no Struct': Buffer.concat([field(1, 'n'), field(3, Buffer.alloc(50, 0xff))]),
  'a string of a mebibyte in its metadata': Buffer.concat([field(1, 'n'), field(3, 'x'.repeat(mebibyte))]),
  'unknown fields': Buffer.concat([field(1, 'n'), field(15, 'x'), Buffer.from([0xf8, 0x07, 0x01])]),
  'a locality of another type': Buffer.concat([field(1, 'n'), Buffer.from([(4 << 3) | 0, 1])]),
};

/** A first request for clusters, as it stands on the wire, around a node. */
function requestOf(node: Buffer, protocol: ProtocolUnderTest, { apiVersion }: WireVariant): Buffer {
  const rest = encodeMessage(protocol.requestOf(apiVersion), { type_url: typeUrlOf(apiVersion, 'cluster') });
  return Buffer.concat([field(nodeField[protocol.name], node), rest]);
}

for (const [what, node] of Object.entries(strangeNodes)) {
  scenarioOfBoth(`BAD-08 a node with ${what} is served`, allVariants, async (t, variant, protocol) => {
    const { open, assertWitnessServed } = await placeWitness(t, variant, protocol, (xds) => xds.connect());
    const stream = open('cluster');
    stream.call.send(requestOf(node, protocol, variant));
    assert.deepEqual((await stream.responses.take('clusters')).names, ['a']);
    await assertWitnessServed();
  });
}

scenarioOfBoth('BAD-08 a node id of the wrong type ends its stream', allVariants, async (t, variant, protocol) => {
  const { open, assertWitnessServed } = await placeWitness(t, variant, protocol, (xds) => xds.connect());
  const stream = open('cluster');
  stream.call.send(requestOf(Buffer.from([(1 << 3) | 0, 7]), protocol, variant));
  assert.equal((await stream.ended).code, 'INVALID_ARGUMENT');
  await assertWitnessServed();
});

scenarioOfBoth('BAD-08 what a node says can not forge a log line', allVariants, async (t, variant, protocol) => {
  const { connection, xds } = await placeWitness(t, variant, protocol, (served) => served.connect());
  const id = 'n"}\n{"level":60,"msg":"forged"}\u001b[31m';
  const client = protocol.client(connection, variant, id);
  client.subscribe('cluster');
  await client.next('cluster');
  client.nack('cluster', 'no\n{"level":60,"msg":"forged"}');
  await client.assertQuiet();
  assert.deepEqual(xds.logged('forged'), []);
  const [nack] = xds.logged('NACK');
  assert.equal(nack?.['node_id'], id);
});
