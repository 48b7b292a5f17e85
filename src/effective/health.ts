// A cluster with the servers marked that are not to be sent commands for their health, and which servers of it take each
// other's place. Pure.

import type { Cluster, Endpoint, Shard } from '../model/objects.ts';
import { hasFixedPlacement } from '../model/health-defaults.ts';
import { isPrimary } from '../model/primary.ts';
import { serversOfShard } from '../model/shard.ts';
import { formatAddress } from '../net/address.ts';

interface Server {
  readonly address: string;
  readonly port: number;
}

/**
 * The servers of which some may be left out for their health, as ADDRESS:PORT in order; empty: none may. Nobody stands in
 * for a primary, and for a shard only where its keys may go to others.
 */
export function replaceableServers(cluster: Cluster): readonly string[] {
  switch (cluster.kind) {
    case 'redis_cluster':
      return [];
    case 'sharded':
      return hasFixedPlacement(cluster) ? [] : cluster.shards.flatMap(serversOfShard).map(nameOf);
    case 'replicated':
      return cluster.endpoints.filter((endpoint) => !isPrimary(cluster, endpoint)).map(nameOf);
    default:
      return cluster.endpoints.map(nameOf);
  }
}

const latest = new WeakMap<Cluster, { readonly out: string; readonly cluster: Cluster }>();

/** @param out servers, as ADDRESS:PORT. The same object while they stay; the cluster itself while there are none. */
export function withHealth(cluster: Cluster, out: ReadonlySetLike<string> | undefined): Cluster {
  if (out === undefined || out.size === 0 || cluster.kind === 'redis_cluster') return cluster;
  const text = [...namesOf(out)].sort().join(' ');
  const last = latest.get(cluster);
  if (last?.out === text) return last.cluster;
  const made = mark(cluster, out);
  latest.set(cluster, { out: text, cluster: made });
  return made;
}

// By its default Envoy sends commands to all servers again when less than half are healthy: of those that are out no more
// are shown than there are others, and the rest is not in the assignment at all.
function mark(cluster: Exclude<Cluster, { readonly kind: 'redis_cluster' }>, out: ReadonlySetLike<string>): Cluster {
  const servers = replaceableServers(cluster);
  const gone = servers.filter((server) => out.has(server));
  const hidden = new Set(gone.slice(servers.length - gone.length));
  const markAll = <T extends Endpoint>(all: readonly T[]): T[] => {
    const shown = all.filter((server) => !hidden.has(nameOf(server)));
    return shown.map((server) => (out.has(nameOf(server)) ? { ...server, health: 'unhealthy' } : server));
  };
  if (cluster.kind !== 'sharded') return { ...cluster, endpoints: markAll(cluster.endpoints) };
  const shards = cluster.shards.map((shard): Shard => {
    if (shard.endpoint === undefined) return { ...shard, endpoints: markAll(shard.endpoints) };
    const [endpoint] = markAll([shard.endpoint]);
    if (endpoint !== undefined) return { ...shard, endpoint };
    const { endpoint: left, ...rest } = shard;
    return { ...rest, primary: nameOf(left), endpoints: [] };
  });
  return { ...cluster, shards };
}

function* namesOf(out: ReadonlySetLike<string>): Iterable<string> {
  const names = out.keys();
  for (let next = names.next(); next.done !== true; next = names.next()) yield next.value;
}

function nameOf({ address: host, port }: Server): string {
  return formatAddress({ host, port });
}
