// Clients that cut a message into bytes, do not end it, or say GOAWAY and stay. Another one must notice nothing.

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'node:test';
import type { TestContext } from 'node:test';

import { encodeMessage } from '../../src/proto/protos.ts';
import { sotw } from '../support/xds/both-protocols.ts';
import { addCluster, addEndpoint } from '../support/xds/changes.ts';
import { typeUrlOf } from '../support/xds/discovery-api.ts';
import { FrameConnection, callFrame, dataFrame, gRpcMessage, goAwayFrame } from '../support/xds/frame-connection.ts';
import { portsOf } from '../support/xds/resource-content.ts';
import { serveXds } from '../support/xds/served-xds.ts';
import type { ServedXds, ServedXdsOptions } from '../support/xds/served-xds.ts';
import { waitUntil } from '../support/wait-until.ts';

const variant = { apiVersion: 'v3', isAggregated: true } as const;
const call = callFrame(1, sotw.pathOf(variant, 'cluster'));
const request = encodeMessage(sotw.requestOf('v3'), { node: { id: 'odd' }, type_url: typeUrlOf('v3', 'cluster') });

const ended = 'discovery stream ended by gRPC';

interface Scene {
  readonly xds: ServedXds;
  readonly frames: FrameConnection;
  /** Resolves when the stream of `frames` is no more, and the other client has been served since. */
  untilEnded(): Promise<void>;
}

async function prepare(t: TestContext, options: ServedXdsOptions = {}, windowSize?: number): Promise<Scene> {
  const xds = await serveXds(t, options);
  xds.commit(...addCluster('a', 6379));
  const other = xds.client(variant, 'other');
  await other.hold({ cluster: [], endpoint: ['a'] });
  const frames = new FrameConnection(xds.port, windowSize);
  t.after(() => frames.close());
  const untilEnded = async (): Promise<void> => {
    await waitUntil('the other stream alone is left', () => xds.streamCount === 1 && xds.hub.streams.size === 1);
    xds.commit(addEndpoint('a', 6380));
    assert.deepEqual(portsOf((await other.takeAndAck('endpoint')).resources[0]), [6379, 6380]);
  };
  return { xds, frames, untilEnded };
}

function inBytes(bytes: Buffer): Buffer {
  return Buffer.concat(Array.from(bytes, (byte) => dataFrame(1, Buffer.of(byte))));
}

async function untilOpen(xds: ServedXds, nodeId: string): Promise<void> {
  await waitUntil(`${nodeId} is there`, () => [...xds.hub.streams].some((stream) => stream.nodeId === nodeId));
}

test('a request that comes byte by byte is taken', async (t) => {
  const { xds, frames } = await prepare(t);
  frames.send(call, inBytes(gRpcMessage(request)));
  await untilOpen(xds, 'odd');
});

test('a message in thousands of pieces ends its stream, long before it is whole, with one line', async (t) => {
  const { xds, frames, untilEnded } = await prepare(t);
  frames.send(call, dataFrame(1, gRpcMessage(request)));
  await untilOpen(xds, 'odd');
  const message = gRpcMessage(Buffer.alloc(1_000_000));
  frames.send(inBytes(message.subarray(0, 5000)));
  await untilEnded();
  const reason = 'message in too many pieces: 1029 bytes in 1029 pieces so far';
  assert.deepEqual(xds.logged(ended).map((line) => [line['node_id'], line['status'], line['reason']]), [
    ['odd', 'ENHANCE_YOUR_CALM', reason],
  ]);
  await frames.ping();
});

test('before its first request is whole, the line has the client in place of the node', async (t) => {
  const { xds, frames, untilEnded } = await prepare(t, { keepalive: { messageWithinMs: 100 } });
  frames.send(call, dataFrame(1, gRpcMessage(request).subarray(0, 20)));
  await waitUntil('it is there', () => xds.hub.streams.size === 2);
  await untilEnded();
  const [{ peer } = {}] = xds.logged(ended);
  assert.match(String(peer), /^127\.0\.0\.1:[1-9]\d*$/);
});

