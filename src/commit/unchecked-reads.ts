// Reads that go to servers of which no Envoy finds out that they are away. Pure.

import type { Clusters } from '../inventory/cluster.ts';
import type { Edits } from '../inventory/edits.ts';
import type { Cluster, Listener } from '../model/objects.ts';

const isSaid = 'without health_check or outlier_detection a replica that is away fails its reads';

/**
 * One line for each cluster, of those that are read from otherwise than from the primary by what the edits declare.
 * @param clusters after the edits.
 */
export function findUncheckedReads(edits: Edits, clusters: Clusters): string[] {
  const isReadFrom = (after: Cluster | undefined): boolean => after?.kind === 'replicated' && after.reads !== undefined;
  const names = [
    ...edits.clusters.filter(({ after }) => isReadFrom(after)).map(({ name }) => name),
    ...edits.listeners.flatMap(({ after }) => (after === undefined ? [] : findReadFrom(after))),
  ];
  return [...new Set(names)].flatMap((name) => {
    const cluster = clusters.get(name);
    if (cluster === undefined || isChecked(cluster)) return [];
    return [`cluster ${JSON.stringify(name)}: ${isSaid}`];
  });
}

function findReadFrom(listener: Listener): string[] {
  if (listener.kind === 'tcp' || listener.kind === 'http' || typeof listener.routes !== 'object') return [];
  return listener.routes.flatMap(({ cluster, reads = 'primary' }) => (reads === 'primary' ? [] : [cluster]));
}

function isChecked({ health_check: check, outlier_detection: detection }: Cluster): boolean {
  return check !== undefined || detection !== undefined;
}
