// A Redis Cluster: Envoy asks its seeds for the topology, and sends each command to the server that has the key's slot.

import { refreshOf } from '../model/defaults.ts';
import type { RedisCluster } from '../model/objects.ts';
import { isServerName } from '../net/address.ts';
import { encodeMessage } from '../proto/protos.ts';
import type { PlainMessage } from '../proto/protos.ts';
import { typeUrlOf } from '../snapshot/dialect.ts';
import type { ApiVersion } from '../snapshot/dialect.ts';
import { buildDuration } from './duration.ts';
import { buildLoadAssignment } from './load-assignment.ts';
import { buildLookup } from './named-hosts.ts';

const clusterType = 'envoy.clusters.redis';

const configMessage: Readonly<Record<ApiVersion, string>> = {
  v2: 'envoy.config.cluster.redis.RedisClusterConfig',
  v3: 'envoy.extensions.clusters.redis.v3.RedisClusterConfig',
};

/** The part of its Cluster message that tells it from others. Its load balancing must be said: Envoy takes any. */
export function buildRedisCluster(cluster: RedisCluster, apiVersion: ApiVersion): PlainMessage {
  const message = configMessage[apiVersion];
  const typedConfig = { type_url: typeUrlOf(message), value: encodeMessage(message, buildConfig(cluster)) };
  return {
    cluster_type: { name: clusterType, typed_config: typedConfig },
    lb_policy: 'CLUSTER_PROVIDED',
    ...(cluster.endpoints.some(({ address }) => isServerName(address)) && buildLookup(apiVersion)),
    load_assignment: buildLoadAssignment(cluster.name, cluster.endpoints),
    // Else Envoy asks for no listener as long as no seed answers, and holds back the ACKs of all clusters.
    ...(apiVersion === 'v3' && { wait_for_warm_on_init: { value: false } }),
  };
}

function buildConfig(cluster: RedisCluster): PlainMessage {
  const refresh = refreshOf(cluster);
  return {
    cluster_refresh_rate: buildDuration(refresh.rate),
    cluster_refresh_timeout: buildDuration(refresh.timeout),
    redirect_refresh_interval: buildDuration(refresh.redirect_interval),
    redirect_refresh_threshold: { value: refresh.redirect_threshold },
    failure_refresh_threshold: refresh.failure_threshold,
    host_degraded_refresh_threshold: refresh.degraded_threshold,
  };
}
