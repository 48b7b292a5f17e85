// Reads that go to servers of which no Envoy finds out that they are away. Pure.

import type { Edits } from '../inventory/edits.ts';
import type { Cluster, Listener } from '../model/objects.ts';
import { listTargets } from '../model/redis-targets.ts';
import type { Objects } from './node-groups.ts';

const isSaid = 'without health_check or outlier_detection a replica that is away fails its reads';

/**
 * One line for each cluster, of those that are read from otherwise than from the primary: edited ones, and those that
 * edited listeners read from.
 * @param objects after the edits.
 */
export function findUncheckedReads(
  edits: Edits,
  { clusters, listeners }: Pick<Objects, 'clusters' | 'listeners'>,
): string[] {
  const edited = edits.clusters.flatMap(({ after }) => (after !== undefined && isUnchecked(after) ? [after] : []));
  // Of the others only who reads from what was edited is of interest, and it costs a look at all of them.
  const readers = edited.length > 0 ? [...listeners.values()] : edits.listeners.flatMap(({ after }) => after ?? []);
  const editedListeners = new Set(edits.listeners.map(({ name }) => name));
  const editedClusters = new Set(edited.map(({ name }) => name));
  const names = [
    ...edited.filter((cluster) => cluster.kind === 'replicated' && cluster.reads !== undefined).map(({ name }) => name),
    ...readers.flatMap((listener) => {
      const isEdited = editedListeners.has(listener.name);
      return findReadFrom(listener).filter((name) => isEdited || editedClusters.has(name));
    }),
  ];
  return [...new Set(names)].flatMap((name) => {
    const cluster = clusters.get(name);
    if (cluster === undefined || !isUnchecked(cluster)) return [];
    return [`cluster ${JSON.stringify(name)}: ${isSaid}`];
  });
}

function findReadFrom(listener: Listener): string[] {
  if (listener.kind === 'tcp' || listener.kind === 'http') return [];
  return listTargets(listener).flatMap(({ cluster, reads = 'primary' }) => (reads === 'primary' ? [] : [cluster]));
}

function isUnchecked({ health_check: check, outlier_detection: detection }: Cluster): boolean {
  return check === undefined && detection === undefined;
}
