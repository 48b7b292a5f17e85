// The names of a state-of-the-world request as they stand on the wire. Thousands of streams send the same bytes with
// every ACK, and one that wants one name more sends all others once more: neither is read again.

import protobuf from 'protobufjs/minimal.js';

import type { NameSet, NameSetTable } from '../snapshot/name-set.ts';
import { WeakTable } from '../snapshot/weak-table.ts';
import { limitNames, parseNames } from './discovery-request.ts';
import { viewOf } from './wire.ts';

const wildcard = '*';

/** A list of names. Interned by {@link NameListTable}. */
export interface NameList {
  readonly encoded: Uint8Array;
  /** How many there are, repeats and the wildcard counted. */
  readonly count: number;
  readonly hasWildcard: boolean;
  /** Without the wildcard. */
  readonly names: NameSet;
}

/** Decodes name lists, each distinct one once. */
export class NameListTable {
  readonly #table = new WeakTable<NameList>();
  readonly #nameSets: NameSetTable;
  /** The list without names. */
  readonly empty: NameList;

  constructor(nameSets: NameSetTable) {
    this.#nameSets = nameSets;
    this.empty = { encoded: new Uint8Array(0), count: 0, hasWildcard: false, names: nameSets.intern([]) };
  }

  /**
   * @param before a list that may be much the same: only that in which they differ is decoded.
   * @throws MalformedRequestError
   */
  decode(encoded: Uint8Array, before = this.empty): NameList {
    if (encoded.length === 0) return this.empty;
    return this.#table.intern(viewOf(encoded).toString('latin1'), () => {
      const list = this.#step(before, encoded) ?? this.#read(encoded);
      limitNames('resource_names', { size: list.count, length: list.names.length });
      return { ...list, encoded: Buffer.from(encoded) };
    });
  }

  #read(encoded: Uint8Array): Omit<NameList, 'encoded'> {
    const all = parseNames(encoded);
    const names = this.#nameSets.intern(all.filter((name) => name !== wildcard));
    return { count: all.length, hasWildcard: all.includes(wildcard), names };
  }

  // Undefined where a name may stand more than once: then it may still be there when one of it has gone.
  #step(before: NameList, encoded: Uint8Array): Omit<NameList, 'encoded'> | undefined {
    if (before.count === 0 || before.hasWildcard || before.names.size !== before.count) return undefined;
    const [gone, come] = differingRuns(before.encoded, encoded).map(parseNames) as [string[], string[]];
    if (come.includes(wildcard)) return undefined;
    const added = new Set(come);
    const dropped = gone.filter((name) => !added.has(name));
    const names = this.#nameSets.step(before.names, added, dropped);
    return { count: before.count - gone.length + come.length, hasWildcard: false, names };
  }
}

/** Two lists without the entries that both begin with, and without those that both end with. */
function differingRuns(before: Uint8Array, after: Uint8Array): readonly [Uint8Array, Uint8Array] {
  const shorter = Math.min(before.length, after.length);
  let sameAtStart = 0;
  while (sameAtStart < shorter && before[sameAtStart] === after[sameAtStart]) sameAtStart += 1;
  let sameAtEnd = 0;
  const longestEnd = shorter - sameAtStart;
  while (sameAtEnd < longestEnd && before[before.length - 1 - sameAtEnd] === after[after.length - 1 - sameAtEnd]) {
    sameAtEnd += 1;
  }
  const start = lastEntryBefore(after, sameAtStart);
  const [inBefore, inAfter] = [readerAt(before, start), readerAt(after, start)];
  // To the first entry from which on both are the same.
  while (bytesLeft(inBefore) > sameAtEnd) skipName(inBefore);
  while (bytesLeft(inAfter) > sameAtEnd) skipName(inAfter);
  while (bytesLeft(inBefore) !== bytesLeft(inAfter)) {
    skipName(bytesLeft(inBefore) > bytesLeft(inAfter) ? inBefore : inAfter);
  }
  return [before.subarray(start, inBefore.pos), after.subarray(start, inAfter.pos)];
}

/** Where the last entry begins that begins at `position` or before. */
function lastEntryBefore(encoded: Uint8Array, position: number): number {
  const reader = protobuf.Reader.create(encoded);
  let start = 0;
  while (reader.pos <= position) {
    start = reader.pos;
    if (bytesLeft(reader) === 0) break;
    skipName(reader);
  }
  return start;
}

function readerAt(encoded: Uint8Array, position: number): protobuf.Reader {
  const reader = protobuf.Reader.create(encoded);
  reader.pos = position;
  return reader;
}

function bytesLeft({ len, pos }: protobuf.Reader): number {
  return len - pos;
}

// The tag is one byte.
function skipName(reader: protobuf.Reader): void {
  reader.pos += 1;
  reader.skipType(2);
}
