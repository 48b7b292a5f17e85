// What stands where a field is left out.

import { withFailoverDefaults } from './failover-defaults.ts';
import { withHealthDefaults } from './health-defaults.ts';
import type {
  Cluster,
  DownstreamTls,
  Listener,
  LoadBalancing,
  RedisCluster,
  Refresh,
  UpstreamTls,
} from './objects.ts';
import { withWatchDefaults } from './watch-defaults.ts';

export const defaultConnectTimeout = '5s';
export const defaultOpTimeout = '5s';
export const defaultIdleTimeout = '1h';

const plainLoadBalancing: LoadBalancing = { policy: 'round_robin' };
// Envoy's own table size (DefaultTableSize).
const shardedLoadBalancing: LoadBalancing = { policy: 'maglev', table_size: 65_537 };

// A replica that is slow is asked less.
const replicatedLoadBalancing: LoadBalancing = { policy: 'least_request' };

type FullRefresh = { readonly [Field in keyof Refresh]-?: NonNullable<Refresh[Field]> };

// Envoy's own rate is 5s, the time that it takes to try another seed too: one that started while one of two was away
// had no server for 5 to 10 s (seen with 1.40). After failures alone it would not ask at all.
const redisClusterRefresh: FullRefresh = {
  rate: '1s',
  timeout: '1s',
  redirect_interval: '1s',
  redirect_threshold: 1,
  failure_threshold: 1,
  degraded_threshold: 1,
};

/** How the server of a command is chosen, of a replicated cluster that of a read. */
export function loadBalancingOf(cluster: Exclude<Cluster, RedisCluster>): LoadBalancing {
  if (cluster.load_balancing !== undefined) return cluster.load_balancing;
  if (cluster.kind === 'replicated') return replicatedLoadBalancing;
  return cluster.kind === 'sharded' ? shardedLoadBalancing : plainLoadBalancing;
}

/** How Envoys keep up with the topology of a Redis Cluster. */
export function refreshOf({ refresh }: RedisCluster): FullRefresh {
  return { ...redisClusterRefresh, ...refresh } as FullRefresh;
}

/** The cluster with every default written out. */
export function withClusterDefaults(cluster: Cluster): Record<string, unknown> {
  const { upstream_tls: tls } = cluster;
  const sans = tls && sansOf(tls);
  return {
    ...cluster,
    kind: cluster.kind ?? 'plain',
    ...defaultsOfKind(cluster),
    connect_timeout: cluster.connect_timeout ?? defaultConnectTimeout,
    ...(tls !== undefined && { upstream_tls: { ...tls, ...(sans !== undefined && { sans }) } }),
    ...withHealthDefaults(cluster),
    ...withWatchDefaults(cluster),
    ...withFailoverDefaults(cluster),
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

function defaultsOfKind(cluster: Cluster): Record<string, unknown> {
  if (cluster.kind === 'redis_cluster') return { refresh: refreshOf(cluster) };
  const balancing = { load_balancing: loadBalancingOf(cluster) };
  return cluster.kind === 'replicated' ? { reads: cluster.reads ?? 'primary', ...balancing } : balancing;
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
        read_policy: 'primary',
        enable_hashtagging: false,
        case_insensitive: false,
        ...listener,
      };
  }
}
