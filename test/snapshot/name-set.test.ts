import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { NameSetTable } from '../../src/snapshot/name-set.ts';
import type { NameSet } from '../../src/snapshot/name-set.ts';

const anyName = fc.constantFrom('a', 'b', 'c', '', '集', '😀');
const anyNames = fc.array(anyName, { maxLength: 4 });

function numbered(count: number, prefix = 'n'): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index}`);
}

function keyOf(names: ReadonlySet<string>): string {
  return JSON.stringify([...names].sort());
}

function assertHolds(names: NameSet, expected: ReadonlySet<string>): void {
  assert.deepEqual([...names].sort(), [...expected].sort());
  assert.equal(names.size, expected.size);
  assert.equal(names.length, [...expected].join('').length);
  for (const name of ['a', 'b', 'c', '', '集', '😀', 'n0']) assert.equal(names.has(name), expected.has(name), name);
}

describe('a set of names', () => {
  test('is one object for one content, however it came about', () => {
    fc.assert(
      fc.property(anyNames, fc.array(fc.tuple(anyNames, anyNames), { maxLength: 8 }), (first, steps) => {
        const table = new NameSetTable();
        const expected = new Set(first);
        let names = table.intern(first);
        const before = new Map([[keyOf(expected), names]]);
        for (const [added, dropped] of steps) {
          const stepped = table.step(names, added, dropped);
          for (const name of added) expected.add(name);
          for (const name of dropped) expected.delete(name);
          assertHolds(stepped, expected);
          assert.equal(stepped, table.intern(expected));
          const key = keyOf(expected);
          assert.equal(stepped, before.get(key) ?? stepped);
          before.set(key, stepped);
          names = stepped;
        }
      }),
      { numRuns: 1000 },
    );
  });

  test('stays the same object through a step that changes nothing', () => {
    const table = new NameSetTable();
    const names = table.intern(['a', 'b']);
    assert.equal(table.step(names, ['a'], ['c']), names);
    assert.equal(table.step(names, ['c'], ['c']), names);
  });

  test('tells what changed since the set that it stepped from, through any number of steps', () => {
    const table = new NameSetTable();
    const first = table.intern(numbered(1000));
    let names = first;
    for (const name of numbered(2000, 'm')) {
      const before = names;
      names = table.step(before, [name], []);
      assert.deepEqual(names.changedSince(before), [name]);
    }
    assertHolds(names, new Set([...numbered(1000), ...numbered(2000, 'm')]));
    assert.equal(names, table.intern([...numbered(1000), ...numbered(2000, 'm')]));
    const dropped = table.step(names, ['a'], ['n0', 'm0']);
    assert.deepEqual([...(dropped.changedSince(names) ?? [])].sort(), ['a', 'm0', 'n0']);
  });

  test('does not tell it of a set that it has nothing to do with', () => {
    const table = new NameSetTable();
    assert.equal(table.intern(['a']).changedSince(table.intern(['a', 'b'])), undefined);
  });

  test('is the same as another with the same names, and as no other', () => {
    const names = new NameSetTable().intern(['a', 'b']);
    assert.equal(names.isSameAs(new NameSetTable().intern(['b', 'a'])), true);
    assert.equal(names.isSameAs(new NameSetTable().intern(['a', 'c'])), false);
    assert.equal(names.isSameAs(new NameSetTable().intern(['a', 'b', 'c'])), false);
  });
});
