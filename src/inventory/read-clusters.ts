// Where the reads of a replicated cluster go: beside it, which has the primary alone, there is a cluster for each way
// to read, always, so that who begins to read finds it in use (docs/adr/0025).

import type { ReplicatedCluster } from '../model/objects.ts';
import { primaryOf, replicasOf } from '../model/primary.ts';
import { readModes } from '../model/reads.ts';
import type { ReadMode } from '../model/reads.ts';
import { hostsOf } from './cluster.ts';
import type { Cluster, Host } from './cluster.ts';

/** The name of the cluster for these reads. No other cluster may have it. */
export function readClusterName(name: string, mode: ReadMode): string {
  return `${name}/${mode}`;
}

/** The names of all clusters that a declared one is served as, its own first. */
export function servedNames(cluster: Cluster): readonly string[] {
  if (cluster.kind !== 'replicated') return [cluster.name];
  return [cluster.name, ...readModes.map((mode) => readClusterName(cluster.name, mode))];
}

const hostsByCluster = new WeakMap<Cluster, Readonly<Record<ReadMode, readonly Host[]>>>();

/**
 * The servers that answer these reads, `prefer_replica` with the primary in the next priority; of a cluster without
 * replicas its hosts. The same list for the same cluster.
 */
export function readHostsOf(cluster: Cluster, mode: ReadMode): readonly Host[] {
  if (cluster.kind !== 'replicated') return hostsOf(cluster);
  let hosts = hostsByCluster.get(cluster);
  if (hosts === undefined) hostsByCluster.set(cluster, (hosts = findReadHosts(cluster)));
  return hosts[mode];
}

function findReadHosts(cluster: ReplicatedCluster): Readonly<Record<ReadMode, readonly Host[]>> {
  const [primary, replicas] = [primaryOf(cluster), replicasOf(cluster)];
  const lastResort = primary === undefined ? [] : [{ ...primary, priority: 1 }];
  return {
    replica: replicas,
    // Priorities begin with 0: a gap would be no priority.
    prefer_replica: replicas.length === 0 ? cluster.endpoints : [...replicas, ...lastResort],
    any: cluster.endpoints,
  };
}
