// What is left of a cluster that is replicated no more: connections of before the commit go on reading by the names of
// its clusters for reads. Each drains as a cluster of its own that follows it (docs/adr/0025). Pure.

import { loadBalancingOf } from '../model/defaults.ts';
import type { Cluster, ReplicatedCluster } from '../model/objects.ts';
import { readModes } from '../model/reads.ts';
import type { DrainingCluster } from './draining.ts';
import { readClusterName, readHostsOf, servedNames } from './read-clusters.ts';

/** The clusters for reads that go when the one of this name becomes another, as they drain; empty when none does. */
export function findLeftReads(before: Cluster, after: Cluster, untilMs: number): DrainingCluster[] {
  if (before.kind !== 'replicated') return [];
  const served = servedNames(after);
  const left = asReadFrom(before).filter(({ name }) => !served.includes(name));
  return left.map((cluster) => ({ cluster, untilMs, wasCatchAll: false, followed: before.name }));
}

/** The cluster of which it is left, by name; undefined: it was declared itself. */
export function ownerOfLeftReads({ cluster, wasCatchAll, followed }: DrainingCluster): string | undefined {
  // One that was declared follows only who has its prefix, or is the catch-all after it.
  const isLeft = cluster.prefix === undefined && !wasCatchAll && followed !== undefined;
  return isLeft && readModes.some((mode) => readClusterName(followed, mode) === cluster.name) ? followed : undefined;
}

/** As clusters whose servers are equals: to an Envoy with a health check not a byte is new. */
function asReadFrom(cluster: ReplicatedCluster): Cluster[] {
  const { kind: _kind, primary: _primary, reads: _reads, prefix: _prefix, labels: _labels, ...rest } = cluster;
  return readModes.map((mode) => ({
    ...rest,
    name: readClusterName(cluster.name, mode),
    endpoints: readHostsOf(cluster, mode).filter(({ priority = 0 }) => priority === 0),
    load_balancing: loadBalancingOf(cluster),
  }));
}
