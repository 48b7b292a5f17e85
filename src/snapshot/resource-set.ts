// All resources of one type in one dialect, at one moment. Immutable.

import { SortedByName } from '../collections/sorted-by-name.ts';
import type { ApiVersion } from './dialect.ts';
import { Resource, addDigest, versionOfSum } from './resource.ts';
import type { Subscription } from './subscription.ts';
import { View } from './view.ts';
import { WeakTable } from './weak-table.ts';

/** What changed on the way to a set from the set before it. */
interface Step {
  readonly from: ResourceSet;
  readonly names: readonly string[];
}

export interface ResourceSetOptions {
  readonly typeUrl: string;
  readonly apiVersion: ApiVersion;
  /**
   * The encoded resource to send in state of the world for a name that is asked for but does not exist, where the type
   * has one: an assignment without endpoints ends a cluster's warming (xDS protocol, "Resource warming"). At most 32
   * bytes longer than the name.
   */
  readonly placeholder?: (name: string) => Uint8Array;
}

/** Resources by name, sorted by name, with a version that stands for exactly this content. */
export class ResourceSet {
  readonly options: ResourceSetOptions;
  readonly resources: SortedByName<Resource>;
  /** Sum of the digests of all resources. */
  readonly sum: bigint;
  readonly version: string;
  readonly #views = new WeakMap<Subscription, View>();
  #latestView: View | undefined;
  readonly #retaining = new WeakMap<ResourceSet, ResourceSet>();
  readonly #unchanged = new WeakMap<ResourceSet, ResourceSet>();
  // Made when first needed: mostly nothing drains.
  #without: { byArray: WeakMap<readonly string[], ResourceSet>; byNames: WeakTable<ResourceSet> } | undefined;
  #step: Step | undefined;

  private constructor(
    options: ResourceSetOptions,
    resources: SortedByName<Resource>,
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
    const sorted = SortedByName.of(resources);
    let sum = 0n;
    for (const resource of sorted.values()) sum = addDigest(sum, resource.digest);
    return new ResourceSet(options, sorted, sum, undefined);
  }

  /**
   * The set after `changes` (undefined removes), at the cost of what changed.
   * Returns this set when nothing differs.
   * @param like a set of much the same content, with which the new one is to share it.
   */
  with(changes: ReadonlyMap<string, Resource | undefined>, like?: ResourceSet): ResourceSet {
    const differing = [...changes].filter(([name, after]) => this.resources.get(name)?.version !== after?.version);
    if (differing.length === 0) return this;
    let sum = this.sum;
    for (const [name, after] of differing) {
      sum = addDigest(sum, (after?.digest ?? 0n) - (this.resources.get(name)?.digest ?? 0n));
    }
    // The set before the set before is of no use any more: no chain of old sets is kept alive.
    this.#step = undefined;
    const names = differing.map(([name]) => name).sort();
    const resources = this.resources.with(differing);
    return new ResourceSet(this.options, like === undefined ? resources : resources.sharing(like.resources), sum, {
      from: this,
      names,
    });
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

  /** The resources of this set, those that `old` has too as they are there: what is new or gone, and no change. */
  unchangedSince(old: ResourceSet): ResourceSet {
    const known = this.#unchanged.get(old);
    if (known !== undefined) return known;
    const resources = [...this.resources.values()].map((resource) => old.resources.get(resource.name) ?? resource);
    const set = ResourceSet.of(this.options, resources);
    const result = set.sum === old.sum ? old : set;
    this.#unchanged.set(old, result);
    return result;
  }

  /** This set less `names`, some of which it may not have. Same names, same set; the same array is found faster. */
  without(names: readonly string[]): ResourceSet {
    if (names.length === 0) return this;
    this.#without ??= { byArray: new WeakMap(), byNames: new WeakTable() };
    let result = this.#without.byArray.get(names);
    if (result === undefined) {
      const going = names.filter((name) => this.resources.has(name)).sort();
      const key = going.map((name) => `${name.length}:${name}`).join('');
      result = going.length === 0 ? this : this.#without.byNames.intern(key, () => this.#less(going));
      this.#without.byArray.set(names, result);
    }
    return result;
  }

  /** This set with others in place of some of its resources; it remains what it is, and remembers nothing of it. */
  replacing(others: readonly Resource[]): ResourceSet {
    if (others.length === 0) return this;
    const sum = others.reduce((total, { name, digest }) => {
      return addDigest(total, digest - (this.resources.get(name)?.digest ?? 0n));
    }, this.sum);
    if (sum === this.sum) return this;
    const resources = this.resources.with(others.map((resource) => [resource.name, resource] as const));
    return new ResourceSet(this.options, resources, sum, undefined);
  }

  /** What a subscription selects of this set; one object per subscription. */
  view(subscription: Subscription): View {
    // One stream of a fleet after the other asks for the same.
    if (this.#latestView?.subscription === subscription) return this.#latestView;
    let view = this.#views.get(subscription);
    if (view === undefined) {
      const before = this.#step === undefined ? undefined : this.#step.from.#views.get(subscription);
      view = new View(this, subscription, before);
      this.#views.set(subscription, view);
    }
    this.#latestView = view;
    return view;
  }

  /** The names in which this set differs from `old`, when that is known without comparing them; else undefined. */
  changedSince(old: ResourceSet): readonly string[] | undefined {
    if (old === this) return [];
    return this.#step?.from === old ? this.#step.names : undefined;
  }

  #less(names: readonly string[]): ResourceSet {
    const sum = names.reduce((left, name) => addDigest(left, -(this.resources.get(name)?.digest ?? 0n)), this.sum);
    const resources = this.resources.with(names.map((name) => [name, undefined] as const));
    return new ResourceSet(this.options, resources, sum, undefined);
  }
}
