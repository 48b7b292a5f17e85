// Envoy's tcp_proxy: a connection is joined to one server for its life, whatever is said on it.

import { defaultIdleTimeout } from '../model/defaults.ts';
import type { TcpListener } from '../model/objects.ts';
import type { PlainMessage } from '../proto/protos.ts';
import type { ApiVersion } from '../snapshot/dialect.ts';
import { buildDuration } from './duration.ts';
import type { NetworkFilter } from './listener.ts';

export const tcpProxyFilter: Readonly<Record<ApiVersion, NetworkFilter>> = {
  v2: { name: 'envoy.tcp_proxy', message: 'envoy.config.filter.network.tcp_proxy.v2.TcpProxy' },
  v3: { name: 'envoy.filters.network.tcp_proxy', message: 'envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy' },
};

/**
 * The TcpProxy message. When the cluster has no server its host is the stand-in (docs/adr/0017): a Redis client is told
 * `no upstream host` by it, in Redis' own protocol, which is the one that these listeners are for. v2 has no limit for
 * the age of a connection.
 */
export function buildTcpProxy(listener: TcpListener, apiVersion: ApiVersion): PlainMessage {
  const { name, cluster, idle_timeout: idleTimeout = defaultIdleTimeout, max_connect_attempts: attempts } = listener;
  const { max_connection_duration: maxDuration } = listener;
  return {
    stat_prefix: name,
    cluster,
    idle_timeout: buildDuration(idleTimeout),
    ...(attempts !== undefined && { max_connect_attempts: { value: attempts } }),
    ...(maxDuration !== undefined && apiVersion === 'v3' && {
      max_downstream_connection_duration: buildDuration(maxDuration),
    }),
    ...(listener.sticky === 'source_ip' && { hash_policy: [{ source_ip: {} }] }),
  };
}
