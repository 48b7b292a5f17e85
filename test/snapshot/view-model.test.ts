// Views and holdings beside a model: random histories of one client that subscribes, is sent
// differences and is taken to forget names, while the set changes under it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { namesOf } from '../../src/snapshot/difference.ts';
import type { Difference } from '../../src/snapshot/difference.ts';
import { Holding } from '../../src/snapshot/holding.ts';
import { Resource } from '../../src/snapshot/resource.ts';
import { ResourceSet } from '../../src/snapshot/resource-set.ts';
import type { ResourceSetOptions } from '../../src/snapshot/resource-set.ts';
import { Splitter } from '../../src/snapshot/splitter.ts';
import { SubscriptionTable } from '../../src/snapshot/subscription.ts';
import type { Subscription } from '../../src/snapshot/subscription.ts';

const names = ['Z', 'a', 'b', 'c', '集', '😀', 'ﬀ'];

type Step =
  | { readonly kind: 'change'; readonly changes: readonly (readonly [string, number | undefined])[] }
  | { readonly kind: 'rebuild'; readonly changes: readonly (readonly [string, number | undefined])[] }
  | { readonly kind: 'retain' }
  | { readonly kind: 'subscribe'; readonly isWildcard: boolean; readonly names: readonly string[] }
  | { readonly kind: 'step'; readonly added: readonly string[]; readonly dropped: readonly string[] }
  | { readonly kind: 'send' }
  | { readonly kind: 'send a part' }
  | { readonly kind: 'forget'; readonly names: readonly string[] };

const anyName = fc.constantFrom(...names);
const anyChanges = fc.uniqueArray(fc.tuple(anyName, fc.option(fc.nat({ max: 1 }), { nil: undefined })), {
  selector: ([name]) => name,
  maxLength: 3,
});

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('change' as const), changes: anyChanges }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('rebuild' as const), changes: anyChanges }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('retain' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('subscribe' as const),
      isWildcard: fc.boolean(),
      names: fc.subarray(names, { maxLength: 4 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('step' as const),
      added: fc.subarray(names, { maxLength: 2 }),
      dropped: fc.subarray(names, { maxLength: 2 }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('send' as const) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('send a part' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('forget' as const), names: fc.subarray(names, { maxLength: 3 }) }),
  },
);

const plain: ResourceSetOptions = { typeUrl: 'type.googleapis.com/envoy.api.v2.Cluster', apiVersion: 'v2' };
const withPlaceholder: ResourceSetOptions = { ...plain, placeholder: () => Buffer.alloc(0) };

for (const [what, options] of [['without', plain], ['with', withPlaceholder]] as const) {
  test(`what a client lacks is what the model says, in a type ${what} placeholders`, () => {
    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 30, size: 'max' }), (steps) => {
        const history = new History(options);
        for (const step of steps) history.take(step);
        history.take({ kind: 'send' });
      }),
      { numRuns: 1000 },
    );
  });
}

/** What the server takes the client to know of one name: a version, or '' when it was told that there is none. */
type Knowledge = string | 'forgotten';

class History {
  readonly #table = new SubscriptionTable();
  readonly #splitter = new Splitter({ isRemovalSaid: true, maxBytes: 1 });
  #set: ResourceSet;
  #setBefore: ResourceSet;
  #subscription: Subscription;
  #holding = Holding.nothing;
  // The model.
  #known = new Map<string, Knowledge>();
  // What the client really has, by what it was sent.
  #client = new Map<string, string>();

  constructor(options: ResourceSetOptions) {
    this.#set = ResourceSet.of(options, []);
    this.#setBefore = this.#set;
    this.#subscription = this.#table.intern(true, []);
  }

  take(step: Step): void {
    switch (step.kind) {
      case 'change':
        this.#replace(this.#set.with(toResources(step.changes)));
        break;
      case 'rebuild':
        this.#replace(ResourceSet.of(this.#set.options, this.#set.with(toResources(step.changes)).resources.values()));
        break;
      case 'retain':
        this.#replace(this.#set.retaining(this.#setBefore));
        break;
      case 'subscribe':
        this.#subscribe(this.#table.intern(step.isWildcard, step.names));
        break;
      case 'step':
        this.#subscribe(this.#table.step(this.#subscription, this.#subscription.wildcard, step.added, step.dropped));
        break;
      case 'send':
        this.#send();
        break;
      case 'send a part':
        this.#sendPart();
        break;
      case 'forget':
        this.#holding = this.#holding.forgetting(step.names);
        for (const name of step.names) this.#known.set(name, 'forgotten');
    }
    this.#checkHolding();
    this.#checkDifference();
  }

