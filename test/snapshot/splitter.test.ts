import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Difference } from '../../src/snapshot/difference.ts';
import { Holding } from '../../src/snapshot/holding.ts';
import { Resource } from '../../src/snapshot/resource.ts';
import { ResourceSet } from '../../src/snapshot/resource-set.ts';
import type { ResourceSetOptions } from '../../src/snapshot/resource-set.ts';
import { Splitter } from '../../src/snapshot/splitter.ts';
import { SubscriptionTable } from '../../src/snapshot/subscription.ts';
import type { View } from '../../src/snapshot/view.ts';
import { encodeDeltaEntry, encodeSotwEntry } from '../../src/xds/resource-entries.ts';

const options: ResourceSetOptions = { typeUrl: 'type.googleapis.com/any', apiVersion: 'v3' };
const everything = new SubscriptionTable().intern(true, []);

/** Resources of so many bytes each, by name. */
function viewOf(content: Readonly<Record<string, number>>): View {
  const resources = Object.entries(content).map(([name, bytes]) => new Resource(name, Buffer.alloc(bytes)));
  return ResourceSet.of(options, resources).view(everything);
}

/** What is sent step by step: `NAME` for a resource, `-NAME` for one that is gone. */
function stepsOf(splitter: Splitter, view: View, from: Holding): string[] {
  const steps: string[] = [];
  for (let holding = from; holding !== view.held; ) {
    const { difference, held } = splitter.first(view.differenceFrom(holding), view, holding);
    steps.push(describeDifference(difference));
    holding = held;
  }
  return steps;
}

function describeDifference({ changed, changedNames, removed }: Difference): string {
  assert.deepEqual(changed.map(({ name }) => name), changedNames);
  return [...changedNames, ...removed.map((name) => `-${name}`)].join(' ');
}

const said = (maxBytes: number): Splitter => new Splitter({ isRemovalSaid: true, maxBytes });

describe('what a stream lacks', () => {
  const view = viewOf({ a: 1_000, b: 1_000, c: 1_000, d: 1_000 });

  test('is one step when it fits: the difference and the holding themselves', () => {
    const whole = view.differenceFrom(Holding.nothing);
    const { difference, held } = said(whole.sizeBound).first(whole, view, Holding.nothing);
    assert.equal(difference, whole);
    assert.equal(held, view.held);
  });

  test('is cut to what fits, in order', () => {
    const { sizeBound } = view.differenceFrom(Holding.nothing);
    assert.deepEqual(stepsOf(said(sizeBound - 1), view, Holding.nothing), ['a b c', 'd']);
    assert.deepEqual(stepsOf(said(sizeBound / 2), view, Holding.nothing), ['a b', 'c d']);
  });

  test('is one resource at a time where each goes alone, and what is gone together', () => {
    const alone = new Splitter({ isRemovalSaid: true, isEachAlone: true });
    const before = viewOf({ a: 1_000, x: 1, y: 1 }).held;
    assert.deepEqual(stepsOf(alone, view, Holding.nothing), ['a', 'b', 'c', 'd']);
    assert.deepEqual(stepsOf(alone, view, before), ['b', 'c', 'd', '-x -y']);
    const removal = viewOf({ a: 1_000 }).differenceFrom(before);
    const fits = [removal, view.differenceFrom(before), viewOf({ a: 2_000 }).differenceFrom(viewOf({ a: 1_000 }).held)];
    assert.deepEqual(fits.map((difference) => alone.fits(difference)), [true, false, true]);
  });

  test('is at least one resource at a time, however large', () => {
    assert.deepEqual(stepsOf(said(1), view, Holding.nothing), ['a', 'b', 'c', 'd']);
  });

  test('ends with what goes', () => {
    const { held } = viewOf({ a: 1, b: 1, d: 1_000, e: 1 });
    assert.deepEqual(stepsOf(said(1), view, held), ['a', 'b', 'c', '-e']);
    assert.deepEqual(stepsOf(said(30), viewOf({}), view.held), ['-a -b -c -d']);
    assert.deepEqual(stepsOf(said(20), viewOf({}), view.held), ['-a -b', '-c -d']);
  });

  test('ends with what goes at no cost where that is not said', () => {
    const unsaid = new Splitter({ isRemovalSaid: false, maxBytes: 1 });
    const { held } = viewOf({ a: 1, b: 1, c: 1, d: 1 });
    assert.deepEqual(stepsOf(unsaid, viewOf({ b: 2, c: 2 }), held), ['b', 'c -a -d']);
    assert.deepEqual(stepsOf(unsaid, viewOf({}), view.held), ['-a -b -c -d']);
  });

  test('is the same step for all streams in the same state', () => {
    const splitter = said(1);
    const first = (holding: Holding): ReturnType<Splitter['first']> => {
      return splitter.first(view.differenceFrom(holding), view, holding);
    };
    assert.equal(first(Holding.nothing), first(Holding.nothing));
    const { held } = first(Holding.nothing);
    assert.equal(view.differenceFrom(held), view.differenceFrom(held));
    assert.equal(first(held), first(held));
  });

  test('is what a newer view says once that is there', () => {
    const { held } = said(2_500).first(view.differenceFrom(Holding.nothing), view, Holding.nothing);
    const newer = viewOf({ a: 1, b: 1_000, d: 2 });
    assert.equal(describeDifference(newer.differenceFrom(held)), 'a d');
  });
});

