// What is known of a Redis Cluster, as answers about health have it.

import type { RedisClusterStatus } from '../../commit/desk.ts';
import type { RedisClusterMessage, RedisClusterNodeMessage } from './messages.ts';

export function buildRedisCluster(status: RedisClusterStatus): RedisClusterMessage {
  const { state, epoch, nodes, uncovered, differing, foreign, seeds, replaced } = status;
  return {
    state,
    ...(epoch !== undefined && { epoch }),
    nodes: nodes.map(buildNode),
    ...(uncovered !== undefined && { uncovered_slots: copyOf(uncovered) }),
    differing: [...differing],
    foreign: [...foreign],
    seeds: seeds.map(({ address, failure }) => ({ address, ...(failure !== undefined && { reason: failure }) })),
    ...(replaced !== undefined && {
      seeds_replaced: { since: new Date(replaced.sinceMs).toISOString(), why: replaced.why },
    }),
  };
}

function buildNode(node: RedisClusterStatus['nodes'][number]): RedisClusterNodeMessage {
  const { id, address, role, state, slots, follows, failure } = node;
  return {
    id,
    ...(address !== undefined && { address }),
    role,
    state,
    slots: copyOf(slots),
    ...(follows !== undefined && { replica_of: follows }),
    ...(failure !== undefined && { reason: failure }),
  };
}

function copyOf({ count, ranges }: RedisClusterStatus['nodes'][number]['slots']): RedisClusterNodeMessage['slots'] {
  return { count, ranges: [...ranges] };
}
