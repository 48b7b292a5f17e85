// What is seen of the servers of replicated clusters, by the names that are declared: it is seen at the addresses that the
// names lead to. Pure.

import { sentinelOf } from '../model/failover-defaults.ts';
import type { Cluster, ReplicatedCluster } from '../model/objects.ts';
import { formatAddress, isServerName, serverNameOf } from '../net/address.ts';
import { hostNamesOf } from './addresses.ts';
import type { Addresses } from './addresses.ts';
import type { Seen, SeenServer } from './seen.ts';

type Servers = ReadonlyMap<string, SeenServer>;

interface Known {
  readonly cluster: Cluster;
  readonly addresses: Addresses;
  readonly servers: Servers;
}

const known = new WeakMap<Servers, Known>();

/**
 * The same object while no cluster has such names, and of a cluster while nothing else is seen. Those whose servers
 * Sentinels name are seen as they name them.
 */
export function seenByName(seen: Seen, find: (name: string) => Cluster | undefined, addresses: Addresses): Seen {
  const found = Array.from(seen).flatMap(([name, servers]) => {
    const cluster = find(name);
    if (cluster?.kind !== 'replicated' || hostNamesOf(cluster).length === 0) return [];
    return sentinelOf(cluster) === undefined ? [[name, byNameOf(cluster, servers, addresses)] as const] : [];
  });
  return found.length === 0 ? seen : new Map([...seen, ...found]);
}

function byNameOf(cluster: ReplicatedCluster, servers: Servers, addresses: Addresses): Servers {
  const last = known.get(servers);
  if (last?.cluster === cluster && last.addresses === addresses) return last.servers;
  const renamed = new Map(servers);
  for (const endpoint of cluster.endpoints) {
    const [host, ...more] = isServerName(endpoint.address) ? (addresses.get(endpoint.address) ?? []) : [];
    // A name of several servers says nothing of one.
    if (host === undefined || more.length > 0) continue;
    const address = formatAddress({ host, port: endpoint.port });
    const server = servers.get(address);
    if (server === undefined) continue;
    renamed.delete(address);
    renamed.set(serverNameOf(endpoint), server);
  }
  known.set(servers, { cluster, addresses, servers: renamed });
  return renamed;
}
