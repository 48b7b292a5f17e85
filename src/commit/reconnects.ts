// Changes of a cluster that make Envoys connect to its servers anew, where one would not think so: endpoints come by
// another way, and cost nothing.

import { hasNamesForEnvoys, serversOf } from '../inventory/cluster.ts';
import { defaultConnectTimeout, loadBalancingOf } from '../model/defaults.ts';
import { panicThresholdOf } from '../model/health-defaults.ts';
import type { Cluster } from '../model/objects.ts';

/** One line; undefined: nobody reconnects for it. */
export function describeReconnect(before: Cluster, after: Cluster): string | undefined {
  if (contentOfCluster(before) === contentOfCluster(after)) return undefined;
  return (
    `cluster ${JSON.stringify(after.name)}: Envoys connect to its servers anew, and commands that wait for an answer ` +
    'fail: only endpoints with addresses come and go without that, and not in a redis_cluster'
  );
}

// What its message is made of. How Envoys authenticate is told by itself, see findAuthChanges.
function contentOfCluster(cluster: Cluster): string {
  const isListed = cluster.kind === 'redis_cluster' || hasNamesForEnvoys(cluster);
  const servers = isListed && [
    'primary' in cluster && cluster.primary,
    serversOf(cluster).map(({ labels: _, upstream_auth: __, ...server }) => server),
  ];
  const { connect_timeout, upstream_tls, health_check, outlier_detection } = cluster;
  const checks = [health_check, outlier_detection, panicThresholdOf(cluster)];
  const own = cluster.kind === 'redis_cluster' ? cluster.refresh : loadBalancingOf(cluster);
  return JSON.stringify([cluster.kind, servers, own, connect_timeout ?? defaultConnectTimeout, upstream_tls, checks]);
}
