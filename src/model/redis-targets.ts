// Where a Redis listener sends commands, in whichever of its forms it says it.

import type { CatchAllRoute, RedisListener, RedisRoute } from './objects.ts';

/** Where keys go that no prefix matches; a name stands for the route to that cluster. */
export function catchAllOf(listener: Pick<RedisListener, 'catch_all'>): 'auto' | 'none' | CatchAllRoute {
  const { catch_all: said = 'auto' } = listener;
  if (typeof said === 'object' || said === 'auto' || said === 'none') return said;
  return { cluster: said };
}

/** The routes that the listener itself names, in their order, and the one for keys that no prefix matches. */
export function listTargets(listener: RedisListener): readonly (RedisRoute | CatchAllRoute)[] {
  const [{ routes }, catchAll] = [listener, catchAllOf(listener)];
  return [...(typeof routes === 'object' ? routes : []), ...(typeof catchAll === 'object' ? [catchAll] : [])];
}

/** How a message names it: `route "PREFIX"` or `catch_all`. */
export function describeTarget(target: RedisRoute | CatchAllRoute): string {
  return 'prefix' in target ? `route ${JSON.stringify(target.prefix)}` : 'catch_all';
}

/** The clusters that its commands are sent to, first the one whose replies count. */
export function clustersOf({ cluster, mirrors = [] }: CatchAllRoute): readonly string[] {
  return [cluster, ...mirrors.map((mirror) => mirror.cluster)];
}
