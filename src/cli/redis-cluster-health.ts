// What `controlplane health` prints of Redis Clusters: a line for each node, and what there is to say of the whole.

import type { HealthMessage, RedisClusterMessage, RedisClusterNodeMessage } from '../api/v2/messages.ts';
import type { Context } from './context.ts';
import { paint } from './output.ts';
import type { Color } from './output.ts';
import { toPrintable } from './printable.ts';
import { renderTable } from './table.ts';

const colors: Readonly<Record<RedisClusterNodeMessage['state'], Color>> = {
  online: 'green',
  loading: 'yellow',
  fail: 'red',
};

const maxShownRanges = 3;

/** Lines; none where no Redis Cluster is watched. */
export function renderRedisClusters(context: Context, { clusters }: HealthMessage): string[] {
  const found = clusters.flatMap(({ name, redis_cluster: cluster }) => (cluster === undefined ? [] : [{ name, cluster }]));
  const rows = found.flatMap(({ name, cluster }) => {
    return cluster.nodes.map((node) => [
      paint(context, colors[node.state], node.state),
      ...[name, node.address ?? '?', ...cellsOf(node, cluster)].map(toPrintable),
    ]);
  });
  const header = ['NODE', 'CLUSTER', 'ADDRESS', 'ROLE', 'SLOTS', 'REPLICA OF', 'ID', 'WHY'];
  const tables = rows.length === 0 ? [] : [...renderTable([header, ...rows]), ''];
  return [...tables, ...found.flatMap(({ name, cluster }) => describe(name, cluster)).map(toPrintable)];
}

/** True when each slot is somebody's, and every node in service. */
export function isWhole({ state, nodes, uncovered_slots: uncovered }: RedisClusterMessage): boolean {
  return state === 'ok' && uncovered?.count === 0 && nodes.every((node) => node.state !== 'fail');
}

function cellsOf({ role, slots, replica_of: of, id, reason = '' }: RedisClusterNodeMessage, cluster: RedisClusterMessage): string[] {
  const primary = cluster.nodes.find((node) => node.id === of);
  return [role, describeSlots(slots), primary?.address ?? of ?? '', id, reason];
}

function describeSlots({ count, ranges }: RedisClusterNodeMessage['slots']): string {
  if (count === 0) return '';
  const more = ranges.length > maxShownRanges ? [`and ${ranges.length - maxShownRanges} more`] : [];
  return `${count}: ${[...ranges.slice(0, maxShownRanges), ...more].join(' ')}`;
}

function describe(name: string, cluster: RedisClusterMessage): string[] {
  const { state, nodes, uncovered_slots: uncovered, differing, foreign, seeds, seeds_replaced: replaced } = cluster;
  const failed = nodes.filter((node) => node.state === 'fail').length;
  const whole = [
    `state ${state}`,
    ...(nodes.length === 0 ? ['no node answers'] : [`${nodes.length} nodes, ${failed} given up`]),
    ...(uncovered === undefined ? [] : [uncovered.count === 0 ? 'every slot has a server' : `nobody has ${describeSlots(uncovered)}`]),
  ];
  const lost = seeds.filter(({ reason }) => reason !== undefined);
  return [
    `${name}: ${whole.join('; ')}`,
    `${name}: seeds ${seeds.map(({ address }) => address).join(', ')}`,
    ...lost.map(({ address, reason = '' }) => `${name}: seed ${address} is of no use now: ${reason}`),
    ...(replaced === undefined ? [] : [`${name}: not the seeds that are declared, since ${replaced.since}: ${replaced.why}`]),
    ...(differing.length === 0 ? [] : [`${name}: something else is said at ${differing.join(', ')}`]),
    ...(foreign.length === 0 ? [] : [`${name}: a node of another cluster answers at ${foreign.join(', ')}`]),
  ];
}
