import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';

import { SortedByName } from '../../src/collections/sorted-by-name.ts';

interface Item {
  readonly name: string;
  readonly value: number;
}

const nameOf = (index: number): string => `name-${String(index).padStart(4, '0')}`;
const items = (count: number): Item[] => Array.from({ length: count }, (_, index) => ({ name: nameOf(index), value: 0 }));
const change = (index: number, value: number) => [nameOf(index), { name: nameOf(index), value }] as const;
const sharedRuns = (a: SortedByName<Item>, b: SortedByName<Item>): number => {
  return new Set(a.runs).intersection(new Set(b.runs)).size;
};

const anyName = fc.integer({ min: 0, max: 400 }).map(nameOf);
const anyChange = fc.tuple(anyName, fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined }));
const anyStep = fc.array(anyChange, { maxLength: 200 });

describe('a sorted map', () => {
  test('is a plain map in order of name, whatever the steps that led to it', () => {
    fc.assert(
      fc.property(fc.uniqueArray(anyName, { maxLength: 300 }), fc.array(anyStep, { maxLength: 8 }), (names, steps) => {
        const model = new Map(names.map((name) => [name, { name, value: -1 }]));
        let map = SortedByName.of(model.values());
        for (const step of steps) {
          map = map.with(step.map(([name, value]) => [name, value === undefined ? undefined : { name, value }]));
          for (const [name, value] of step) {
            if (value === undefined) model.delete(name);
            else model.set(name, { name, value });
          }
          const expected = [...model.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
          assert.deepEqual([...map.values()], expected);
          assert.deepEqual(map.runs.flat(), expected);
          assert.deepEqual([...map.keys()], expected.map(({ name }) => name));
          assert.deepEqual([...map], expected.map((item) => [item.name, item]));
          assert.equal(map.size, model.size);
          for (let index = -1; index <= 401; index += 1) {
            assert.deepEqual(map.get(nameOf(index)), model.get(nameOf(index)));
            assert.equal(map.has(nameOf(index)), model.has(nameOf(index)));
          }
          assert.ok(map.runs.every(({ length }) => length > 0 && length <= 128));
        }
      }),
    );
  });

  test('shares with the map before all runs but those that changed', () => {
    const before = SortedByName.of(items(1_000));
    const after = before.with([change(3, 1), change(4, 1), change(999, 1)]);
    assert.equal(before.runs.length, 16);
    assert.equal(sharedRuns(before, after), 14);
  });

  test('shares with another what they do not differ in, however both came about', () => {
    const values = items(1_000);
    const other = SortedByName.of(values);
    const own = { name: `${nameOf(7)}-own`, value: 1 };
    const apart = SortedByName.of([own]).with(values.map((value) => [value.name, value]));
    assert.equal(sharedRuns(apart, other), 0);
    const together = apart.sharing(other);
    assert.deepEqual([...together.values()], [...apart.values()]);
    assert.equal(sharedRuns(together, other), other.runs.length - 1);
  });
});

describe('names unlike', () => {
  test('are those under which one has another value, or none', () => {
    fc.assert(
      fc.property(fc.uniqueArray(anyName, { maxLength: 300 }), anyStep, (names, step) => {
        const before = SortedByName.of(names.map((name) => ({ name, value: -1 })));
        const after = before.with(step.map(([name, value]) => [name, value === undefined ? undefined : { name, value }]));
        const expected = new Set([...before.keys(), ...after.keys()]);
        for (const name of expected) if (before.get(name) === after.get(name)) expected.delete(name);
        assert.deepEqual(before.namesUnlike(after).sort(), [...expected].sort());
        assert.deepEqual(after.namesUnlike(before).sort(), [...expected].sort());
      }),
    );
  });
});
