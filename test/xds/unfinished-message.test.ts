import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';

import { UnfinishedMessage } from '../../src/xds/unfinished-message.ts';
import { gRpcMessage } from '../support/xds/frame-connection.ts';

/** Adds `bytes` in pieces of these sizes, the last one again and again. */
function addInPieces(message: UnfinishedMessage, bytes: Buffer, sizes: readonly number[]): void {
  let at = 0;
  for (let index = 0; at < bytes.length; index += 1) {
    const size = sizes[Math.min(index, sizes.length - 1)] ?? 1;
    message.add(bytes.subarray(at, at + size));
    at += size;
  }
}

const lengths = fc.array(fc.oneof(fc.integer({ min: 0, max: 12 }), fc.integer({ min: 0, max: 70_000 })), { maxLength: 6 });
const sizes = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 40 });

test('however messages are cut, it is whole after the last byte of one, and after no other', () => {
  fc.assert(
    fc.property(lengths, sizes, fc.integer({ min: 1, max: 64 }), (wholeLengths, cuts, restLength) => {
      const message = new UnfinishedMessage();
      addInPieces(message, Buffer.concat(wholeLengths.map((length) => gRpcMessage(Buffer.alloc(length, 255)))), cuts);
      assert.ok(message.isWhole);
      const next = gRpcMessage(Buffer.alloc(restLength, 255));
      for (const byte of next.subarray(0, -1)) {
        message.add(Buffer.of(byte));
        assert.ok(!message.isWhole);
      }
      assert.deepEqual([message.pieces, message.bytes], [next.length - 1, next.length - 1]);
      message.add(next.subarray(-1));
      assert.ok(message.isWhole);
    }),
  );
});

test('a piece that ends one message and begins the next is the first of the next', () => {
  const message = new UnfinishedMessage();
  const bytes = Buffer.concat([gRpcMessage(Buffer.alloc(10)), gRpcMessage(Buffer.alloc(10))]);
  message.add(bytes.subarray(0, 4));
  message.add(bytes.subarray(4, 18));
  assert.deepEqual([message.isWhole, message.pieces, message.bytes], [false, 1, 3]);
  message.add(bytes.subarray(18));
  assert.ok(message.isWhole);
});
