import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';

import { SortedByName } from '../../src/collections/sorted-by-name.ts';

// One collection is nearly always enough; it takes this many only when nothing is ever collected.
const maxCollections = 100;

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

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

  test('shares every run with one that the same changes lead to, also where they cut a run', () => {
    const base = SortedByName.of(items(1_000));
    const own = base.with([['zzz', { name: 'zzz', value: 1 }]]);
    const added = Array.from({ length: 200 }, (_, index) => {
      const name = `${nameOf(3)}-${index}`;
      return [name, { name, value: 0 }] as const;
    });
    const steps = [added, [change(500, 2)], [[nameOf(7), undefined] as const]];
    const [end, ownEnd] = steps.reduce(([a, b], step) => [a.with(step), b.with(step)] as const, [base, own] as const);
    assert.equal(sharedRuns(end, ownEnd), end.runs.length - 1);
    assert.equal(ownEnd.size, end.size + 1);
  });

  test('keeps alive none of the states that followed it', async () => {
    const first = SortedByName.of(items(1));
    const followed = new WeakRef(first.with([change(0, 1)]).runs[0] as readonly Item[]);
    for (let left = maxCollections; left > 0 && followed.deref() !== undefined; left -= 1) {
      await nextTurn();
      collectGarbage();
    }
    assert.equal(followed.deref(), undefined);
    assert.equal(first.get(nameOf(0))?.value, 0);
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
