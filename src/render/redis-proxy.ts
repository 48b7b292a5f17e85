// Envoy's redis_proxy: each command goes to the cluster of its key's prefix.

import type { Routable } from '../inventory/cluster.ts';
import { findCatchAll } from '../inventory/routing.ts';
import type { CatchAllRoute, RedisListener, RedisRoute } from '../model/objects.ts';
import { catchAllOf, clustersOf } from '../model/redis-targets.ts';
import type { PlainMessage } from '../proto/protos.ts';
import type { ApiVersion } from '../snapshot/dialect.ts';
import { redisListenerName } from './implicit-listeners.ts';
import type { NetworkFilter } from './listener.ts';
import { findRoutes } from './prefix-order.ts';
import { buildFaults } from './redis-faults.ts';
import { buildReadPolicy, buildRedisClusterSettings } from './redis-reads.ts';
import { buildRedisRoute } from './redis-route.ts';
import { buildCommandSettings, buildSettings } from './redis-settings.ts';

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
  /** Where keys go that no prefix matches; undefined: Envoy answers `no upstream host`. */
  readonly catchAll: CatchAllRoute | undefined;
}

/** @param redisCatchAll the flag. */
export function findRedisRoutes(
  listener: RedisListener,
  clusters: ReadonlyMap<string, Routable>,
  redisCatchAll: string | undefined,
): RedisRoutes {
  const catchAll = findCatchAllRoute(listener, clusters, redisCatchAll);
  return { routes: findRoutes(listener.routes, clusters), catchAll };
}

// The flag may name one that is not declared, which is none: Envoy accepts a route to it without a word.
function findCatchAllRoute(
  listener: RedisListener,
  clusters: ReadonlyMap<string, Routable>,
  redisCatchAll: string | undefined,
): CatchAllRoute | undefined {
  const said = catchAllOf(listener);
  if (said === 'none') return undefined;
  if (said !== 'auto') return said;
  const cluster = findCatchAll(clusters, redisCatchAll);
  return cluster === undefined ? undefined : { cluster };
}

/** The clusters that a listener may lead to, and for whom its message is. */
export interface ProxyContext {
  readonly clusters: ReadonlyMap<string, Routable>;
  readonly apiVersion: ApiVersion;
  /** Commands, in lower case. Default: none. */
  readonly denied?: readonly string[];
}

/** The RedisProxy message; undefined when there is no route, which Envoy would refuse. */
export function buildRedisProxy(
  listener: RedisListener,
  { routes, catchAll }: RedisRoutes,
  { clusters, apiVersion, denied = [] }: ProxyContext,
): PlainMessage | undefined {
  if (routes.length === 0 && catchAll === undefined) return undefined;
  const { name, case_insensitive, faults } = listener;
  const targets = [...routes, ...(catchAll === undefined ? [] : [catchAll])].flatMap(clustersOf);
  const build = (route: RedisRoute | CatchAllRoute): PlainMessage => {
    return { ...buildRedisRoute(route, apiVersion), ...buildReadPolicy(route, clusters, apiVersion) };
  };
  return {
    stat_prefix: name === redisListenerName ? 'egress_redis' : name,
    settings: { ...buildSettings(listener, apiVersion), ...buildRedisClusterSettings(listener, targets, clusters) },
    prefix_routes: {
      routes: routes.map(build),
      ...(case_insensitive === true && { case_insensitive }),
      ...(catchAll !== undefined && { catch_all_route: build(catchAll) }),
    },
    ...buildFaults(apiVersion, denied, faults),
    ...buildCommandSettings(listener, apiVersion),
  };
}
