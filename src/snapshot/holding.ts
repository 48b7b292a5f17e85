// What a stream holds of one type. Immutable, and shared by streams in the same state.

import { addDigest, digestOfVersion, versionOfSum } from './resource.ts';
import type { Subscription } from './subscription.ts';
import type { View } from './view.ts';
import { WeakTable } from './weak-table.ts';

const noNames: ReadonlySet<string> = new Set();

/**
 * What a stream has been sent of one type: everything of `view`, except where
 * `overrides` says otherwise. Streams in the same state share one object.
 */
export class Holding {
  static readonly nothing = new Holding(undefined, new Map());

  readonly view: View | undefined;
  /** What the client wants, when it is known that where that differs from what `view` selects, `overrides` has the name. */
  readonly subscription: Subscription | undefined;
  /** Version by name, as {@link View.versionOf}; undefined: it was not sent. */
  readonly overrides: ReadonlyMap<string, string | undefined>;
  /** Names that the client is taken to know nothing of, although it was sent what stands above: they are sent again. */
  readonly forgotten: ReadonlySet<string>;
  readonly #forgetting = new WeakMap<readonly string[], Holding>();
  #forgettingByNames: WeakTable<Holding> | undefined;
  #forgettingAll: Holding | undefined;
  readonly #restricted = new WeakMap<Subscription, Holding>();
  readonly #lacking = new WeakMap<readonly string[], readonly string[]>();
  #version: string | undefined;

  constructor(
    view: View | undefined,
    overrides: ReadonlyMap<string, string | undefined>,
    forgotten: ReadonlySet<string> = noNames,
    subscription = view?.subscription,
  ) {
    this.view = view;
    this.subscription = subscription;
    this.overrides = overrides;
    this.forgotten = forgotten;
  }

  /** True when the stream was sent nothing. */
  get isEmpty(): boolean {
    return this.view === undefined && this.overrides.size === 0 && this.forgotten.size === 0;
  }

  versionOf(name: string): string | undefined {
    if (this.forgotten.size > 0 && this.forgotten.has(name)) return undefined;
    return this.#sentVersionOf(name);
  }

  /** The hash of the resources that were sent and have not gone since, as {@link View.version}. */
  get version(): string {
    if (this.view !== undefined && this.overrides.size === 0) return this.view.version;
    if (this.#version === undefined) {
      let sum = digestOfVersion(this.view?.version);
      for (const [name, version] of this.overrides) {
        const digest = version ? digestOfVersion(version) : 0n;
        const before = this.view?.digestOf(name) ?? 0n;
        if (digest !== before) sum = addDigest(sum, digest - before);
      }
      this.#version = versionOfSum(sum);
    }
    return this.#version;
  }

  /** Every name that may be held, known or to be said again, in no order; some more than once. */
  *names(): IteratorObject<string> {
    yield* this.overrides.keys();
    yield* this.forgotten;
    if (this.view === undefined) return;
    const { set, subscription } = this.view;
    if (subscription.wildcard) yield* set.resources.keys();
    yield* subscription.names;
  }

  /** This holding without `names`: they will be sent again. Same names, same result; the same array is found faster. */
  forgetting(names: readonly string[]): Holding {
    let result = this.#forgetting.get(names);
    if (result === undefined) {
      this.#forgettingByNames ??= new WeakTable();
      const key = names.map((name) => `${name.length}:${name}`).join('');
      result = this.#forgettingByNames.intern(key, () => {
        return new Holding(this.view, this.overrides, new Set([...this.forgotten, ...names]), this.subscription);
      });
      this.#forgetting.set(names, result);
    }
    return result;
  }

  /** This holding without anything: all of it will be sent again. */
  forgettingAll(): Holding {
    if (this.#forgettingAll === undefined) {
      const held = new Set(this.names().filter((name) => this.forgotten.has(name) || Boolean(this.#sentVersionOf(name))));
      this.#forgettingAll = new Holding(this.view, this.overrides, held, this.subscription);
    }
    return this.#forgettingAll;
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
    if (this.isEmpty) return this;
    let result = this.#restricted.get(subscription);
    if (result === undefined) {
      result = this.#step(subscription) ?? this.only(this.names().filter((name) => subscription.includes(name)));
      this.#restricted.set(subscription, result);
    }
    return result;
  }

  /** What stands here of `names`; of everything else it is what `view` says, if there is one. */
  only(names: Iterable<string>, view?: View): Holding {
    const sent = new Map<string, string | undefined>();
    for (const name of names) sent.set(name, this.#sentVersionOf(name));
    const forgotten = this.forgotten.size === 0 ? noNames : new Set(sent.keys().filter((name) => this.forgotten.has(name)));
    return new Holding(view, sent, forgotten);
  }

  // At the cost of what changes between two subscriptions.
  #step(subscription: Subscription): Holding | undefined {
    const changed = this.subscription && subscription.changedSince(this.subscription);
    if (changed === undefined) return undefined;
    const overrides = new Map(this.overrides);
    const forgotten = new Set(this.forgotten);
    for (const name of changed) {
      const isWanted = subscription.includes(name);
      overrides.set(name, isWanted ? this.#sentVersionOf(name) : undefined);
      if (!isWanted) forgotten.delete(name);
    }
    return new Holding(this.view, overrides, forgotten, subscription);
  }

  #sentVersionOf(name: string): string | undefined {
    if (this.overrides.size > 0) {
      const version = this.overrides.get(name);
      if (version !== undefined || this.overrides.has(name)) return version;
    }
    return this.view?.versionOf(name);
  }
}
