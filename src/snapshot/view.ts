// What one subscription selects of a resource set, what a stream holds of it, and
// the difference between the two. All immutable, and each made once for any number of streams.

import { addDigest, digestOfVersion, versionOfSum } from './resource.ts';
import type { Resource } from './resource.ts';
import type { ResourceSet } from './resource-set.ts';
import type { Subscription } from './subscription.ts';
import { WeakTable } from './weak-table.ts';

/** What has to be sent for a holding to become a view. */
export interface Difference {
  /** Resources that are new or have another version, sorted by name. */
  readonly changed: readonly Resource[];
  readonly changedNames: readonly string[];
  /** Names that the client holds, or asked for and was not yet told about, and that do not exist. */
  readonly removed: readonly string[];
  /** A response that says it is at most so long, in bytes, but for its few fields that are no resources. */
  readonly sizeBound: number;
}

/** The same for the name of a resource that is gone. */
export function removalSizeBound(name: string): number {
  return Buffer.byteLength(name) + 6;
}

const placeholders = new WeakSet<Resource>();

/** True for what is sent in place of a resource that does not exist. */
export function isPlaceholder(resource: Resource): boolean {
  return placeholders.has(resource);
}

export class View {
  readonly set: ResourceSet;
  readonly subscription: Subscription;
  /** What a stream holds that has been sent all of this view. */
  readonly held: Holding;
  readonly #differences = new WeakMap<Holding, Difference>();
  #sum: bigint | undefined;
  #version: string | undefined;
  #names: readonly string[] | undefined;

  /** @param before the view of the same subscription on the set that `set` was made from by one step. */
  constructor(set: ResourceSet, subscription: Subscription, before?: View) {
    this.set = set;
    this.subscription = subscription;
    this.held = new Holding(this, new Map());
    if (before !== undefined) this.#sum = this.#sumAfter(before);
  }

  /**
   * The hash of the resources selected, those that exist: the version_info of a
   * state-of-the-world response. A stream that asked for some names is not moved by others.
   */
  get version(): string {
    if (this.#version === undefined) {
      this.#sum ??= this.subscription.wildcard ? this.set.sum : this.#sumOfNames();
      this.#version = versionOfSum(this.#sum);
    }
    return this.#version;
  }

  /** The resources selected that exist, sorted by name. */
  *resources(): Iterable<Resource> {
    if (this.subscription.wildcard) {
      yield* this.set.resources.values();
      return;
    }
    for (const name of this.subscription.names) {
      const resource = this.set.resources.get(name);
      if (resource !== undefined) yield resource;
    }
  }

  /** The names selected that exist; the same array every time. */
  get names(): readonly string[] {
    this.#names ??= Array.from(this.resources(), ({ name }) => name);
    return this.#names;
  }

  /** The version a holder of this view has of `name`: '' when it knows that there is none, undefined when it knows nothing. */
  versionOf(name: string): string | undefined {
    if (!this.subscription.includes(name)) return undefined;
    return this.set.resources.get(name)?.version ?? (this.subscription.names.has(name) ? '' : undefined);
  }

  /** What a stream that holds `holding` lacks of this view. */
  differenceFrom(holding: Holding): Difference {
    let difference = this.#differences.get(holding);
    if (difference === undefined) {
      difference = this.#compare(holding);
      this.#differences.set(holding, difference);
    }
    return difference;
  }

  #compare(holding: Holding): Difference {
    const changed: Resource[] = [];
    const removed: string[] = [];
    const { typeUrl } = this.set.options;
    let sizeBound = 0;
    for (const name of this.#namesThatMayDiffer(holding)) {
      const heldVersion = holding.versionOf(name);
      const isWanted = this.subscription.includes(name);
      const resource = isWanted ? this.set.resources.get(name) : undefined;
      if (resource !== undefined) {
        if (heldVersion === resource.version) continue;
        changed.push(resource);
        sizeBound += resource.entrySizeBound(typeUrl);
        continue;
      }
      if (heldVersion === '' || (heldVersion === undefined && !this.#isAskedFor(name, holding))) continue;
      const placeholder = heldVersion === undefined ? this.set.options.placeholder?.(name) : undefined;
      if (placeholder === undefined) {
        removed.push(name);
        sizeBound += removalSizeBound(name);
      } else {
        placeholders.add(placeholder);
        changed.push(placeholder);
        sizeBound += placeholder.entrySizeBound(typeUrl);
      }
    }
    return { changed, changedNames: changed.map(({ name }) => name), removed, sizeBound };
  }

  // That there is none need not be said of one among all, of which the client was never told.
  #isAskedFor(name: string, { forgotten }: Holding): boolean {
    return this.subscription.names.has(name) || (this.subscription.wildcard && forgotten.has(name));
  }

