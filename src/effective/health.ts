// A cluster with the servers marked that are not to be sent commands for their health, and which servers of it take each
// other's place. Pure.

import { Latest } from '../collections/latest.ts';
import type { Cluster, Endpoint, Shard } from '../model/objects.ts';
import { hasFixedPlacement } from '../model/health-defaults.ts';
import { isPrimary } from '../model/primary.ts';
import { serversOfShard, withoutServer } from '../model/shard.ts';
import { serverNameOf } from '../net/address.ts';

/** Servers, as ADDRESS:PORT. */
type Names = ReadonlySet<string> | ReadonlyMap<string, unknown>;

/**
 * The servers of which some may be left out for their health, as ADDRESS:PORT in order; empty: none may. Nobody stands in
 * for a primary, and for a shard only where its keys may go to others.
 */
export function replaceableServers(cluster: Cluster): readonly string[] {
  switch (cluster.kind) {
    case 'redis_cluster':
      return [];
    case 'sharded':
      return hasFixedPlacement(cluster) ? [] : cluster.shards.flatMap(serversOfShard).map(serverNameOf);
    case 'replicated':
      return cluster.endpoints.filter((endpoint) => !isPrimary(cluster, endpoint)).map(serverNameOf);
    default:
      return cluster.endpoints.map(serverNameOf);
  }
}

const latest = new Latest<Cluster, Cluster>();

/** The same object while they stay; the cluster itself while there are none. */
export function withHealth(cluster: Cluster, out: Names | undefined): Cluster {
  if (out === undefined || out.size === 0 || cluster.kind === 'redis_cluster') return cluster;
  return latest.get(cluster, [...out.keys()].sort().join(' '), () => mark(cluster, out));
}

// By its default Envoy sends commands to all servers again when less than half are healthy: of those that are out no more
// are shown than there are others, and the rest is not in the assignment at all.
function mark(cluster: Exclude<Cluster, { readonly kind: 'redis_cluster' }>, out: Names): Cluster {
  const servers = replaceableServers(cluster);
  const gone = servers.filter((server) => out.has(server));
  const hidden = new Set(gone.slice(servers.length - gone.length));
  const markAll = <T extends Endpoint>(all: readonly T[]): T[] => {
    const shown = all.filter((server) => !hidden.has(serverNameOf(server)));
    return shown.map((server) => (out.has(serverNameOf(server)) ? { ...server, health: 'unhealthy' } : server));
  };
  if (cluster.kind !== 'sharded') return { ...cluster, endpoints: markAll(cluster.endpoints) };
  const shards = cluster.shards.map((shard): Shard => {
    if (shard.endpoint === undefined) return { ...shard, endpoints: markAll(shard.endpoints) };
    const [endpoint] = markAll([shard.endpoint]);
    return endpoint === undefined ? withoutServer(shard) : { ...shard, endpoint };
  });
  return { ...cluster, shards };
}
