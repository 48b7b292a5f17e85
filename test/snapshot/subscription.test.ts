import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { SubscriptionTable } from '../../src/snapshot/subscription.ts';

describe('a subscription', () => {
  test('to names includes these and nothing else', () => {
    const subscription = new SubscriptionTable().intern(false, ['b', 'a']);
    assert.equal(subscription.includes('a'), true);
    assert.equal(subscription.includes('b'), true);
    assert.equal(subscription.includes('c'), false);
    assert.equal(subscription.includes('*'), false);
    assert.equal(subscription.isEmpty, false);
  });

  test('with a wildcard includes everything, and still knows the names asked for', () => {
    const subscription = new SubscriptionTable().intern(true, ['a']);
    assert.equal(subscription.includes('c'), true);
    assert.deepEqual([...subscription.names], ['a']);
    assert.equal(subscription.isEmpty, false);
  });

  test('to nothing is empty; a wildcard alone is not', () => {
    const table = new SubscriptionTable();
    assert.equal(table.intern(false, []).isEmpty, true);
    assert.equal(table.intern(false, []).includes('a'), false);
    assert.equal(table.intern(true, []).isEmpty, false);
  });

  test('keeps its names, each once', () => {
    const subscription = new SubscriptionTable().intern(false, ['b', 'a', 'b', '集', 'B', 'a']);
    assert.deepEqual([...subscription.names].sort(), ['B', 'a', 'b', '集']);
  });

  test('does not change with the list that it was made of', () => {
    const names = ['a'];
    const subscription = new SubscriptionTable().intern(false, names);
    names.push('b');
    assert.deepEqual([...subscription.names], ['a']);
  });
});

describe('a subscription table', () => {
  test('has one object for what is wanted, in whatever order it was asked for', () => {
    const table = new SubscriptionTable();
    assert.equal(table.intern(false, ['a', 'b']), table.intern(false, ['b', 'a']));
    assert.equal(table.intern(true, ['a']), table.intern(true, ['a', 'a']));
    assert.equal(table.intern(true, []), table.intern(true, []));
  });

  const DIFFERENT: readonly (readonly [wildcard: boolean, names: readonly string[]])[] = [
    [false, []],
    [true, []],
    [false, ['']],
    [false, ['*']],
    [false, ['ab']],
    [true, ['ab']],
    [false, ['a', 'b']],
    [false, ['a', 'b', 'c']],
    [false, ['a', 'bc']],
    [false, ['ab', 'c']],
    [false, ['a1:b']],
    [false, ['1:a', 'b']],
    [false, ['a,b']],
    [false, ['a', '']],
  ];
  test('keeps what is not the same apart', () => {
    const table = new SubscriptionTable();
    const subscriptions = DIFFERENT.map(([wildcard, names]) => table.intern(wildcard, names));
    assert.equal(new Set(subscriptions).size, DIFFERENT.length);
    for (const [index, [wildcard, names]] of DIFFERENT.entries()) {
      assert.equal(subscriptions[index]?.wildcard, wildcard);
      assert.deepEqual([...(subscriptions[index]?.names ?? [])].sort(), names.toSorted());
    }
  });

  test('has one object exactly for the same wildcard and the same set of names', () => {
    const anyName = fc.string({ unit: fc.constantFrom('a', ':', '1', '集'), maxLength: 3 });
    const anyNames = fc.array(anyName, { maxLength: 3 });
    fc.assert(
      fc.property(fc.boolean(), anyNames, fc.boolean(), anyNames, (wildcardA, namesA, wildcardB, namesB) => {
        const table = new SubscriptionTable();
        const isSame = wildcardA === wildcardB && new Set(namesA).symmetricDifference(new Set(namesB)).size === 0;
        assert.equal(table.intern(wildcardA, namesA) === table.intern(wildcardB, namesB), isSame);
      }),
      { numRuns: 1000 },
    );
  });

  test('shares nothing with another table', () => {
    assert.notEqual(new SubscriptionTable().intern(true, []), new SubscriptionTable().intern(true, []));
  });
});
