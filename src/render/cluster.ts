// A declared cluster as an Envoy cluster that takes its endpoints by EDS, by name, or, a Redis Cluster, from itself.

import type { ServedCluster } from '../inventory/served-cluster.ts';
import { defaultConnectTimeout } from '../model/defaults.ts';
import type { Cluster } from '../model/objects.ts';
import type { PlainMessage } from '../proto/protos.ts';
import type { ApiVersion, Dialect } from '../snapshot/dialect.ts';
import { buildConfigSource } from './config-source.ts';
import { buildDuration } from './duration.ts';
import { buildHealth } from './health.ts';
import { buildLoadBalancing } from './load-balancing.ts';
import { buildNamedHosts, isFoundByName } from './named-hosts.ts';
import type { RenderOptions } from './options.ts';
import { buildUpstreamAuth } from './redis-auth.ts';
import type { ReadPassword } from './redis-auth.ts';
import { buildRedisCluster } from './redis-cluster.ts';
import { buildUpstreamTls } from './tls.ts';

/** Of a {@link ServedCluster} what its message is made of. */
type Described = Pick<ServedCluster, 'name' | 'declared' | 'reads' | 'hosts'>;

/**
 * The same whatever the endpoints are, but for their passwords: a changed one does not touch the cluster, whose
 * connections would close. Only seeds of a Redis Cluster, and servers that are found by name, are in it.
 * @param read undefined: no password is known.
 */
export function buildCluster(
  cluster: Described,
  dialect: Dialect,
  options: RenderOptions,
  read?: ReadPassword,
): PlainMessage {
  const { name, declared, reads } = cluster;
  const { apiVersion } = dialect;
  const connect_timeout = buildDuration(declared.connect_timeout ?? defaultConnectTimeout);
  const { upstream_tls: tls } = declared;
  const upstream = {
    ...buildUpstreamAuth(declared, apiVersion, read),
    ...(tls !== undefined && { transport_socket: buildUpstreamTls(tls, dialect, options.xdsClusterName) }),
  };
  const health = {
    ...buildHealth(declared, apiVersion),
    ...(isPrompt(declared) ? buildPromptRemoval(apiVersion) : {}),
  };
  if (declared.kind === 'redis_cluster') {
    return { name, connect_timeout, ...buildRedisCluster(declared, apiVersion), ...upstream, ...health };
  }
  // The primary is alone in its cluster: there is nobody to choose from.
  const isChosen = declared.kind !== 'replicated' || reads !== undefined;
  return {
    name,
    ...(isFoundByName(cluster)
      ? buildNamedHosts(cluster, apiVersion, options)
      : { type: 'EDS', eds_cluster_config: { eds_config: buildConfigSource(dialect, options.xdsClusterName) } }),
    connect_timeout,
    ...(isChosen ? buildLoadBalancing(declared, apiVersion) : {}),
    ...upstream,
    ...health,
  };
}

// A server that is removed would go on being sent commands as long as its health checks pass. A shard with a new address
// is another host with the same hash key, and a new primary the only one that may be written to: there the old one must
// not stay beside it whoever checks it.
function isPrompt({ kind, health_check: check }: Cluster): boolean {
  return kind === 'sharded' || kind === 'replicated' || check !== undefined;
}

// The field has another name in v2.
function buildPromptRemoval(apiVersion: ApiVersion): PlainMessage {
  return { [apiVersion === 'v2' ? 'drain_connections_on_host_removal' : 'ignore_health_on_host_removal']: true };
}
