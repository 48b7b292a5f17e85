// What a commit changes: the difference between two states of the clusters.

import { compareEndpoints } from '../inventory/cluster.ts';
import type { Cluster, ClusterEdit, Clusters } from '../inventory/cluster.ts';

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
  if (a === undefined || b === undefined) return false;
  if (a.prefix !== b.prefix || a.endpoints.length !== b.endpoints.length) return false;
  return a.endpoints.every((endpoint, index) => {
    const other = b.endpoints[index];
    return other !== undefined && compareEndpoints(endpoint, other) === 0;
  });
}
