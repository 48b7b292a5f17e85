// What a Redis listener says of reads: by route, to a replicated cluster, and once for all Redis Clusters.

import type { Routable } from '../inventory/cluster.ts';
import { readClusterName } from '../inventory/read-clusters.ts';
import type { RedisListener, RedisRoute } from '../model/objects.ts';
import type { PlainMessage } from '../proto/protos.ts';
import type { ApiVersion } from '../snapshot/dialect.ts';

type Clusters = ReadonlyMap<string, Routable>;

type Reads = NonNullable<RedisRoute['reads']>;

// Envoy's words are older.
const policies: Readonly<Record<NonNullable<RedisListener['read_policy']>, string>> = {
  primary: 'MASTER',
  prefer_primary: 'PREFER_MASTER',
  replica: 'REPLICA',
  prefer_replica: 'PREFER_REPLICA',
  any: 'ANY',
};

/** Which servers answer the reads of a route: as it says itself, else as its cluster does. */
export function readsOf(route: Pick<RedisRoute, 'cluster' | 'reads'>, clusters: Clusters): Reads {
  const { kind, reads = 'primary' } = clusters.get(route.cluster) ?? {};
  return kind === 'replicated' ? (route.reads ?? reads) : 'primary';
}

/** The part of a route that says where its reads go; empty: where its writes do. The v2 API has no such field. */
export function buildReadPolicy(
  route: Pick<RedisRoute, 'cluster' | 'reads'>,
  clusters: Clusters,
  apiVersion: ApiVersion,
): PlainMessage {
  const reads = readsOf(route, clusters);
  if (reads === 'primary' || apiVersion === 'v2') return {};
  return { read_command_policy: { cluster: readClusterName(route.cluster, reads) } };
}

/**
 * The part of the settings that a listener has which leads to Redis Clusters; empty for one that leads to none. Without
 * redirection clients would be told of slots that move.
 */
export function buildRedisClusterSettings(
  { read_policy: policy = 'primary' }: RedisListener,
  names: Iterable<string>,
  clusters: Clusters,
): PlainMessage {
  if (!leadsToRedisCluster(names, clusters)) return {};
  return { enable_redirection: true, ...(policy === 'primary' ? {} : { read_policy: policies[policy] }) };
}

export function leadsToRedisCluster(names: Iterable<string>, clusters: Clusters): boolean {
  return Array.from(names).some((name) => clusters.get(name)?.kind === 'redis_cluster');
}

/** True when listeners that lead to the cluster may be rendered otherwise. */
export function isReadOtherwise(before: Routable | undefined, after: Routable | undefined): boolean {
  return before?.kind !== after?.kind || before?.reads !== after?.reads;
}
