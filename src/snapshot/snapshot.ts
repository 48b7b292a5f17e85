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
}

/** A snapshot and when it was published, by the monotonic clock. */
export interface Publication {
  readonly snapshot: Snapshot;
  readonly atMs: number;
}

/** The name of a set of nodes that are given the same snapshot. */
export type NodeGroup = string;

/** The newest snapshot of each node group. Before the first `set` of a group there is none, and its streams wait. */
export class SnapshotCache {
  readonly #publications = new Map<NodeGroup, Publication>();
  readonly #watchers = new Set<(group: NodeGroup) => void>();

  get(group: NodeGroup): Snapshot | undefined {
    return this.#publications.get(group)?.snapshot;
  }

  /** The group's newest snapshot with its time. */
  publication(group: NodeGroup): Publication | undefined {
    return this.#publications.get(group);
  }

  /** Replaces the group's snapshot and tells every watcher, synchronously. */
  set(group: NodeGroup, snapshot: Snapshot): void {
    this.#publications.set(group, { snapshot, atMs: performance.now() });
    for (const watcher of this.#watchers) watcher(group);
  }

  /** Calls `watcher` after each `set`, until the returned function is called. */
  watch(watcher: (group: NodeGroup) => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }
}