  // One step from set to set costs what changed in it; anything else is compared name by name.
  #namesThatMayDiffer(holding: Holding): Iterable<string> {
    const base = holding.view;
    const stepped = base?.subscription === this.subscription ? this.set.changedSince(base.set) : undefined;
    if (stepped !== undefined) {
      const names = new Set(stepped.filter((name) => this.subscription.includes(name)));
      if (holding.overrides.size === 0 && holding.forgotten.size === 0) return names;
      return [...names.union(holding.overrides).union(holding.forgotten)].sort();
    }
    const wanted = this.subscription.wildcard ? this.set.resources.keys() : [];
    return [...new Set([...wanted, ...this.subscription.names, ...holding.names()])].sort();
  }

  // From the sum before the step, where that is known: the cost of what changed.
  #sumAfter(before: View): bigint | undefined {
    const names = this.set.changedSince(before.set);
    if (names === undefined || before.#sum === undefined) return undefined;
    let sum = before.#sum;
    for (const name of names) {
      if (!this.subscription.includes(name)) continue;
      sum = addDigest(sum, -(before.set.resources.get(name)?.digest ?? 0n));
      sum = addDigest(sum, this.set.resources.get(name)?.digest ?? 0n);
    }
    return sum;
  }

  #sumOfNames(): bigint {
    let sum = 0n;
    for (const resource of this.resources()) sum = addDigest(sum, resource.digest);
    return sum;
  }
}

const noNames: ReadonlySet<string> = new Set();

/**
 * What a stream has been sent of one type: everything of `view`, except where
 * `overrides` says otherwise. Streams in the same state share one object.
 */
export class Holding {
  static readonly nothing = new Holding(undefined, new Map());

  readonly view: View | undefined;
  /** Version by name, as {@link View.versionOf}; undefined: it was not sent. */
  readonly overrides: ReadonlyMap<string, string | undefined>;
  /** Names that the client is taken to know nothing of, although it was sent what stands above: they are sent again. */
  readonly forgotten: ReadonlySet<string>;
  readonly #forgetting = new WeakMap<readonly string[], Holding>();
  #forgettingByNames: WeakTable<Holding> | undefined;
  readonly #restricted = new WeakMap<Subscription, Holding>();
  readonly #lacking = new WeakMap<readonly string[], readonly string[]>();
  #version: string | undefined;

  constructor(
    view: View | undefined,
    overrides: ReadonlyMap<string, string | undefined>,
    forgotten: ReadonlySet<string> = noNames,
  ) {
    this.view = view;
    this.overrides = overrides;
    this.forgotten = forgotten;
  }

  versionOf(name: string): string | undefined {
    return this.forgotten.has(name) ? undefined : this.#sentVersionOf(name);
  }

  /** The hash of the resources that were sent and have not gone since, as {@link View.version}. */
  get version(): string {
    if (this.view !== undefined && this.overrides.size === 0) return this.view.version;
    if (this.#version === undefined) {
      let sum = digestOfVersion(this.view?.version);
      for (const [name, version] of this.overrides) {
        sum = addDigest(sum, digestOfVersion(version) - digestOfVersion(this.view?.versionOf(name)));
      }
      this.#version = versionOfSum(sum);
    }
    return this.#version;
  }

  /** Every name that may be held, known or to be said again, in no order; some more than once. */
  *names(): Iterable<string> {
    yield* this.overrides.keys();
    yield* this.forgotten;
    if (this.view === undefined) return;
    for (const { name } of this.view.resources()) yield name;
    yield* this.view.subscription.names;
  }

  /** This holding without `names`: they will be sent again. Same names, same result; the same array is found faster. */
  forgetting(names: readonly string[]): Holding {
    let result = this.#forgetting.get(names);
    if (result === undefined) {
      this.#forgettingByNames ??= new WeakTable();
      const key = names.map((name) => `${name.length}:${name}`).join('');
      result = this.#forgettingByNames.intern(key, () => {
        return new Holding(this.view, this.overrides, new Set([...this.forgotten, ...names]));
      });
      this.#forgetting.set(names, result);
    }
    return result;
  }

  /** Those of `names` that were never sent as existing; the same array gives the same one. */
  lacking(names: readonly string[]): readonly string[] {
    let result = this.#lacking.get(names);
    if (result === undefined) {
      result = names.filter((name) => (this.#sentVersionOf(name) ?? '') === '');
      this.#lacking.set(names, result);
    }
    return result;
  }

  /** What is left for a client that now wants `subscription` only: it forgot the rest when it dropped it. */
  restrictedTo(subscription: Subscription): Holding {
    let result = this.#restricted.get(subscription);
    if (result === undefined) {
      const names = [...new Set(this.names())].filter((name) => subscription.includes(name));
      result = this.only(names);
      this.#restricted.set(subscription, result);
    }
    return result;
  }

  /** What stands here of `names`; of everything else it is what `view` says, if there is one. */
  only(names: readonly string[], view?: View): Holding {
    const sent = new Map(names.map((name) => [name, this.#sentVersionOf(name)]));
    return new Holding(view, sent, new Set(names.filter((name) => this.forgotten.has(name))));
  }

  #sentVersionOf(name: string): string | undefined {
    return this.overrides.has(name) ? this.overrides.get(name) : this.view?.versionOf(name);
  }
}
