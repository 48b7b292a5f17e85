// What one stream wants of one type. Immutable and interned: streams that want
// the same share one object, so what is computed for it is computed once.

import { NameSetTable } from './name-set.ts';
import type { NameSet } from './name-set.ts';

/** Names wanted of one type, and whether everything is wanted. Made by {@link SubscriptionTable}; compare by identity. */
export class Subscription {
  readonly wildcard: boolean;
  /** Names asked for explicitly, in no order; "*" is never among them. */
  readonly names: NameSet;

  constructor(wildcard: boolean, names: NameSet) {
    this.wildcard = wildcard;
    this.names = names;
  }

  /** True when `name` is wanted, if it exists. */
  includes(name: string): boolean {
    return this.wildcard || this.names.has(name);
  }

  /** True when nothing is wanted. */
  get isEmpty(): boolean {
    return !this.wildcard && this.names.size === 0;
  }

  /** The names that are asked for in only one of the two, when that is all in which they differ and is known; else undefined. */
  changedSince(before: Subscription): readonly string[] | undefined {
    return this.wildcard === before.wildcard ? this.names.changedSince(before.names) : undefined;
  }
}

/** Hands out one Subscription per distinct content, for as long as somebody holds it. */
export class SubscriptionTable {
  readonly nameSets = new NameSetTable();
  // What most streams want of clusters and listeners: held, or it would be made anew each time.
  readonly #noNames = this.nameSets.intern([]);
  readonly #byNames = new WeakMap<NameSet, Subscription>();
  readonly #everythingByNames = new WeakMap<NameSet, Subscription>();

  /** @param names in any order, repeats allowed; the wildcard "*" is given by `wildcard`, not here. */
  intern(wildcard: boolean, names: readonly string[]): Subscription {
    return this.of(wildcard, names.length === 0 ? this.#noNames : this.nameSets.intern(names));
  }

  /** The subscription that `before` becomes, at the cost of what changes; a name both added and dropped is not wanted. */
  step(before: Subscription, wildcard: boolean, added: Iterable<string>, dropped: Iterable<string>): Subscription {
    return this.of(wildcard, this.nameSets.step(before.names, added, dropped));
  }

  /** @param names of {@link nameSets}. */
  of(wildcard: boolean, names: NameSet): Subscription {
    const byNames = wildcard ? this.#everythingByNames : this.#byNames;
    let subscription = byNames.get(names);
    if (subscription === undefined) {
      subscription = new Subscription(wildcard, names);
      byNames.set(names, subscription);
    }
    return subscription;
  }
}
