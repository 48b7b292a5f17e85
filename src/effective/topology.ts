// Who takes the writes of a replicated cluster, and who there is, or which seeds a Redis Cluster has, where that is seen
// and not declared. Pure.

import { Latest } from '../collections/latest.ts';
import { compareServers } from '../model/canonical.ts';
import type { Cluster, Endpoint, RedisCluster, ReplicatedCluster } from '../model/objects.ts';
import { parseServerAddress, serverNameOf } from '../net/address.ts';

/** Servers are ADDRESS:PORT as Envoys connect to them. */
export interface Topology {
  /** Undefined: nobody, as long as the old one is kept from taking writes; always of a Redis Cluster. */
  readonly primary: string | undefined;
  /** The primary among them, in order of their text. */
  readonly servers: readonly string[];
}

/** By the name of the cluster. */
export type Topologies = ReadonlyMap<string, Topology>;

const latest = new Latest<Cluster, Cluster>();

/**
 * The cluster with these servers in place of what is declared; a server that is declared too keeps what is said of it.
 * The same object while the topology says the same; the cluster itself where it says what is declared.
 */
export function withTopology(cluster: Cluster, topology: Topology | undefined): Cluster {
  if (topology === undefined || (cluster.kind !== 'replicated' && cluster.kind !== 'redis_cluster')) return cluster;
  if (isSameTopology(declaredTopology(cluster), topology)) return cluster;
  return latest.get(cluster, JSON.stringify(topology), () => substitute(cluster, topology));
}

const latestWhole = new Latest<Cluster, Cluster>();

/**
 * Of a cluster with a topology: with the servers besides that are declared, or strays, and not in it now: they are looked
 * at too, for nobody else would see that they are back.
 */
export function withAllToWatch(cluster: Cluster, declared: Cluster | undefined, strays: readonly string[] = []): Cluster {
  if (cluster.kind !== 'replicated' || declared?.kind !== 'replicated') return cluster;
  if (cluster === declared && strays.length === 0) return cluster;
  const there = new Set(cluster.endpoints.map(serverNameOf));
  const others = new Map([...strays.map(endpointOf), ...declared.endpoints].map((each) => [serverNameOf(each), each]));
  const missing = Array.from(others.values()).filter((endpoint) => !there.has(serverNameOf(endpoint)));
  if (missing.length === 0) return cluster;
  const endpoints = [...cluster.endpoints, ...missing].sort(compareServers);
  return latestWhole.get(cluster, missing.map(serverNameOf).join(' '), () => ({ ...cluster, endpoints }));
}

/** What is declared, as a topology. */
export function declaredTopology(cluster: ReplicatedCluster | RedisCluster): Topology {
  const primary = cluster.kind === 'replicated' ? cluster.primary : undefined;
  return { primary, servers: cluster.endpoints.map(serverNameOf).sort() };
}

export function isSameTopology(a: Topology | undefined, b: Topology | undefined): boolean {
  return a?.primary === b?.primary && a?.servers.join() === b?.servers.join();
}

function substitute(cluster: ReplicatedCluster | RedisCluster, { primary, servers }: Topology): Cluster {
  const declared = new Map(cluster.endpoints.map((endpoint) => [serverNameOf(endpoint), endpoint]));
  const endpoints = servers.map((server) => declared.get(server) ?? endpointOf(server)).sort(compareServers);
  return cluster.kind === 'replicated' ? { ...cluster, primary, endpoints } : { ...cluster, endpoints };
}

function endpointOf(server: string): Endpoint {
  const { host, port } = parseServerAddress(server);
  return { address: host, port };
}
