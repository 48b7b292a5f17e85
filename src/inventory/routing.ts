// Which cluster a key goes to: the one rule, from which listeners are made. Pure.

import type { Routable } from './cluster.ts';

/**
 * The cluster for keys that no prefix matches: the one that is named, if it is declared, else, when none is named, the
 * only one when there is exactly one.
 */
export function findCatchAll(clusters: ReadonlyMap<string, Routable>, named: string | undefined): string | undefined {
  if (named !== undefined) return clusters.has(named) ? named : undefined;
  return clusters.size === 1 ? clusters.keys().next().value : undefined;
}

/** Keys that begin with the prefix go to the cluster of this name. */
export interface KeyRoute {
  readonly prefix: string;
  readonly cluster: string;
}

/** One state of the routes, by the names of clusters; valid while clusters, prefixes and the catch-all stay as they are. */
export class Routing {
  readonly catchAll: string | undefined;
  readonly #clusterByPrefix: ReadonlyMap<string, string>;
  // A key is compared with prefixes of these lengths only.
  readonly #lengths: readonly number[];

  /** @param routes each prefix once. */
  constructor(routes: Iterable<KeyRoute>, catchAll: string | undefined) {
    this.catchAll = catchAll;
    this.#clusterByPrefix = new Map(Array.from(routes, ({ prefix, cluster }) => [prefix, cluster]));
    const lengths = new Set(Array.from(this.#clusterByPrefix.keys(), (prefix) => prefix.length));
    this.#lengths = [...lengths].sort((a, b) => b - a);
  }

  /** True when no key has a route. */
  get isEmpty(): boolean {
    return this.#clusterByPrefix.size === 0 && this.catchAll === undefined;
  }

  /** In no order. */
  get prefixes(): Iterable<string> {
    return this.#clusterByPrefix.keys();
  }

  /** The cluster with the longest prefix that `key` begins with, else the catch-all; undefined: there is none for it. */
  clusterOf(key: string): string | undefined {
    for (const length of this.#lengths) {
      if (length > key.length) continue;
      const name = this.#clusterByPrefix.get(key.slice(0, length));
      if (name !== undefined) return name;
    }
    return this.catchAll;
  }
}
