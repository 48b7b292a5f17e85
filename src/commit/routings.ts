// Where keys go by each Redis listener. Pure.

import type { Routings } from '../inventory/old-routes.ts';
import { Routing } from '../inventory/routing.ts';
import type { RedisListener } from '../model/objects.ts';
import { findPublished, redisListenerName } from '../render/implicit-listeners.ts';
import type { RenderOptions } from '../render/options.ts';
import { findRedisRoutes } from '../render/redis-proxy.ts';
import { haveNodesInCommon } from './node-groups.ts';
import type { Objects } from './node-groups.ts';

/**
 * By the name of the listener, first the one that is there without being declared. Of a listener whose node groups are
 * given different clusters it is what all of them together have.
 */
export function findRoutings({ clusters, listeners }: Pick<Objects, 'clusters' | 'listeners'>, options: RenderOptions): Routings {
  // Most have a route for each cluster, and the same.
  const shared = new Map<string, Routing>();
  const findRouting = (listener: RedisListener): Routing => {
    const { groups, routes = 'auto', catch_all: named = 'auto' } = listener;
    const key = routes === 'auto' ? JSON.stringify([groups, named]) : undefined;
    const known = key === undefined ? undefined : shared.get(key);
    if (known !== undefined) return known;
    const given = groups === undefined ? clusters : pickFor(listener, clusters);
    const { routes: list, catchAll } = findRedisRoutes(listener, given, options.redisCatchAll);
    const routing = new Routing(list, catchAll?.cluster);
    if (key !== undefined) shared.set(key, routing);
    return routing;
  };
  const names = new Set([redisListenerName, ...listeners.keys()]);
  return new Map(
    Array.from(names).flatMap((name) => {
      const declared = listeners.get(name);
      // One for some node groups only leaves the others the implicit one.
      const isForSome = name === redisListenerName && declared?.groups !== undefined;
      const listener = findPublished(name, isForSome ? undefined : declared, options);
      if (listener === undefined || listener.kind === 'tcp' || listener.kind === 'http') return [];
      return [[name, findRouting(listener)] as const];
    }),
  );
}

function pickFor(listener: RedisListener, clusters: Objects['clusters']): Objects['clusters'] {
  return new Map(Array.from(clusters).filter(([, cluster]) => haveNodesInCommon(listener, cluster)));
}
