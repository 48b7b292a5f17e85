// What stands where a field is left out.

import type { Cluster, DownstreamTls, Listener, LoadBalancing, UpstreamTls } from './objects.ts';

export const defaultConnectTimeout = '5s';
export const defaultOpTimeout = '5s';
export const defaultIdleTimeout = '1h';

const plainLoadBalancing: LoadBalancing = { policy: 'round_robin' };
// Envoy's own table size (DefaultTableSize).
const shardedLoadBalancing: LoadBalancing = { policy: 'maglev', table_size: 65_537 };

/** How the server of a command is chosen. */
export function loadBalancingOf(cluster: Cluster): LoadBalancing {
  return cluster.load_balancing ?? (cluster.kind === 'sharded' ? shardedLoadBalancing : plainLoadBalancing);
}

/** The cluster with every default written out. */
export function withClusterDefaults(cluster: Cluster): Record<string, unknown> {
  const { upstream_tls: tls } = cluster;
  const sans = tls && sansOf(tls);
  return {
    ...cluster,
    kind: cluster.kind ?? 'plain',
    load_balancing: loadBalancingOf(cluster),
    connect_timeout: cluster.connect_timeout ?? defaultConnectTimeout,
    ...(tls !== undefined && { upstream_tls: { ...tls, ...(sans !== undefined && { sans }) } }),
  };
}

/** Names of which a server's certificate must have one; `any`: whatever it has; undefined: it is not checked at all. */
export function sansOf({ insecure, sni, sans }: UpstreamTls): UpstreamTls['sans'] {
  if (insecure === true) return undefined;
  return sans ?? (sni === undefined ? 'any' : [sni]);
}

/** Whether a client must show a certificate. */
export function isClientCertificateRequired({ client_ca: ca, require_client_certificate: is }: DownstreamTls): boolean {
  return is ?? ca !== undefined;
}

/** The listener with every default written out, but an address that a flag gives. */
export function withListenerDefaults(listener: Listener): Record<string, unknown> {
  const { tls } = listener;
  const own = withOwnDefaults(listener);
  if (tls === undefined) return own;
  return { ...own, tls: { ...tls, require_client_certificate: isClientCertificateRequired(tls) } };
}

function withOwnDefaults(listener: Listener): Record<string, unknown> {
  switch (listener.kind) {
    case 'tcp':
      return { sticky: 'none', idle_timeout: defaultIdleTimeout, max_connect_attempts: 1, ...listener };
    case 'http':
      return { routes: 'auto', ...listener };
    default:
      return {
        kind: 'redis',
        routes: 'auto',
        catch_all: 'auto',
        op_timeout: defaultOpTimeout,
        enable_hashtagging: false,
        case_insensitive: false,
        ...listener,
      };
  }
}
