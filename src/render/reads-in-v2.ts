// What of clusters with replicas Envoys that speak v2 are not told.

import type { Cluster, Listener } from '../model/objects.ts';
import { describeTarget, listTargets } from '../model/redis-targets.ts';

const onlyPrimary = 'v2 has no such field, reads go to the primary there';
const isAwaited = 'an Envoy that speaks v2 takes no listener before a seed has answered: v2 has no field for it';

/** One line each. */
export function findReadsUnsupportedInV2(clusters: readonly Cluster[], listeners: readonly Listener[]): string[] {
  const ofClusters = clusters.flatMap((cluster) => {
    const what = `cluster ${JSON.stringify(cluster.name)}`;
    if (cluster.kind === 'redis_cluster') return [`${what}: ${isAwaited}`];
    return cluster.kind === 'replicated' && cluster.reads !== undefined
      ? [`${what}: reads ${cluster.reads}: ${onlyPrimary}`]
      : [];
  });
  return [...ofClusters, ...listeners.flatMap(findOfListener)];
}

function findOfListener(listener: Listener): string[] {
  if (listener.kind === 'tcp' || listener.kind === 'http') return [];
  return listTargets(listener).flatMap((target) => {
    const { reads = 'primary' } = target;
    if (reads === 'primary') return [];
    const where = `listener ${JSON.stringify(listener.name)}: ${describeTarget(target)}`;
    return [`${where}: reads ${reads}: ${onlyPrimary}`];
  });
}
