import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Difference } from '../../src/snapshot/difference.ts';
import { Holding } from '../../src/snapshot/holding.ts';
import { Resource } from '../../src/snapshot/resource.ts';
import { ResourceSet } from '../../src/snapshot/resource-set.ts';
import type { ResourceSetOptions } from '../../src/snapshot/resource-set.ts';
import { SubscriptionTable } from '../../src/snapshot/subscription.ts';
import type { Subscription } from '../../src/snapshot/subscription.ts';
import type { View } from '../../src/snapshot/view.ts';

const table = new SubscriptionTable();
const everything = table.intern(true, []);
const nothing = table.intern(false, []);

const plain: ResourceSetOptions = { typeUrl: 'type.googleapis.com/envoy.api.v2.Cluster', apiVersion: 'v2' };
const withPlaceholder: ResourceSetOptions = { ...plain, placeholder: () => Buffer.alloc(0) };

function wanting(...names: readonly string[]): Subscription {
  return table.intern(false, names);
}

/** Resources of one byte each, by name. */
function setOf(content: Readonly<Record<string, number>>, options = plain): ResourceSet {
  const resources = Object.entries(content).map(([name, byte]) => new Resource(name, Buffer.from([byte])));
  return ResourceSet.of(options, resources);
}

/** `NAME=BYTE` for each resource that is sent, `NAME=` for one that is not there, `-NAME` for each that is gone. */
function describeDifference({ changed, changedNames, absent, removed }: Difference): string {
  assert.deepEqual(changedNames, changed.map(({ name }) => name));
  return [...changed.map(describeResource), ...absent.map((name) => `${name}=`), ...removed.map((name) => `-${name}`)].join(' ');
}

function describeResource({ name, value }: Resource): string {
  return `${name}=${value.join()}`;
}

function difference(view: View, holding: Holding): string {
  return describeDifference(view.differenceFrom(holding));
}

describe('a view', () => {
  const set = setOf({ a: 1, b: 1, c: 1 });
  const names = (view: View): string[] => Array.from(view.resources(), ({ name }) => name);

  test('has the resources that are wanted and exist, sorted', () => {
    assert.deepEqual(names(set.view(everything)), ['a', 'b', 'c']);
    assert.deepEqual(names(set.view(wanting('c', 'nowhere', 'a'))), ['a', 'c']);
    assert.deepEqual(names(set.view(table.intern(true, ['c', 'nowhere']))), ['a', 'b', 'c']);
    assert.deepEqual(names(set.view(nothing)), []);
  });

  test('has their names as one array', () => {
    const view = set.view(wanting('c', 'nowhere', 'a'));
    assert.deepEqual(view.names, ['a', 'c']);
    assert.equal(view.names, view.names);
  });

  test('tells the version of what is wanted: none at all for what was asked for and is not there', () => {
    const version = set.resources.get('a')?.version;
    assert.equal(set.view(everything).versionOf('a'), version);
    assert.equal(set.view(everything).versionOf('nowhere'), undefined);
    assert.equal(set.view(wanting('a', 'nowhere')).versionOf('a'), version);
    assert.equal(set.view(wanting('a', 'nowhere')).versionOf('nowhere'), '');
    assert.equal(set.view(wanting('a', 'nowhere')).versionOf('b'), undefined);
    assert.equal(set.view(table.intern(true, ['nowhere'])).versionOf('nowhere'), '');
  });

  test('has the version of its set when it is all of it, and of nothing when it is nothing', () => {
    assert.equal(set.view(everything).version, set.version);
    assert.equal(set.view(wanting('a', 'b', 'c')).version, set.version);
    assert.equal(set.view(nothing).version, setOf({}).version);
  });

  test('has a version that depends on exactly the resources that are wanted and exist', () => {
    const anyName = fc.constantFrom('a', 'b', 'c');
    const anyView = fc
      .record({
        content: fc.dictionary(anyName, fc.nat({ max: 1 }), { noNullPrototype: true }),
        isWildcard: fc.boolean(),
        names: fc.uniqueArray(anyName),
      })
      .map(({ content, isWildcard, names: wanted }) => setOf(content).view(table.intern(isWildcard, wanted)));
    fc.assert(
      fc.property(anyView, anyView, (a, b) => {
        const content = (view: View): string => Array.from(view.resources(), describeResource).join();
        assert.equal(a.version === b.version, content(a) === content(b));
      }),
      { numRuns: 1000 },
    );
  });

  test('works out the difference from a holding once', () => {
    const view = set.view(everything);
    assert.equal(view.differenceFrom(Holding.nothing), view.differenceFrom(Holding.nothing));
  });
});

