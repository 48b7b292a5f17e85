// How Envoy chooses the server of a command: lb_policy and its sizes, which v2 and v3 both have.

import { loadBalancingOf } from '../model/defaults.ts';
import type { Cluster, LoadBalancing, RedisCluster } from '../model/objects.ts';
import type { PlainMessage } from '../proto/protos.ts';
import type { ApiVersion } from '../snapshot/dialect.ts';

// Envoy's own. It is left out: a changed cluster message fails what is in flight, and nothing differs.
const defaultTableSize = 65_537;

/** The part of a Cluster message that says it; empty for Envoy's own policy, round robin. */
export function buildLoadBalancing(cluster: Exclude<Cluster, RedisCluster>, apiVersion: ApiVersion): PlainMessage {
  const policy = loadBalancingOf(cluster);
  switch (policy.policy) {
    case 'round_robin':
      return {};
    case 'random':
      return { lb_policy: 'RANDOM' };
    case 'least_request': {
      const sizes = wrap({ choice_count: policy.choice_count });
      return { lb_policy: 'LEAST_REQUEST', ...(sizes && { least_request_lb_config: sizes }) };
    }
    case 'ring_hash': {
      const sizes = wrap({ minimum_ring_size: policy.min_ring_size, maximum_ring_size: policy.max_ring_size });
      return { lb_policy: 'RING_HASH', ...(sizes && { ring_hash_lb_config: sizes }) };
    }
    case 'maglev': {
      const sizes = apiVersion === 'v3' ? wrap({ table_size: otherTableSize(policy) }) : undefined;
      return { lb_policy: 'MAGLEV', ...(sizes && { maglev_lb_config: sizes }) };
    }
  }
}

/** True when the server of a command, or of a connection with a hash policy, stays while the servers stay. */
export function isHashing(cluster: Cluster): boolean {
  if (cluster.kind === 'redis_cluster') return false;
  const { policy } = loadBalancingOf(cluster);
  return policy === 'maglev' || policy === 'ring_hash';
}

/** What of these clusters Envoys that speak v2 are not told, one line each; they go by their own default. */
export function findPoliciesUnsupportedInV2(clusters: Iterable<Cluster>): string[] {
  return Array.from(clusters).flatMap((cluster) => {
    if (cluster.kind === 'redis_cluster') return [];
    const policy = loadBalancingOf(cluster);
    const size = policy.policy === 'maglev' ? otherTableSize(policy) : undefined;
    if (size === undefined) return [];
    const what = `cluster ${JSON.stringify(cluster.name)}: load_balancing.table_size ${size}`;
    return [`${what}: v2 has no such field, tables have ${defaultTableSize} there`];
  });
}

function otherTableSize({ table_size: size }: Extract<LoadBalancing, { policy: 'maglev' }>): number | undefined {
  return size === defaultTableSize ? undefined : size;
}

// Wrapped numbers (UInt32Value, UInt64Value); undefined when there is none.
function wrap(sizes: Readonly<Record<string, number | undefined>>): PlainMessage | undefined {
  const given = Object.entries(sizes).filter(([, value]) => value !== undefined);
  return given.length === 0 ? undefined : Object.fromEntries(given.map(([name, value]) => [name, { value }]));
}
