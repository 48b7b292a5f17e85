// The config source inside a resource: where Envoy comes for what the resource refers to.

import type { PlainMessage } from '../proto/protos.ts';
import type { Dialect } from '../snapshot/dialect.ts';

/**
 * `ads {}` on an aggregated stream; else the control plane's own cluster through
 * an api_config_source. v3 says its versions (Envoy would take them for v2), v2
 * has nothing to say: the original's bytes.
 */
export function buildConfigSource(dialect: Dialect, xdsClusterName: string): PlainMessage {
  const resourceVersion = dialect.apiVersion === 'v3' ? { resource_api_version: 'V3' } : {};
  if (dialect.configSource === 'ads') return { ads: {}, ...resourceVersion };
  const transportVersion = dialect.apiVersion === 'v3' ? { transport_api_version: 'V3' } : {};
  return {
    api_config_source: {
      api_type: dialect.configSource === 'grpc' ? 'GRPC' : 'DELTA_GRPC',
      ...transportVersion,
      grpc_services: [{ envoy_grpc: { cluster_name: xdsClusterName } }],
    },
    ...resourceVersion,
  };
}