describe('the difference of a view from', () => {
  interface Case {
    readonly what: string;
    readonly wanted: Subscription;
    readonly holding: (wanted: Subscription) => Holding;
    readonly expected: string;
    /** When the type has placeholders. */
    readonly expectedWithPlaceholder?: string;
  }

  // What is there: a and b of one byte, 2.
  const CASES: readonly Case[] = [
    { what: 'nothing, everything wanted', wanted: everything, holding: () => Holding.nothing, expected: 'a=2 b=2' },
    { what: 'nothing, nothing wanted', wanted: nothing, holding: () => Holding.nothing, expected: '' },
    {
      what: 'nothing, two wanted of which one is not there',
      wanted: wanting('b', 'nowhere'),
      holding: () => Holding.nothing,
      expected: 'b=2 -nowhere',
      expectedWithPlaceholder: 'b=2 nowhere=',
    },
    {
      what: 'nothing, everything wanted and one by name that is not there',
      wanted: table.intern(true, ['nowhere']),
      holding: () => Holding.nothing,
      expected: 'a=2 b=2 -nowhere',
      expectedWithPlaceholder: 'a=2 b=2 nowhere=',
    },
    { what: 'itself', wanted: everything, holding: (wanted) => setOf({ a: 2, b: 2 }).view(wanted).held, expected: '' },
    {
      what: 'an earlier version of one',
      wanted: everything,
      holding: (wanted) => setOf({ a: 1, b: 2 }).view(wanted).held,
      expected: 'a=2',
    },
    {
      what: 'an earlier version of one that is not wanted',
      wanted: wanting('b'),
      holding: (wanted) => setOf({ a: 1, b: 2 }).view(wanted).held,
      expected: '',
    },
    {
      what: 'one that has gone',
      wanted: everything,
      holding: (wanted) => setOf({ a: 2, b: 2, c: 2 }).view(wanted).held,
      expected: '-c',
    },
    {
      what: 'one that was asked for and has gone: no placeholder, which is for what never was',
      wanted: wanting('b', 'c'),
      holding: (wanted) => setOf({ b: 2, c: 2 }).view(wanted).held,
      expected: '-c',
    },
    {
      what: 'one that is known not to be there',
      wanted: wanting('b', 'nowhere'),
      holding: (wanted) => setOf({ b: 2 }).view(wanted).held,
      expected: '',
    },
    {
      what: 'one that was known not to be there and came',
      wanted: wanting('a', 'b'),
      holding: (wanted) => setOf({ b: 2 }).view(wanted).held,
      expected: 'a=2',
    },
    {
      what: 'one that is held and no longer wanted',
      wanted: wanting('b'),
      holding: () => setOf({ a: 2, b: 2 }).view(everything).held,
      expected: '-a',
    },
    {
      what: 'what was forgotten: it is sent again',
      wanted: everything,
      holding: (wanted) => setOf({ a: 2, b: 2 }).view(wanted).held.forgetting(['a']),
      expected: 'a=2',
    },
    {
      what: 'what was forgotten and is not wanted',
      wanted: wanting('b'),
      holding: (wanted) => setOf({ a: 2, b: 2 }).view(wanted).held.forgetting(['a']),
      expected: '',
    },
    {
      what: 'what was forgotten and has gone: the client may still hold it',
      wanted: everything,
      holding: (wanted) => setOf({ a: 2, b: 2, c: 2 }).view(wanted).held.forgetting(['c']),
      expected: '-c',
      expectedWithPlaceholder: 'c=',
    },
    {
      what: 'what was asked for, is not there and was forgotten: it is told again',
      wanted: wanting('b', 'nowhere'),
      holding: (wanted) => setOf({ b: 2 }).view(wanted).held.forgetting(['nowhere']),
      expected: '-nowhere',
      expectedWithPlaceholder: 'nowhere=',
    },
    {
      what: 'versions that a client brought from an earlier stream',
      wanted: everything,
      holding: () => {
        const newest = setOf({ a: 2 }).resources.get('a')?.version;
        return new Holding(undefined, new Map([['a', newest], ['b', 'x'], ['c', 'y']]));
      },
      expected: 'b=2 -c',
    },
  ];
  for (const { what, wanted, holding, expected, expectedWithPlaceholder = expected } of CASES) {
    test(what, () => {
      assert.equal(difference(setOf({ a: 2, b: 2 }).view(wanted), holding(wanted)), expected);
      const setWithPlaceholder = setOf({ a: 2, b: 2 }, withPlaceholder);
      assert.equal(difference(setWithPlaceholder.view(wanted), holding(wanted)), expectedWithPlaceholder);
    });
  }

  test('nothing, of a name that no resource can have: there is no placeholder for it', () => {
    const view = setOf({ a: 2 }, withPlaceholder).view(wanting('', 'a'));
    assert.equal(difference(view, Holding.nothing), 'a=2 -');
  });

  test('another subscription to the same set', () => {
    const set = setOf({ a: 2, b: 2 });
    assert.equal(difference(set.view(wanting('b')), set.view(everything).held), '-a');
    assert.equal(difference(set.view(everything), set.view(wanting('b')).held), 'a=2');
  });
});

