// The little of the protobuf wire format that is read and written by hand.

import type { Reader } from 'protobufjs';

/** The tag of a string, bytes or message field. */
export function lengthDelimited(fieldNumber: number): number {
  return (fieldNumber << 3) | 2;
}

/** A string field. Unlike the reader's own, which takes what there is of a string that is cut short, this throws a RangeError. */
export function readString(reader: Reader): string {
  return Buffer.from(reader.bytes()).toString('utf8');
}
