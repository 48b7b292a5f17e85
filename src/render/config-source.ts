// The config source inside a resource: where Envoy comes for what the resource refers to.

import type { PlainMessage } from '../proto/protos.ts';
import type { Dialect } from '../snapshot/dialect.ts';

// As the bootstraps have it for the streams that they open themselves (ADR 0013): without it endpoints may come 30 s
// after the control plane is back. v2 can't say it.
const retryPolicy = { retry_back_off: { base_interval: { nanos: 500_000_000 }, max_interval: { seconds: 3 } } };

/**
 * `ads {}` on an aggregated stream; else the control plane's own cluster through
 * an api_config_source. v3 says its versions (Envoy would take them for v2), v2
 * has nothing to say: the original's bytes.
 */
export function buildConfigSource(dialect: Dialect, xdsClusterName: string): PlainMessage {
  const resourceVersion = dialect.apiVersion === 'v3' ? { resource_api_version: 'V3' } : {};
  if (dialect.configSource === 'ads') return { ads: {}, ...resourceVersion };
  const transportVersion = dialect.apiVersion === 'v3' ? { transport_api_version: 'V3' } : {};
  const retries = dialect.apiVersion === 'v3' ? { retry_policy: retryPolicy } : {};
  return {
    api_config_source: {
      api_type: dialect.configSource === 'grpc' ? 'GRPC' : 'DELTA_GRPC',
      ...transportVersion,
      grpc_services: [{ envoy_grpc: { cluster_name: xdsClusterName, ...retries } }],
    },
    ...resourceVersion,
  };
}
