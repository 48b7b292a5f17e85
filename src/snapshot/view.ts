// What one subscription selects of a resource set, and how it differs from what a stream
// holds. All immutable, and each made once for any number of streams.

import type { Difference } from './difference.ts';
import { Holding } from './holding.ts';
import { addDigest, placeholderSizeBound, removalSizeBound, versionOfSum } from './resource.ts';
import type { Resource } from './resource.ts';
import type { ResourceSet } from './resource-set.ts';
import type { Subscription } from './subscription.ts';

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
    for (const name of [...this.subscription.names].sort()) {
      const resource = this.set.resources.get(name);
      if (resource !== undefined) yield resource;
    }
  }

  /** The names selected that exist, sorted; the same array every time. */
  get names(): readonly string[] {
    this.#names ??= Array.from(this.resources(), ({ name }) => name);
    return this.#names;
  }

  /** The version a holder of this view has of `name`: '' when it knows that there is none, undefined when it knows nothing. */
  versionOf(name: string): string | undefined {
    if (!this.subscription.includes(name)) return undefined;
    return this.set.resources.get(name)?.version ?? (this.subscription.names.has(name) ? '' : undefined);
  }

  /** To be told what who holds `holding` lacks, where that is known without comparing. */
  noteDifference(holding: Holding, difference: Difference): void {
    this.#differences.set(holding, difference);
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
    const absent: string[] = [];
    const removed: string[] = [];
    const { typeUrl, placeholder } = this.set.options;
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
      // Nothing can stand for a resource without a name: Envoy's API wants one.
      if (heldVersion === undefined && placeholder !== undefined && name !== '') {
        absent.push(name);
        sizeBound += placeholderSizeBound(name, typeUrl);
      } else {
        removed.push(name);
        sizeBound += removalSizeBound(name);
      }
    }
    changed.sort((a, b) => (a.name < b.name ? -1 : 1));
    removed.sort();
    return { changed, changedNames: changed.map(({ name }) => name), absent, removed, sizeBound };
  }

  // That there is none need not be said of one among all, of which the client was never told.
  #isAskedFor(name: string, { forgotten }: Holding): boolean {
    return this.subscription.names.has(name) || (this.subscription.wildcard && forgotten.has(name));
  }

  // Steps from set to set and from subscription to subscription cost what changed; anything else is compared name by name.
  #namesThatMayDiffer(holding: Holding): Iterable<string> {
    const base = holding.view;
    const stepped = holding.subscription === this.subscription ? base && this.set.changedSince(base.set) : undefined;
    if (base !== undefined && stepped !== undefined) {
      const names = new Set(stepped.filter((name) => this.subscription.includes(name)));
      if (holding.overrides.size === 0 && holding.forgotten.size === 0) return names;
      const all = names.union(holding.overrides).union(holding.forgotten);
      this.#sum ??= this.#sumFrom(base, all);
      return all;
    }
    if (holding.isEmpty && !this.subscription.wildcard) return this.subscription.names;
    const names = new Set(this.subscription.names);
    if (this.subscription.wildcard) for (const name of this.set.resources.keys()) names.add(name);
    for (const name of holding.names()) names.add(name);
    return names;
  }

  // From the sum before the step, where that is known: the cost of what changed.
  #sumAfter(before: View): bigint | undefined {
    const names = this.set.changedSince(before.set);
    return names === undefined ? undefined : this.#sumFrom(before, names);
  }

  /** @param names all in which this view and the other may differ, each once. */
  #sumFrom(other: View, names: Iterable<string>): bigint | undefined {
    let sum = other.#sum;
    if (sum === undefined) return undefined;
    for (const name of names) {
      sum = addDigest(sum, -other.digestOf(name));
      sum = addDigest(sum, this.digestOf(name));
    }
    return sum;
  }

  /** Of a resource that is selected and exists; else 0. */
  digestOf(name: string): bigint {
    const resource = this.set.resources.get(name);
    return resource !== undefined && this.subscription.includes(name) ? resource.digest : 0n;
  }

  #sumOfNames(): bigint {
    let sum = 0n;
    const { resources } = this.set;
    const { names } = this.subscription;
    if (names.size > resources.size) {
      for (const { name, digest } of resources.values()) if (names.has(name)) sum = addDigest(sum, digest);
    } else {
      for (const name of names) sum = addDigest(sum, resources.get(name)?.digest ?? 0n);
    }
    return sum;
  }
}
