// The Redis listener: Envoy's redis_proxy with a route per cluster, by key prefix.

import type { PlainMessage } from '../proto/protos.ts';
import type { Routable } from '../inventory/cluster.ts';
import { findCatchAll } from '../inventory/routing.ts';
import type { ApiVersion } from '../snapshot/dialect.ts';
import { typeUrlOf } from '../snapshot/dialect.ts';
import type { RenderOptions } from './options.ts';
import { routesByPrefix } from './prefix-order.ts';

export const redisListenerName = 'redis_listener';

export const redisSettings: PlainMessage = { op_timeout: { seconds: 5 } };

/** Filter name and message per API version: v3 knows only the long name, Envoys that speak v2 know the short one. */
export const redisProxyFilter: Readonly<Record<ApiVersion, { readonly name: string; readonly message: string }>> = {
  v2: { name: 'envoy.redis_proxy', message: 'envoy.config.filter.network.redis_proxy.v2.RedisProxy' },
  v3: {
    name: 'envoy.filters.network.redis_proxy',
    message: 'envoy.extensions.filters.network.redis_proxy.v3.RedisProxy',
  },
};

/**
 * The RedisProxy message. A key goes to the cluster with the longest prefix that it begins
 * with, else to the catch-all; without one Envoy answers `no upstream host`.
 */
export function buildRedisProxy(clusters: ReadonlyMap<string, Routable>, redisCatchAll: string | undefined): PlainMessage {
  // One that is not declared is none: Envoy accepts a route to an unknown cluster without a word.
  const catchAll = findCatchAll(clusters, redisCatchAll);
  return {
    stat_prefix: 'egress_redis',
    settings: redisSettings,
    prefix_routes: {
      routes: routesByPrefix(clusters).map(({ prefix, cluster }) => ({ prefix, cluster })),
      ...(catchAll === undefined ? {} : { catch_all_route: { cluster: catchAll } }),
    },
  };
}

/** A listener called `name` around an encoded RedisProxy. */
export function buildRedisListener(
  name: string,
  apiVersion: ApiVersion,
  address: RenderOptions['redisListener'],
  redisProxy: Uint8Array,
): PlainMessage {
  const filter = redisProxyFilter[apiVersion];
  const typedConfig = { type_url: typeUrlOf(filter.message), value: redisProxy };
  return {
    name,
    address: { socket_address: buildSocketAddress(address) },
    filter_chains: [{ filters: [{ name: filter.name, typed_config: typedConfig }] }],
  };
}

// As everywhere else, `::` means all addresses of both families; Envoy by itself would take IPv6 alone.
function buildSocketAddress({ host, port }: RenderOptions['redisListener']): PlainMessage {
  return { address: host, port_value: port, ...(host === '::' ? { ipv4_compat: true } : {}) };
}
