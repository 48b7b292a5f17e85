// What one commit publishes, and the place where the streams find the newest one.

import type { Dialect } from './dialect.ts';
import type { ResourceKind } from './resource.ts';
import type { ResourceSet } from './resource-set.ts';

/**
 * What a client is given of a snapshot: `declared`, what was committed, to the letter; or `reachable`, for those that
 * take their listeners from here: every cluster has a host that Envoy can select, and clusters that were removed but
 * drain are there too, for connections that may use them.
 */
export type Scope = 'declared' | 'reachable';

/** Everything one commit publishes, immutable: the same question always gets the same set. */
export interface Snapshot {
  /** @param scope by default `declared`. Scopes that do not differ give the same object. */
  resources(kind: ResourceKind, dialect: Dialect, scope?: Scope): ResourceSet;
  /** The names of the clusters that were removed but drain, of which only `reachable` tells; the same array every time. */
  readonly draining: readonly string[];
  /** The same for clients on whose connections others can read along. Undefined: nothing of it is secret. */
  readonly inClear?: Snapshot;
}

/** A snapshot and when it was published, or became that of the group; by the monotonic clock. */
export interface Publication {
  readonly snapshot: Snapshot;
  readonly atMs: number;
}

/** The name of a set of nodes that are given the same snapshot. */
export type NodeGroup = string;

/** Those that have no snapshot of their own are given the one of this group, which no object can name. */
export const defaultNodeGroup: NodeGroup = '';

/** Says of each group whether it is given another snapshot than before. */
export type IsConcerned = (group: NodeGroup) => boolean;

/** The newest snapshot of each node group. Before there is one, and none by default, its streams wait. */
export class SnapshotCache {
  readonly #own = new Map<NodeGroup, Publication>();
  // Groups that have lost their own since the default was published: that one became theirs later.
  readonly #fallenBack = new Map<NodeGroup, Publication>();
  readonly #watchers = new Set<(isConcerned: IsConcerned) => void>();

  get(group: NodeGroup): Snapshot | undefined {
    return this.publication(group)?.snapshot;
  }

  /** The group's newest snapshot with its time; the same object until there is another one. */
  publication(group: NodeGroup): Publication | undefined {
    return this.#own.get(group) ?? this.#fallenBack.get(group) ?? this.#own.get(defaultNodeGroup);
  }

  /** All that some group is given. */
  *publications(): Iterable<Publication> {
    yield* this.#own.values();
    yield* this.#fallenBack.values();
  }

  /** {@link update} of one group. */
  set(group: NodeGroup, snapshot: Snapshot): void {
    this.update(new Map([[group, snapshot]]));
  }

  /**
   * Replaces the snapshots of these groups, all at once, and tells every watcher, synchronously.
   * @param changes undefined: the group has none of its own any more.
   */
  update(changes: ReadonlyMap<NodeGroup, Snapshot | undefined>): void {
    const atMs = performance.now();
    if (changes.has(defaultNodeGroup)) this.#fallenBack.clear();
    for (const [group, snapshot] of changes) {
      this.#fallenBack.delete(group);
      if (snapshot === undefined) this.#own.delete(group);
      else this.#own.set(group, { snapshot, atMs });
    }
    const fallback = this.#own.get(defaultNodeGroup);
    for (const [group, snapshot] of changes) {
      if (snapshot !== undefined || fallback === undefined || changes.has(defaultNodeGroup)) continue;
      this.#fallenBack.set(group, { snapshot: fallback.snapshot, atMs });
    }
    const isConcerned: IsConcerned = (group) => {
      return changes.has(group) || (changes.has(defaultNodeGroup) && !this.#own.has(group));
    };
    for (const watcher of this.#watchers) watcher(isConcerned);
  }

  /** Calls `watcher` after each update, until the returned function is called. */
  watch(watcher: (isConcerned: IsConcerned) => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }
}