describe('what is held between two steps', () => {
  test('has the version of exactly that', () => {
    const content = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), fc.nat({ max: 2 }), { noNullPrototype: true });
    fc.assert(
      fc.property(content, content, (before, after) => {
        const [from, to] = [viewOf(before), viewOf(after)];
        const client = new Map(Object.entries(before));
        for (let holding = from.held; holding !== to.held; ) {
          const { difference, held } = said(1).first(to.differenceFrom(holding), to, holding);
          for (const { name, value } of difference.changed) client.set(name, value.length);
          for (const name of difference.removed) client.delete(name);
          assert.equal(held.version, viewOf(Object.fromEntries(client)).version);
          holding = held;
        }
      }),
    );
  });

  test('counts what is sent again as held', () => {
    const view = viewOf({ a: 1, b: 1 });
    const forgotten = view.held.forgetting(['a', 'b']);
    assert.equal(forgotten.version, view.version);
    const { held } = said(1).first(view.differenceFrom(forgotten), view, forgotten);
    assert.equal(held.version, view.version);
    assert.equal(describeDifference(view.differenceFrom(held)), 'b');
  });

  test('counts nothing that came from elsewhere', () => {
    const view = viewOf({ a: 1, b: 1 });
    const claimed = new Holding(undefined, new Map([['b', 'a version of another control plane']]));
    const { held } = said(1).first(view.differenceFrom(claimed), view, claimed);
    assert.equal(held.version, viewOf({ a: 1 }).version);
  });
});

describe('the bound of a size', () => {
  test('is no less than the size, and near it', () => {
    for (const name of ['a', '集'.repeat(200), 'x'.repeat(70_000)]) {
      const resource = new Resource(name, Buffer.alloc(20_000));
      const bound = resource.entrySizeBound(options.typeUrl);
      for (const entry of [encodeSotwEntry, encodeDeltaEntry].map((encode) => Buffer.concat(encode(resource, options.typeUrl)))) {
        assert.ok(entry.length <= bound, `${entry.length} of at most ${bound}`);
      }
      assert.ok(Buffer.concat(encodeDeltaEntry(resource, options.typeUrl)).length > bound - 32);
    }
  });

  test('of a difference is the sum', () => {
    const { changed, sizeBound } = viewOf({ a: 1, b: 1 }).differenceFrom(viewOf({ c: 1 }).held);
    assert.equal(sizeBound, changed.reduce((sum, each) => sum + each.entrySizeBound(options.typeUrl), 7));
  });
});
