// The clusters that are declared, as the rules see them. Knows nothing of Envoy, HTTP, disks or time.

import { compareServers } from '../model/canonical.ts';
import type { Cluster, Endpoint } from '../model/objects.ts';

export type { Cluster, Endpoint } from '../model/objects.ts';

/** Of a cluster what decides where keys go. */
export interface Routable {
  readonly name: string;
  readonly prefix?: string | undefined;
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
}

/** Orders endpoints by address, then port, by code unit. */
export function compareEndpoints(a: Endpoint, b: Endpoint): number {
  return compareServers(a, b);
}

const hostsByCluster = new WeakMap<Cluster, readonly Host[]>();

/** The servers of a cluster, one for each endpoint or shard; the same list for the same cluster. */
export function hostsOf(cluster: Cluster): readonly Host[] {
  if (cluster.kind !== 'sharded') return cluster.endpoints;
  let hosts = hostsByCluster.get(cluster);
  if (hosts === undefined) {
    hosts = cluster.shards.map(({ name, weight, endpoint }) => ({ ...endpoint, weight, hash_key: name }));
    hostsByCluster.set(cluster, hosts);
  }
  return hosts;
}
