// The clusters that are declared, as the rules see them. Knows nothing of Envoy, HTTP, disks or time.

import { compareServers } from '../model/canonical.ts';
import type { Cluster, Endpoint, ReplicatedCluster, ShardedCluster } from '../model/objects.ts';
import { isServerName } from '../net/address.ts';
import { primaryOf } from '../model/primary.ts';
import { primaryOfShard, serversOfShard } from '../model/shard.ts';

export type { Cluster, Endpoint } from '../model/objects.ts';

/** Of a cluster what decides where keys go, and who answers reads. */
export interface Routable {
  readonly name: string;
  readonly prefix?: string | undefined;
  readonly kind?: Cluster['kind'];
  readonly reads?: ReplicatedCluster['reads'];
}

/** Clusters by name. */
export type Clusters = ReadonlyMap<string, Cluster>;

/** One cluster's step from one state to the next: `after` is undefined when the cluster goes. */
export interface ClusterEdit {
  readonly name: string;
  readonly after: Cluster | undefined;
}

/** A server as Envoy is told of it. */
export interface Host extends Endpoint {
  /** What Envoy hashes in place of the address: the shard's name. */
  readonly hash_key?: string | undefined;
  /** 0 unless told; the next one is used when none before has a healthy host. */
  readonly priority?: number | undefined;
  /** Left out: it is sent commands, as far as is known here. */
  readonly health?: 'unhealthy' | undefined;
}

/** Orders endpoints by address, then port, by code unit. */
export function compareEndpoints(a: Endpoint, b: Endpoint): number {
  return compareServers(a, b);
}

/** Every server that is declared in the cluster; those of a Redis Cluster are its seeds. */
export function serversOf(cluster: Cluster): readonly Endpoint[] {
  return cluster.kind === 'sharded' ? cluster.shards.flatMap(serversOfShard) : cluster.endpoints;
}

/** Whether Envoys look up names of its servers. */
export function hasNamesForEnvoys(cluster: Cluster): boolean {
  if ('resolve' in cluster && cluster.resolve === 'controlplane') return false;
  return serversOf(cluster).some(({ address }) => isServerName(address));
}

// Stands where a primary was that is to take no writes: a port on which nobody listens. A command is answered by an error;
// without any host a MULTI would end that Envoy (docs/adr/0017), and with one it lives on (seen with 1.40).
const nobody: Host = { address: '127.0.0.1', port: 1 };

const hostsByCluster = new WeakMap<Cluster, readonly Host[]>();

/**
 * The servers that take the commands of a cluster: those of a plain one, the primary, or that of each shard, and of a
 * Redis Cluster its seeds. Where there are servers and none takes writes, one that answers nobody. The same list for the same cluster.
 */
export function hostsOf(cluster: Cluster): readonly Host[] {
  if (cluster.kind !== 'sharded' && cluster.kind !== 'replicated') return cluster.endpoints;
  let hosts = hostsByCluster.get(cluster);
  if (hosts === undefined) hostsByCluster.set(cluster, (hosts = findHosts(cluster)));
  return hosts;
}

function findHosts(cluster: ReplicatedCluster | ShardedCluster): Host[] {
  if (cluster.kind === 'sharded') {
    return cluster.shards.flatMap((shard) => {
      const primary = primaryOfShard(shard);
      return primary === undefined ? [] : [{ ...primary, weight: shard.weight, hash_key: shard.name }];
    });
  }
  const primary = primaryOf(cluster);
  if (primary === undefined) return cluster.endpoints.length === 0 ? [] : [nobody];
  // Alone in its cluster it has no share to be weighed.
  return [{ ...primary, weight: undefined }];
}