test('two Envoys behind one connection have a line each', async (t) => {
  const { xds, frames, untilEnded } = await prepare(t, { keepalive: { messageWithinMs: 100 } });
  for (const [streamId, id] of [[1, 'odd'], [3, 'odder']] as const) {
    const fields = { node: { id }, type_url: typeUrlOf('v3', 'cluster') };
    const whole = gRpcMessage(encodeMessage(sotw.requestOf('v3'), fields));
    const begun = dataFrame(streamId, Buffer.concat([whole, whole.subarray(0, 20)]));
    frames.send(callFrame(streamId, sotw.pathOf(variant, 'cluster')), begun);
  }
  await untilOpen(xds, 'odder');
  await untilEnded();
  assert.deepEqual(xds.logged(ended).map((line) => line['node_id']), ['odd', 'odder']);
});

test('of calls that are none of discovery there is one line a connection', async (t) => {
  const { xds, frames, untilEnded } = await prepare(t, { keepalive: { messageWithinMs: 100 } });
  for (const streamId of [1, 3]) {
    frames.send(callFrame(streamId, '/grpc.health.v1.Health/Check'), dataFrame(streamId, Buffer.alloc(3)));
  }
  await waitUntil('it is told', () => xds.logged('gRPC stream ended').length > 0);
  await frames.ping();
  await untilEnded();
  const lines = xds.logged('gRPC stream ended').map(({ reason }) => reason);
  assert.deepEqual(lines, ['message took too long: 3 bytes in 1 pieces so far']);
  assert.equal(xds.logged(ended).length, 0);
});

test('a large message in the pieces of a network is taken', async (t) => {
  const { xds, frames } = await prepare(t);
  const names = Array.from({ length: 30_000 }, (_, index) => `cluster-${index}`);
  const fields = { node: { id: 'large' }, type_url: typeUrlOf('v3', 'endpoint'), resource_names: names };
  const message = gRpcMessage(encodeMessage(sotw.requestOf('v3'), fields));
  frames.send(call);
  // As much as the server's window takes at once.
  const pieceBytes = 300;
  for (let at = 0; at < message.length; at += 30_000) {
    const part = message.subarray(at, at + 30_000);
    const pieces = Array.from({ length: Math.ceil(part.length / pieceBytes) }, (_, index) => {
      return dataFrame(1, part.subarray(index * pieceBytes, (index + 1) * pieceBytes));
    });
    frames.send(...pieces);
    await frames.ping();
  }
  await untilOpen(xds, 'large');
});

test('a message that is not sent to its end ends its stream', async (t) => {
  const { xds, frames, untilEnded } = await prepare(t, { keepalive: { messageWithinMs: 100 } });
  frames.send(call, dataFrame(1, gRpcMessage(request)), dataFrame(1, gRpcMessage(request).subarray(0, 20)));
  await untilOpen(xds, 'odd');
  await untilEnded();
  assert.deepEqual(xds.logged(ended).map((line) => line['node_id']), ['odd']);
});

test('one that we do not read on does not: its client waits for us', async (t) => {
  const withinMs = 60;
  const { xds, frames } = await prepare(t, { keepalive: { messageWithinMs: withinMs } }, 0);
  frames.send(call, dataFrame(1, gRpcMessage(request)));
  await untilOpen(xds, 'odd');
  // The answer can't leave; one more request is read meanwhile.
  frames.send(dataFrame(1, Buffer.concat([gRpcMessage(request), gRpcMessage(request).subarray(0, 20)])));
  await sleep(5 * withinMs);
  await frames.ping();
  await untilOpen(xds, 'odd');
  assert.equal(xds.logged(ended).length, 0);
});

test('a client that says GOAWAY is let go', async (t) => {
  const { xds, frames, untilEnded } = await prepare(t);
  frames.send(call, dataFrame(1, gRpcMessage(request)));
  await untilOpen(xds, 'odd');
  frames.send(goAwayFrame());
  await frames.closed();
  await untilEnded();
});
