// A cluster without the servers that orders leave out. Pure. No server that is out comes back by a panic threshold,
// since Envoys know nothing of it; and to be taken out of an assignment lets it answer what it was asked before.

import { Latest } from '../collections/latest.ts';
import { primaryOfShard, withoutServer } from '../model/shard.ts';
import { isPrimary } from '../model/primary.ts';
import type { Cluster, ReplicatedCluster, Shard } from '../model/objects.ts';
import { serverNameOf } from '../net/address.ts';
import type { Orders } from './standing.ts';

/** The names of servers, by the name of their cluster; no set is empty. */
export type LeftOut = ReadonlyMap<string, ReadonlySet<string>>;

export const nobodyLeftOut: LeftOut = new Map();

/** Of all these orders: see {@link standingAt}. */
export function leftOutBy(orders: Orders): LeftOut {
  const found = new Map<string, Set<string>>();
  for (const { cluster, server } of orders) {
    const known = found.get(cluster);
    if (known === undefined) found.set(cluster, new Set([server]));
    else known.add(server);
  }
  return found;
}

const latest = new Latest<Cluster, Cluster>();

/**
 * The same object for the same servers, and the cluster itself when it has none of them. A replicated cluster, or a
 * shard, without its primary has nobody who takes commands. The seeds of a Redis Cluster are no servers to be left out:
 * where its keys are, it says itself.
 */
export function leaveOut(cluster: Cluster, servers: ReadonlySet<string> | undefined): Cluster {
  if (servers === undefined || cluster.kind === 'redis_cluster') return cluster;
  return latest.get(cluster, [...servers].sort().join(' '), () => without(cluster, servers));
}

function without(cluster: Exclude<Cluster, { readonly kind: 'redis_cluster' }>, servers: ReadonlySet<string>): Cluster {
  const stays = (server: { readonly address: string; readonly port: number }): boolean => {
    return !servers.has(serverNameOf(server));
  };
  if (cluster.kind === 'sharded') {
    const shards = cluster.shards.map((shard) => withoutInShard(shard, stays));
    return shards.every((shard, index) => shard === cluster.shards[index]) ? cluster : { ...cluster, shards };
  }
  const endpoints = cluster.endpoints.filter(stays);
  if (endpoints.length === cluster.endpoints.length) return cluster;
  if (cluster.kind !== 'replicated') return { ...cluster, endpoints };
  return { ...cluster, endpoints, primary: primaryAmong(cluster, endpoints) };
}

function primaryAmong(
  { primary }: ReplicatedCluster,
  endpoints: ReplicatedCluster['endpoints'],
): ReplicatedCluster['primary'] {
  return endpoints.some((each) => isPrimary({ primary }, each)) ? primary : undefined;
}

function withoutInShard(shard: Shard, stays: (server: NonNullable<Shard['endpoint']>) => boolean): Shard {
  if (shard.endpoint === undefined) {
    const endpoints = shard.endpoints.filter(stays);
    return endpoints.length === shard.endpoints.length ? shard : { ...shard, endpoints };
  }
  if (stays(shard.endpoint)) return shard;
  return withoutServer(shard);
}

/** Whether the server takes the commands of its shard. */
export function isOfShard(shard: Shard, server: string): boolean {
  const primary = primaryOfShard(shard);
  return primary !== undefined && serverNameOf(primary) === server;
}
