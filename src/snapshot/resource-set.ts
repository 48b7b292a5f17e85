// All resources of one type in one dialect, at one moment. Immutable.

import type { ApiVersion } from './dialect.ts';
import { Resource, addDigest, versionOfSum } from './resource.ts';
import type { Subscription } from './subscription.ts';
import { View } from './view.ts';

/** What changed on the way to a set from the set before it. */
interface Step {
  readonly from: ResourceSet;
  readonly names: readonly string[];
}

export interface ResourceSetOptions {
  readonly typeUrl: string;
  readonly apiVersion: ApiVersion;
  /**
   * The resource to send for a name that is asked for but does not exist, where the
   * type has one: an assignment without endpoints ends a cluster's warming
   * (xDS protocol, "Resource warming").
   */
  readonly placeholder?: (name: string) => Resource;
}

/** Resources by name, sorted by name, with a version that stands for exactly this content. */
export class ResourceSet {
  readonly options: ResourceSetOptions;
  readonly resources: ReadonlyMap<string, Resource>;
  /** Sum of the digests of all resources. */
  readonly sum: bigint;
  readonly version: string;
  readonly #views = new WeakMap<Subscription, View>();
  readonly #retaining = new WeakMap<ResourceSet, ResourceSet>();
  #step: Step | undefined;

  private constructor(
    options: ResourceSetOptions,
    resources: ReadonlyMap<string, Resource>,
    sum: bigint,
    step: Step | undefined,
  ) {
    this.options = options;
    this.resources = resources;
    this.sum = sum;
    this.version = versionOfSum(sum);
    this.#step = step;
  }

  /** A set from scratch; `resources` in any order, each name once. */
  static of(options: ResourceSetOptions, resources: Iterable<Resource>): ResourceSet {
    const sorted = [...resources].sort((a, b) => (a.name < b.name ? -1 : 1));
    let sum = 0n;
    for (const resource of sorted) sum = addDigest(sum, resource.digest);
    return new ResourceSet(options, new Map(sorted.map((resource) => [resource.name, resource])), sum, undefined);
  }

  /**
   * The set after `changes` (undefined removes), at the cost of what changed and one copy of the map.
   * Returns this set when nothing differs.
   */
  with(changes: ReadonlyMap<string, Resource | undefined>): ResourceSet {
    const differing = [...changes].filter(([name, after]) => this.resources.get(name)?.version !== after?.version);
    if (differing.length === 0) return this;
    const resources = new Map(this.resources);
    const names = differing.map(([name]) => name);
    const isSorted = names.every((name) => resources.has(name));
    let sum = this.sum;
    for (const [name, after] of differing) {
      sum = addDigest(sum, (after?.digest ?? 0n) - (resources.get(name)?.digest ?? 0n));
      if (after === undefined) resources.delete(name);
      else resources.set(name, after);
    }
    const sorted = isSorted ? resources : new Map([...resources].sort(([a], [b]) => (a < b ? -1 : 1)));
    // The set before the set before is of no use any more: no chain of old sets is kept alive.
    this.#step = undefined;
    return new ResourceSet(this.options, sorted, sum, { from: this, names: names.sort() });
  }

  /**
   * This set plus what `old` has and this one lacks: what a stream is given while
   * something it still holds may refer to a resource that goes.
   */
  retaining(old: ResourceSet): ResourceSet {
    const known = this.#retaining.get(old);
    if (known !== undefined) return known;
    const kept = [...old.resources.values()].filter((resource) => !this.resources.has(resource.name));
    const union = kept.length === 0 ? this : ResourceSet.of(this.options, [...this.resources.values(), ...kept]);
    const result = union.sum === old.sum ? old : union;
    this.#retaining.set(old, result);
    return result;
  }

  /** What a subscription selects of this set; one object per subscription. */
  view(subscription: Subscription): View {
    let view = this.#views.get(subscription);
    if (view === undefined) {
      const before = this.#step === undefined ? undefined : this.#step.from.#views.get(subscription);
      view = new View(this, subscription, before);
      this.#views.set(subscription, view);
    }
    return view;
  }

  /** The names in which this set differs from `old`, when that is known without comparing them; else undefined. */
  changedSince(old: ResourceSet): readonly string[] | undefined {
    if (old === this) return [];
    return this.#step?.from === old ? this.#step.names : undefined;
  }
}
