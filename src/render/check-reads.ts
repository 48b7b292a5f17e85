// What a Redis listener says of reads and Envoy would not heed, or heed wrongly.

import type { Cluster, RedisListener } from '../model/objects.ts';
import { clustersOf, describeTarget, listTargets } from '../model/redis-targets.ts';
import type { RenderOptions } from './options.ts';
import { findRedisRoutes } from './redis-proxy.ts';
import { leadsToRedisCluster } from './redis-reads.ts';

type Clusters = ReadonlyMap<string, Cluster>;

// Why no route to a cluster of another kind says which servers answer reads.
const reasons: Readonly<Record<Exclude<Cluster['kind'], 'replicated' | undefined>, string>> = {
  plain: 'any of its servers answers reads as it is',
  sharded:
    'when the replica of one shard fails, Envoy would look for its keys in another shard, which answers that there are ' +
    'none',
  redis_cluster: "Envoy has one policy for all Redis Clusters of a listener, the listener's read_policy",
};

/** One line each. */
export function findReadProblems(listener: RedisListener, clusters: Clusters, options: RenderOptions): string[] {
  const misplaced = listTargets(listener).flatMap((target) => {
    const { cluster: name, reads } = target;
    const cluster = clusters.get(name);
    if (reads === undefined || reads === 'primary') return [];
    if (cluster === undefined || cluster.kind === 'replicated') return [];
    const { kind = 'plain' } = cluster;
    const what = `reads ${reads}: cluster ${JSON.stringify(name)} is ${kind}, not replicated`;
    return [`${describeTarget(target)}: ${what}: ${reasons[kind]}`];
  });
  return [...misplaced, ...findPolicyProblem(listener, clusters, options)];
}

// With routes by the prefixes of the clusters a Redis Cluster may come any time.
function findPolicyProblem(listener: RedisListener, clusters: Clusters, { redisCatchAll }: RenderOptions): string[] {
  if (listener.read_policy === undefined || typeof listener.routes !== 'object') return [];
  const { routes, catchAll } = findRedisRoutes(listener, clusters, redisCatchAll);
  const names = [...routes, ...(catchAll === undefined ? [] : [catchAll])].flatMap(clustersOf);
  if (leadsToRedisCluster(names, clusters)) return [];
  return [`read_policy ${listener.read_policy}: Envoy heeds it for Redis Clusters only, and the listener leads to none`];
}