describe('a holding', () => {
  test('of a client that forgets the same array of names again is the same object', () => {
    const { held } = setOf({ a: 1, b: 1 }).view(everything);
    const names = ['a'];
    assert.equal(held.forgetting(names), held.forgetting(names));
    assert.equal(held.forgetting(names).versionOf('a'), undefined);
    assert.notEqual(held.versionOf('a'), undefined);
    assert.deepEqual([...new Set(held.forgetting(names).names())].sort(), ['a', 'b']);
  });

  test('that is restricted keeps what is still wanted, and knows nothing of the rest', () => {
    const { held } = setOf({ a: 1, b: 1 }).view(table.intern(true, ['nowhere']));
    const wanted = wanting('b', 'c', 'nowhere');
    const restricted = held.restrictedTo(wanted);
    assert.equal(held.restrictedTo(wanted), restricted);
    assert.equal(restricted.versionOf('a'), undefined);
    assert.equal(restricted.versionOf('b'), held.versionOf('b'));
    assert.equal(restricted.versionOf('c'), undefined);
    assert.equal(restricted.versionOf('nowhere'), '');
    assert.deepEqual([...new Set(restricted.names())].sort(), ['b', 'nowhere']);
  });

  // A client that wants something else before it was sent what it forgot must not be left with what has gone.
  test('that is restricted after it forgot a name still has that name told again', () => {
    const { held } = setOf({ a: 1, b: 1 }).view(everything);
    const wanted = table.intern(true, ['b']);
    const restricted = held.forgetting(['a']).restrictedTo(wanted);
    assert.equal(difference(setOf({ a: 1, b: 1 }).view(wanted), restricted), 'a=1');
    assert.equal(difference(setOf({ b: 1 }).view(wanted), restricted), '-a');
  });

  test('lacks what was never sent, or sent as not there; what is to be sent again it does not lack', () => {
    const { held } = setOf({ a: 1, b: 1 }).view(table.intern(true, ['nowhere']));
    const asked = ['a', 'b', 'c', 'nowhere'];
    assert.deepEqual(held.lacking(asked), ['c', 'nowhere']);
    assert.equal(held.lacking(asked), held.lacking(asked));
    assert.deepEqual(held.forgetting(['a']).lacking(asked), ['c', 'nowhere']);
    assert.deepEqual(held.restrictedTo(wanting('b')).lacking(asked), ['a', 'c', 'nowhere']);
    assert.deepEqual(Holding.nothing.lacking(asked), asked);
    assert.deepEqual(new Holding(undefined, new Map([['c', 'unknown']])).lacking(asked), ['a', 'b', 'nowhere']);
  });

  test('of nothing stays empty', () => {
    assert.deepEqual([...Holding.nothing.names()], []);
    assert.deepEqual([...Holding.nothing.restrictedTo(everything).names()], []);
    assert.equal(Holding.nothing.versionOf('a'), undefined);
  });
});
