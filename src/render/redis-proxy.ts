// Envoy's redis_proxy: each command goes to the cluster of its key's prefix.

import type { Routable } from '../inventory/cluster.ts';
import { findCatchAll } from '../inventory/routing.ts';
import { defaultOpTimeout } from '../model/defaults.ts';
import type { RedisListener, RedisRoute } from '../model/objects.ts';
import type { PlainMessage } from '../proto/protos.ts';
import type { ApiVersion } from '../snapshot/dialect.ts';
import { buildDuration } from './duration.ts';
import { redisListenerName } from './implicit-listeners.ts';
import type { NetworkFilter } from './listener.ts';
import { findRoutes } from './prefix-order.ts';
import { buildReadPolicy, buildRedisClusterSettings } from './redis-reads.ts';

export const redisProxyFilter: Readonly<Record<ApiVersion, NetworkFilter>> = {
  v2: { name: 'envoy.redis_proxy', message: 'envoy.config.filter.network.redis_proxy.v2.RedisProxy' },
  v3: {
    name: 'envoy.filters.network.redis_proxy',
    message: 'envoy.extensions.filters.network.redis_proxy.v3.RedisProxy',
  },
};

/** Where keys go. */
export interface RedisRoutes {
  /** In the order of {@link findRoutes}. */
  readonly routes: readonly RedisRoute[];
  /** The cluster for keys that no prefix matches; undefined: Envoy answers `no upstream host`. */
  readonly catchAll: string | undefined;
}

/** @param redisCatchAll the flag. */
export function findRedisRoutes(
  { routes, catch_all: catchAll = 'auto' }: RedisListener,
  clusters: ReadonlyMap<string, Routable>,
  redisCatchAll: string | undefined,
): RedisRoutes {
  // The flag may name one that is not declared, which is none: Envoy accepts a route to it without a word.
  const named = catchAll === 'auto' ? findCatchAll(clusters, redisCatchAll) : catchAll;
  return { routes: findRoutes(routes, clusters), catchAll: catchAll === 'none' ? undefined : named };
}

/** The clusters that a listener may lead to, and for whom its message is. */
export interface ProxyContext {
  readonly clusters: ReadonlyMap<string, Routable>;
  readonly apiVersion: ApiVersion;
}

/** The RedisProxy message; undefined when there is no route, which Envoy would refuse. */
export function buildRedisProxy(
  listener: RedisListener,
  { routes, catchAll }: RedisRoutes,
  { clusters, apiVersion }: ProxyContext,
): PlainMessage | undefined {
  if (routes.length === 0 && catchAll === undefined) return undefined;
  const { name, op_timeout: opTimeout, enable_hashtagging, case_insensitive } = listener;
  const targets = [...routes.map(({ cluster }) => cluster), ...(catchAll === undefined ? [] : [catchAll])];
  const reads = (route: Pick<RedisRoute, 'cluster' | 'reads'>) => buildReadPolicy(route, clusters, apiVersion);
  return {
    stat_prefix: name === redisListenerName ? 'egress_redis' : name,
    settings: {
      ...buildSettings(opTimeout),
      ...(enable_hashtagging === true && { enable_hashtagging }),
      ...buildRedisClusterSettings(listener, targets, clusters),
    },
    prefix_routes: {
      routes: routes.map((route) => {
        const { prefix, cluster, remove_prefix } = route;
        return { prefix, cluster, ...(remove_prefix === true && { remove_prefix }), ...reads(route) };
      }),
      ...(case_insensitive === true && { case_insensitive }),
      ...(catchAll !== undefined && { catch_all_route: { cluster: catchAll, ...reads({ cluster: catchAll }) } }),
    },
  };
}

/** What each RedisProxy has to say of its upstreams. */
export function buildSettings(opTimeout = defaultOpTimeout): PlainMessage {
  return { op_timeout: buildDuration(opTimeout) };
}
