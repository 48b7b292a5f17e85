// Lists of names beside their decoding from scratch: what a list has in common with the one before is not read again.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { encodeMessage } from '../../src/proto/protos.ts';
import { NameSetTable } from '../../src/snapshot/name-set.ts';
import { MalformedRequestError, parseSotwRequest } from '../../src/xds/discovery-request.ts';
import { NameListTable } from '../../src/xds/name-list.ts';
import { discoveryApis } from '../support/xds/discovery-api.ts';

function encode(names: readonly string[]): Uint8Array {
  const message = encodeMessage(discoveryApis.v3.sotwRequest, { resource_names: names });
  return Buffer.from(parseSotwRequest(message).encodedNames);
}

// Of the length and the bytes that stand before names, and long enough for a length of two bytes.
const anyName = fc.constantFrom('', 'a', 'b', 'ab', '*', '\u001a', '\u001a\u0001a', '\u0001a', 'x'.repeat(26), 'y'.repeat(200));
const anyList = fc.array(anyName, { maxLength: 6 });

describe('a list of names', () => {
  test('is read the same after any other list as on its own', () => {
    fc.assert(
      fc.property(fc.array(anyList, { minLength: 1, maxLength: 4 }), (lists) => {
        const nameSets = new NameSetTable();
        const table = new NameListTable(nameSets);
        let before = table.empty;
        for (const names of lists) {
          const list = table.decode(encode(names), before);
          assert.equal(list.count, names.length);
          assert.equal(list.hasWildcard, names.includes('*'));
          assert.equal(list.names, nameSets.intern(names.filter((name) => name !== '*')));
          before = list;
        }
      }),
      { numRuns: 3000 },
    );
  });

  test('is one object for the same bytes', () => {
    const table = new NameListTable(new NameSetTable());
    assert.equal(table.decode(encode(['a', 'b'])), table.decode(encode(['a', 'b'])));
    assert.equal(table.decode(encode([])), table.empty);
  });

  test('is refused with more names than are taken, also when few are new', () => {
    const table = new NameListTable(new NameSetTable());
    const names = Array.from({ length: 100_000 }, (_, index) => `c${index}`);
    const before = table.decode(encode(names));
    assert.equal(before.names.size, 100_000);
    assert.throws(() => table.decode(encode([...names, 'one more']), before), MalformedRequestError);
    assert.throws(() => table.decode(encode([...names, 'one more'])), MalformedRequestError);
  });
});