  #replace(set: ResourceSet): void {
    this.#setBefore = this.#set;
    this.#set = set;
  }

  #subscribe(subscription: Subscription): void {
    // What was forgotten is sent first: see view.test.ts for a client that wants something else before.
    if ([...this.#known.values()].includes('forgotten')) this.#send();
    if (subscription === this.#subscription) return;
    this.#subscription = subscription;
    this.#holding = this.#holding.restrictedTo(subscription);
    for (const name of names) {
      if (subscription.includes(name)) continue;
      this.#known.delete(name);
      this.#client.delete(name);
    }
  }

  #send(): void {
    const view = this.#set.view(this.#subscription);
    this.#apply(view.differenceFrom(this.#holding));
    this.#holding = view.held;
    for (const name of names) this.#noteSent(name);
    this.#checkClient();
  }

  /** One resource, or the name of one that is gone. */
  #sendPart(): void {
    const view = this.#set.view(this.#subscription);
    const whole = view.differenceFrom(this.#holding);
    const { difference, held } = this.#splitter.first(whole, view, this.#holding);
    this.#apply(difference);
    this.#holding = held;
    const rest = new Set(namesOf(whole)).difference(new Set(namesOf(difference)));
    for (const name of names) if (!rest.has(name)) this.#noteSent(name);
    if (rest.size === 0) this.#checkClient();
  }

  #apply({ changed, absent, removed }: Difference): void {
    for (const { name, version } of changed) this.#client.set(name, version);
    for (const name of [...absent, ...removed]) this.#client.delete(name);
  }

  #noteSent(name: string): void {
    const version = this.#isWanted(name) ? this.#set.resources.get(name)?.version : undefined;
    if (version !== undefined) this.#known.set(name, version);
    else if (this.#subscription.names.has(name)) this.#known.set(name, '');
    else this.#known.delete(name);
  }

  /** Once it was sent what it lacked, the client has what it wants and nothing that has gone. */
  #checkClient(): void {
    for (const name of names) {
      const wanted = this.#isWanted(name) ? this.#set.resources.get(name)?.version : undefined;
      assert.equal(this.#client.get(name), wanted, `the client's ${name}`);
    }
  }

  #checkHolding(): void {
    const held = new Set(this.#holding.names());
    for (const name of names) {
      const known = this.#known.get(name);
      const version = known === 'forgotten' ? undefined : known;
      assert.equal(this.#holding.versionOf(name), version, `the held version of ${name}`);
      assert.ok(held.has(name) || version === undefined, `${name} among the held names`);
    }
  }

  #checkDifference(): void {
    const view = this.#set.view(this.#subscription);
    const difference = view.differenceFrom(this.#holding);
    assert.deepEqual(describe(difference), this.#expectedDifference());
    // The same holding without the view that it came from: nothing to start a short cut at.
    assert.deepEqual(describe(view.differenceFrom(flatten(this.#holding))), describe(difference));
    for (const resource of difference.changed) {
      const own = this.#set.resources.get(resource.name);
      if (own !== undefined) assert.equal(resource, own);
    }
  }

  #expectedDifference(): Description {
    const changed: string[] = [];
    const absent: string[] = [];
    const removed: string[] = [];
    for (const name of names) {
      const known = this.#known.get(name);
      const resource = this.#isWanted(name) ? this.#set.resources.get(name) : undefined;
      if (resource !== undefined) {
        if (known !== resource.version) changed.push(`${name} ${resource.version}`);
        continue;
      }
      const isHeld = known !== undefined && known !== '' && known !== 'forgotten';
      const isAskedFor = known === undefined && this.#subscription.names.has(name);
      const isUntold = isAskedFor || (known === 'forgotten' && this.#isWanted(name));
      if (isUntold && this.#set.options.placeholder !== undefined) absent.push(name);
      else if (isHeld || isUntold) removed.push(name);
    }
    return { changed, absent, removed };
  }

  #isWanted(name: string): boolean {
    return this.#subscription.wildcard || this.#subscription.names.has(name);
  }
}

interface Description {
  /** `NAME VERSION`, sorted by name. */
  readonly changed: readonly string[];
  readonly absent: readonly string[];
  readonly removed: readonly string[];
}

function describe({ changed, changedNames, absent, removed }: Difference): Description {
  assert.deepEqual(changedNames, changed.map(({ name }) => name));
  return { changed: changed.map(({ name, version }) => `${name} ${version}`), absent: absent.toSorted(), removed };
}

function flatten(holding: Holding): Holding {
  const versions = new Map<string, string | undefined>(holding.overrides);
  for (const name of holding.names()) versions.set(name, holding.versionOf(name));
  return new Holding(undefined, versions, holding.forgotten);
}

function toResources(
  changes: readonly (readonly [string, number | undefined])[],
): ReadonlyMap<string, Resource | undefined> {
  return new Map(
    changes.map(([name, byte]) => [name, byte === undefined ? undefined : new Resource(name, Buffer.from([byte]))]),
  );
}
