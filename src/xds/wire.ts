// The little of the protobuf wire format that is read and written by hand.

import type { Reader } from 'protobufjs';

/** The tag of a string, bytes or message field. */
export function lengthDelimited(fieldNumber: number): number {
  return (fieldNumber << 3) | 2;
}

/** A string field. Unlike the reader's own, which takes what there is of a string that is cut short, this throws a RangeError. */
export function readString(reader: Reader): string {
  const length = reader.uint32();
  const start = reader.pos;
  reader.skip(length);
  return viewOf(reader.buf).toString('utf8', start, start + length);
}

/** The same bytes as a Buffer, not copied. */
export function viewOf(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
