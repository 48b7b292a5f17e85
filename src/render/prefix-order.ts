// The order of routes: the one place that decides which of two overlapping prefixes wins.

import type { Cluster, Clusters } from '../inventory/cluster.ts';

/** Longest prefix first (in code units), then alphabetically: stable, and no prefix hides a longer one. */
export function clustersByPrefix(clusters: Clusters): Cluster[] {
  return [...clusters.values()].sort(
    (a, b) => b.prefix.length - a.prefix.length || (a.prefix < b.prefix ? -1 : 1),
  );
}
