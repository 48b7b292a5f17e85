// Clusters that were removed but that Envoy may still need: it lets the connections of a
// replaced filter chain live on for its drain time, and they use what the old listener routed to.

import type { Cluster, ClusterEdit, Clusters } from './cluster.ts';
import type { Routing } from './routing.ts';

/** A removed cluster as it was last, endpoints included. `untilMs` is wall-clock time (Unix, ms): it survives a restart. */
export interface DrainingCluster {
  readonly cluster: Cluster;
  readonly untilMs: number;
  /** True when it was the catch-all at the end. */
  readonly wasCatchAll: boolean;
}

/** What was committed before, with its routes. */
export interface Before {
  readonly clusters: Clusters;
  readonly routing: Routing;
  readonly draining: readonly DrainingCluster[];
}

/**
 * What drains after a commit: what it removed, from now for `drainTimeMs`, and what drained before and is neither over nor declared again.
 * @param before the state before `edits`.
 */
export function drainAfter(
  before: Before,
  edits: readonly ClusterEdit[],
  nowMs: number,
  drainTimeMs: number,
): DrainingCluster[] {
  const edited = new Set(edits.map(({ name }) => name));
  const goOn = stillDraining(before.draining, nowMs).filter(({ cluster }) => !edited.has(cluster.name));
  if (drainTimeMs === 0) return goOn;
  const removed = edits.flatMap(({ name, after }) => (after === undefined ? (before.clusters.get(name) ?? []) : []));
  const untilMs = nowMs + drainTimeMs;
  return [
    ...goOn,
    ...removed.map((cluster) => ({ cluster, untilMs, wasCatchAll: cluster.name === before.routing.catchAll })),
  ];
}

/** Those whose time is not over. */
export function stillDraining(draining: readonly DrainingCluster[], nowMs: number): DrainingCluster[] {
  return draining.filter(({ untilMs }) => untilMs > nowMs);
}

/**
 * The cluster to which the keys of a removed one go now: what connections with the old routes write is then where those
 * with the new ones look for it. Undefined: nobody took them over, or two clusters did, and one cluster can't be both.
 */
export function findSuccessor({ cluster, wasCatchAll }: DrainingCluster, routing: Routing): string | undefined {
  const takers = new Set([routing.clusterOf(cluster.prefix), wasCatchAll ? routing.catchAll : undefined]);
  takers.delete(undefined);
  const [taker] = takers;
  return takers.size === 1 ? taker : undefined;
}

/** The draining clusters by name, as they are to be served: with the endpoints of their successors. */
export function serveDraining(
  draining: readonly DrainingCluster[],
  clusters: Clusters,
  routing: Routing,
): Map<string, Cluster> {
  return new Map(
    draining.map((each) => {
      const successor = clusters.get(findSuccessor(each, routing) ?? '');
      const { cluster } = each;
      return [cluster.name, successor === undefined ? cluster : { ...cluster, endpoints: successor.endpoints }];
    }),
  );
}
