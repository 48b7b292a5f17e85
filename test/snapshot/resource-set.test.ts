import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { ResourceSet } from '../../src/snapshot/resource-set.ts';
import type { ResourceSetOptions } from '../../src/snapshot/resource-set.ts';
import { Resource } from '../../src/snapshot/resource.ts';
import { SubscriptionTable } from '../../src/snapshot/subscription.ts';

const options: ResourceSetOptions = { typeUrl: 'type.googleapis.com/envoy.api.v2.Cluster', apiVersion: 'v2' };

/** Content by name: the one byte of each resource. */
type Content = Readonly<Record<string, number>>;

// Sorted by code unit, these stand otherwise than by alphabet or by code point: `😀` comes before `ﬀ`.
const names = ['Z', 'a', 'b', '集', '😀', 'ﬀ'];

const anyContent: fc.Arbitrary<Content> = fc.dictionary(fc.constantFrom(...names), fc.nat({ max: 2 }), {
  maxKeys: names.length,
  noNullPrototype: true,
});

/** Bytes by name, undefined to remove; in any order, with what is there already and what is not. */
const anyChanges: fc.Arbitrary<readonly (readonly [string, number | undefined])[]> = fc.uniqueArray(
  fc.tuple(fc.constantFrom(...names), fc.option(fc.nat({ max: 2 }), { nil: undefined })),
  { selector: ([name]) => name },
);

function resource(name: string, byte: number): Resource {
  return new Resource(name, Buffer.from([byte]));
}

function setOf(content: Content): ResourceSet {
  return ResourceSet.of(options, Object.entries(content).map(([name, byte]) => resource(name, byte)));
}

function toMap(changes: readonly (readonly [string, number | undefined])[]): Map<string, Resource | undefined> {
  return new Map(changes.map(([name, byte]) => [name, byte === undefined ? undefined : resource(name, byte)]));
}

function apply(content: Content, changes: readonly (readonly [string, number | undefined])[]): Content {
  const after = new Map([...Object.entries(content), ...changes]);
  return Object.fromEntries([...after].filter((entry): entry is [string, number] => entry[1] !== undefined));
}

function namesThatDiffer(a: Content, b: Content): string[] {
  return names.filter((name) => a[name] !== b[name]);
}

function assertHolds(set: ResourceSet, content: Content): void {
  const expected = names.filter((name) => name in content);
  assert.deepEqual([...set.resources.keys()], expected);
  for (const [name, { value, name: ownName }] of set.resources) {
    assert.equal(ownName, name);
    assert.deepEqual([...value], [content[name]]);
  }
  assert.equal(set.version, setOf(content).version);
  assert.equal(set.sum, setOf(content).sum);
}

describe('a resource set', () => {
  test('is sorted by name, whatever the order it was made in', () => {
    fc.assert(
      fc.property(anyContent, (content) => {
        assertHolds(setOf(content), content);
        assertHolds(setOf(Object.fromEntries(Object.entries(content).reverse())), content);
      }),
    );
  });

  test('has the same version exactly when it holds the same', () => {
    fc.assert(
      fc.property(anyContent, anyContent, (a, b) => {
        assert.equal(setOf(a).version === setOf(b).version, namesThatDiffer(a, b).length === 0);
      }),
      { numRuns: 500 },
    );
  });

  test('without changes since another has its own names, with what the other has of them', () => {
    fc.assert(
      fc.property(anyContent, anyContent, (now, before) => {
        const [set, old] = [setOf(now), setOf(before)];
        const expected = Object.fromEntries(Object.keys(now).map((name) => [name, before[name] ?? now[name] ?? 0]));
        const result = set.unchangedSince(old);
        assertHolds(result, expected);
        assert.equal(set.unchangedSince(old), result);
        assert.equal(result === old, result.version === old.version);
        assert.equal(set.unchangedSince(result), result);
      }),
    );
  });

  test('has a version also when it is empty', () => {
    assert.equal(setOf({}).version, '0'.repeat(32));
  });

  test('has one view per subscription', () => {
    const table = new SubscriptionTable();
    const set = setOf({ a: 1 });
    const [one, all] = [table.intern(false, ['a']), table.intern(true, [])];
    assert.equal(set.view(one), set.view(table.intern(false, ['a'])));
    assert.notEqual(set.view(one), set.view(all));
    assert.notEqual(set.view(one), setOf({ a: 1 }).view(one));
    assert.equal(set.view(one).set, set);
    assert.equal(set.view(one).subscription, one);
  });
});

