// Who takes the writes of a replicated cluster, and who there is, where that is seen and not declared. Pure.

import { Latest } from '../collections/latest.ts';
import { compareServers } from '../model/canonical.ts';
import type { Cluster, Endpoint, ReplicatedCluster } from '../model/objects.ts';
import { parseServerAddress, serverNameOf } from '../net/address.ts';

/** Servers are ADDRESS:PORT as Envoys connect to them. */
export interface Topology {
  /** Undefined: nobody, as long as the old one is kept from taking writes. */
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
  if (topology === undefined || cluster.kind !== 'replicated') return cluster;
  if (isSameTopology(declaredTopology(cluster), topology)) return cluster;
  return latest.get(cluster, JSON.stringify(topology), () => substitute(cluster, topology));
}

/** What is declared, as a topology. */
export function declaredTopology({ primary, endpoints }: ReplicatedCluster): Topology {
  return { primary, servers: endpoints.map(serverNameOf).sort() };
}

export function isSameTopology(a: Topology | undefined, b: Topology | undefined): boolean {
  return a?.primary === b?.primary && a?.servers.join() === b?.servers.join();
}

function substitute(cluster: ReplicatedCluster, { primary, servers }: Topology): ReplicatedCluster {
  const declared = new Map(cluster.endpoints.map((endpoint) => [serverNameOf(endpoint), endpoint]));
  const endpoints = servers.map((server) => declared.get(server) ?? endpointOf(server)).sort(compareServers);
  return { ...cluster, primary, endpoints };
}

function endpointOf(server: string): Endpoint {
  const { host, port } = parseServerAddress(server);
  return { address: host, port };
}
