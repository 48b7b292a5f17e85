// What one stream wants of one type. Immutable and interned: streams that want
// the same share one object, so what is computed for it is computed once.

import { WeakTable } from './weak-table.ts';

/** Names wanted of one type, and whether everything is wanted. Made by {@link SubscriptionTable}; compare by identity. */
export class Subscription {
  readonly wildcard: boolean;
  /** Names asked for explicitly, sorted; "*" is never among them. */
  readonly names: ReadonlySet<string>;

  constructor(wildcard: boolean, names: ReadonlySet<string>) {
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
}

/** Hands out one Subscription per distinct content, for as long as somebody holds it. */
export class SubscriptionTable {
  readonly #table = new WeakTable<Subscription>();
  // What most streams want of clusters and listeners; not worth a hash each time.
  readonly #everything = new Subscription(true, new Set());
  readonly #nothing = new Subscription(false, new Set());

  /** @param names in any order, repeats allowed; the wildcard "*" is given by `wildcard`, not here. */
  intern(wildcard: boolean, names: Iterable<string>): Subscription {
    const sorted = [...new Set(names)].sort();
    if (sorted.length === 0) return wildcard ? this.#everything : this.#nothing;
    return this.#table.intern(keyOf(wildcard, sorted), () => new Subscription(wildcard, new Set(sorted)));
  }
}

// The length before each name keeps ["ab"] and ["a", "b"] apart.
function keyOf(wildcard: boolean, sortedNames: readonly string[]): string {
  let key = wildcard ? '*' : '-';
  for (const name of sortedNames) key += `${name.length}:${name}`;
  return key;
}
