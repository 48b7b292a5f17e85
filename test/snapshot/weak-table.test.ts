import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { WeakTable } from '../../src/snapshot/weak-table.ts';

// One collection is nearly always enough; it takes this many only when nothing is ever collected.
const maxCollections = 100;

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

interface Value {
  readonly text: string;
}

describe('a weak table', () => {
  test('makes a value once per key, as long as somebody holds it', () => {
    const table = new WeakTable<Value>();
    const made: string[] = [];
    const make = (text: string) => (): Value => {
      made.push(text);
      return { text };
    };
    const a = table.intern('a', make('first'));
    const b = table.intern('b', make('second'));
    assert.equal(table.intern('a', make('third')), a);
    assert.equal(table.intern('b', make('fourth')), b);
    assert.notEqual(a, b);
    assert.deepEqual(made, ['first', 'second']);
  });

  test('tells values with the same key apart where it is told how, and keeps the newer one', () => {
    const table = new WeakTable<Value>();
    const intern = (text: string): Value => table.intern('key', () => ({ text }), (known) => known.text === text);
    const a = intern('a');
    assert.equal(intern('a'), a);
    const b = intern('b');
    assert.deepEqual(b, { text: 'b' });
    assert.equal(intern('b'), b);
    assert.notEqual(intern('a'), a);
  });

  test('keeps a value that is held through any number of collections', async () => {
    const table = new WeakTable<Value>();
    const held = table.intern('key', () => ({ text: 'held' }));
    for (let round = 0; round < 3; round += 1) {
      await nextTurn();
      collectGarbage();
      assert.equal(table.intern('key', () => ({ text: 'new' })), held);
    }
  });

  test('lets go of a value that nobody holds, and makes a new one', async () => {
    const table = new WeakTable<Value>();
    const old = internAndDrop(table, 'key');
    await waitUntilCollected(old);
    assert.deepEqual(table.intern('key', () => ({ text: 'new' })), { text: 'new' });
  });

  // The clean-up after the old value runs when the new one is there already: it must not take it away.
  test('keeps the new value of a key when the old one is cleaned up', async () => {
    const table = new WeakTable<Value>();
    const old = internAndDrop(table, 'key');
    await waitUntilCollected(old);
    const held = table.intern('key', () => ({ text: 'new' }));
    for (let turn = 0; turn < 10; turn += 1) {
      await nextTurn();
      collectGarbage();
    }
    assert.equal(table.intern('key', () => ({ text: 'newer' })), held);
  });

  test('knows nothing of a value whose making failed', () => {
    const table = new WeakTable<Value>();
    assert.throws(
      () =>
        table.intern('key', () => {
          throw new Error('cannot make it');
        }),
      /cannot make it/,
    );
    assert.deepEqual(table.intern('key', () => ({ text: 'made' })), { text: 'made' });
  });
});

function internAndDrop(table: WeakTable<Value>, key: string): WeakRef<Value> {
  return new WeakRef(table.intern(key, () => ({ text: 'old' })));
}

async function waitUntilCollected(value: WeakRef<Value>): Promise<void> {
  for (let round = 0; round < maxCollections; round += 1) {
    // What was looked at stays until the turn ends.
    await nextTurn();
    collectGarbage();
    if (value.deref() === undefined) return;
  }
  assert.fail('never collected');
}
