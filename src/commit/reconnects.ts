// Changes of a cluster that make Envoys connect to its servers anew, where one would not think so: endpoints come by
// another way, and cost nothing.

import { serversOf } from '../inventory/cluster.ts';
import { panicThresholdOf } from '../model/health-defaults.ts';
import type { Cluster } from '../model/objects.ts';
import { isServerName } from '../net/address.ts';

/** One line; undefined: nobody reconnects for it. */
export function describeReconnect(before: Cluster, after: Cluster): string | undefined {
  if (contentOfCluster(before) === contentOfCluster(after)) return undefined;
  return (
    `cluster ${JSON.stringify(after.name)}: Envoys connect to its servers anew, and commands that wait for an answer ` +
    'fail: health checks, servers with names, and a redis_cluster can only be changed so'
  );
}

// Labels are in no message.
function contentOfCluster(cluster: Cluster): string {
  const { kind, health_check, outlier_detection } = cluster;
  const isListed = kind === 'redis_cluster' || serversOf(cluster).some(({ address }) => isServerName(address));
  const servers = isListed && [
    'primary' in cluster && cluster.primary,
    serversOf(cluster).map(({ labels: _, ...server }) => server),
  ];
  const own = kind === 'redis_cluster' && [cluster.refresh, cluster.connect_timeout];
  return JSON.stringify([servers, own, health_check, outlier_detection, panicThresholdOf(cluster)]);
}