describe('a set with changes', () => {
  test('holds what a set from scratch holds, and leaves the set before it as it was', () => {
    fc.assert(
      fc.property(anyContent, fc.array(anyChanges, { maxLength: 4 }), (content, steps) => {
        let set = setOf(content);
        for (const changes of steps) {
          const before = set;
          const after = apply(content, changes);
          set = before.with(toMap(changes));
          assertHolds(set, after);
          assertHolds(before, content);
          assert.equal(set.options, options);
          content = after;
        }
      }),
      { numRuns: 500 },
    );
  });

  test('keeps the objects of what did not change, and is the same set when nothing did', () => {
    fc.assert(
      fc.property(anyContent, anyChanges, (content, changes) => {
        const before = setOf(content);
        const set = before.with(toMap(changes));
        const changed = namesThatDiffer(content, apply(content, changes));
        assert.equal(set === before, changed.length === 0);
        for (const [name, after] of set.resources) {
          assert.equal(after === before.resources.get(name), !changed.includes(name));
        }
      }),
      { numRuns: 500 },
    );
  });

  test('knows what changed since the set before it', () => {
    fc.assert(
      fc.property(anyContent, anyChanges, (content, changes) => {
        const before = setOf(content);
        const set = before.with(toMap(changes));
        assert.deepEqual(set.changedSince(before), namesThatDiffer(content, apply(content, changes)));
        assert.deepEqual(set.changedSince(set), []);
      }),
      { numRuns: 500 },
    );
  });

  test('does not know what changed since any other set', () => {
    const first = setOf({ a: 1 });
    const second = first.with(new Map([['b', resource('b', 1)]]));
    const third = second.with(new Map([['a', resource('a', 2)]]));
    const sibling = second.with(new Map([['Z', resource('Z', 2)]]));
    assert.equal(third.changedSince(first), undefined);
    assert.equal(third.changedSince(sibling), undefined);
    assert.equal(first.changedSince(second), undefined);
    assert.equal(third.changedSince(setOf({ a: 1, b: 1 })), undefined);
    assert.deepEqual(third.changedSince(second), ['a']);
    assert.deepEqual(sibling.changedSince(second), ['Z']);
  });
});

describe('a set that retains what an old one has', () => {
  test('holds both, the newer of what is in both', () => {
    fc.assert(
      fc.property(anyContent, anyContent, (content, oldContent) => {
        const [set, old] = [setOf(content), setOf(oldContent)];
        const union = set.retaining(old);
        assertHolds(union, { ...oldContent, ...content });
        assertHolds(set, content);
        assertHolds(old, oldContent);
        assert.equal(set.retaining(old), union);
      }),
      { numRuns: 500 },
    );
  });

  test('is the old one when that holds all of it, and else the new one when nothing goes', () => {
    const old = setOf({ a: 1, b: 1 });
    const removed = old.with(new Map([['b', undefined]]));
    const changed = old.with(new Map([['a', resource('a', 2)]]));
    const added = old.with(new Map([['Z', resource('Z', 1)]]));
    assert.equal(removed.retaining(old), old);
    assert.equal(changed.retaining(old), changed);
    assert.equal(added.retaining(old), added);
    assert.equal(old.retaining(old), old);
  });

  test('keeps the objects that it is made of', () => {
    const old = setOf({ a: 1, b: 1 });
    const set = setOf({ a: 2, Z: 1 });
    const union = set.retaining(old);
    assert.equal(union.resources.get('a'), set.resources.get('a'));
    assert.equal(union.resources.get('b'), old.resources.get('b'));
    assert.equal(union.options, options);
  });
});

describe('a set less some names', () => {
  test('is as one from scratch, and the set itself goes on as it was', () => {
    fc.assert(
      fc.property(anyContent, fc.subarray(names), (content, going) => {
        const set = setOf(content);
        const left = set.without(going);
        const expected = setOf(Object.fromEntries(Object.entries(content).filter(([name]) => !going.includes(name))));
        assert.equal(left.version, expected.version);
        assert.deepEqual([...left.resources.keys()], [...expected.resources.keys()]);
        assert.equal(set.version, setOf(content).version);
      }),
    );
  });

  test('is one object for the same names, and the set itself when it has none of them', () => {
    const set = setOf({ a: 1, b: 1, Z: 1 });
    assert.equal(set.without(['a', 'b']), set.without(['b', 'nowhere', 'a']));
    assert.notEqual(set.without(['a']), set.without(['b']));
    assert.equal(set.without([]), set);
    assert.equal(set.without(['nowhere']), set);
  });

  test('leaves it known what changed to the set after it', () => {
    const set = setOf({ a: 1, b: 1 });
    const next = set.with(toMap([['b', 2]]));
    set.without(['a']);
    next.without(['a']);
    assert.deepEqual(next.changedSince(set), ['b']);
  });
});
