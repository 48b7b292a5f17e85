// What a commit changes: the difference between two states of the clusters.

import type { Cluster, ClusterEdit, Clusters } from '../inventory/cluster.ts';
import { contentOf } from '../model/canonical.ts';

/**
 * The edits that lead from `before` to `after`. A cluster that was changed and changed back is no edit.
 * @param names every cluster in which the two may differ; by default any.
 */
export function findEdits(
  before: Clusters,
  after: Clusters,
  names: Iterable<string> = new Set([...before.keys(), ...after.keys()]),
): ClusterEdit[] {
  const edits: ClusterEdit[] = [];
  for (const name of names) {
    const cluster = after.get(name);
    if (!isSameCluster(before.get(name), cluster)) edits.push({ name, after: cluster });
  }
  return edits;
}

function isSameCluster(a: Cluster | undefined, b: Cluster | undefined): boolean {
  if (a === b) return true;
  return a !== undefined && b !== undefined && contentOf(a) === contentOf(b);
}
