// A declared cluster as an Envoy cluster that takes its endpoints by EDS.

import { defaultConnectTimeout } from '../model/defaults.ts';
import type { Cluster } from '../model/objects.ts';
import type { PlainMessage } from '../proto/protos.ts';
import type { ApiVersion, Dialect } from '../snapshot/dialect.ts';
import { buildConfigSource } from './config-source.ts';
import { buildDuration } from './duration.ts';
import { buildLoadBalancing } from './load-balancing.ts';
import { buildUpstreamAuth } from './redis-auth.ts';
import type { ReadPassword } from './redis-auth.ts';
import { buildUpstreamTls } from './tls.ts';

/**
 * The same whatever the endpoints are, but for their passwords: a changed one does not touch the cluster, whose
 * connections would close.
 */
export function buildCluster(
  cluster: Cluster,
  dialect: Dialect,
  xdsClusterName: string,
  read: ReadPassword,
): PlainMessage {
  const { upstream_tls: tls } = cluster;
  return {
    name: cluster.name,
    type: 'EDS',
    eds_cluster_config: { eds_config: buildConfigSource(dialect, xdsClusterName) },
    connect_timeout: buildDuration(cluster.connect_timeout ?? defaultConnectTimeout),
    ...buildLoadBalancing(cluster, dialect.apiVersion),
    ...buildUpstreamAuth(cluster, dialect.apiVersion, read),
    ...(cluster.kind === 'sharded' ? buildPromptRemoval(dialect.apiVersion) : {}),
    ...(tls !== undefined && { transport_socket: buildUpstreamTls(tls, dialect, xdsClusterName) }),
  };
}

// A shard with a new address is another host with the same hash key: the old one must not stay beside it because its
// health checks still pass, or Envoys differ in who has the keys. The field has another name in v2.
function buildPromptRemoval(apiVersion: ApiVersion): PlainMessage {
  return { [apiVersion === 'v2' ? 'drain_connections_on_host_removal' : 'ignore_health_on_host_removal']: true };
}
