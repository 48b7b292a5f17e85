// Clusters that were removed but that Envoy may still need: it lets the connections of a
// replaced filter chain live on for its drain time, and they use what the old listener routed to.

import type { Cluster, ClusterEdit, Clusters } from './cluster.ts';

/** A removed cluster as it was last, endpoints included. `untilMs` is wall-clock time (Unix, ms): it survives a restart. */
export interface DrainingCluster {
  readonly cluster: Cluster;
  readonly untilMs: number;
}

/**
 * What drains after a commit: what it removed, from now for `drainTimeMs`, and what drained before and is neither over nor declared again.
 * @param before the committed clusters before `edits`.
 */
export function drainAfter(
  draining: readonly DrainingCluster[],
  before: Clusters,
  edits: readonly ClusterEdit[],
  nowMs: number,
  drainTimeMs: number,
): DrainingCluster[] {
  const edited = new Set(edits.map(({ name }) => name));
  const goOn = stillDraining(draining, nowMs).filter(({ cluster }) => !edited.has(cluster.name));
  if (drainTimeMs === 0) return goOn;
  const removed = edits.flatMap(({ name, after }) => (after === undefined ? (before.get(name) ?? []) : []));
  return [...goOn, ...removed.map((cluster) => ({ cluster, untilMs: nowMs + drainTimeMs }))];
}

/** Those whose time is not over. */
export function stillDraining(draining: readonly DrainingCluster[], nowMs: number): DrainingCluster[] {
  return draining.filter(({ untilMs }) => untilMs > nowMs);
}
