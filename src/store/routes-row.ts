// What is kept of the routes, as JSON in the database; checked as it is read.

import type { MirrorPair } from '../inventory/mirrors.ts';
import type { OldRoute, OldRoutes } from '../inventory/old-routes.ts';
import { parseJson, parseList, parseNumber, parseObject, parseOptional, parseText } from './fields.ts';
import type { KeptRoutes } from './log-store.ts';

// Before listeners could be declared there was this one.
const onlyListener = ['redis_listener'];

/**
 * For JSON that {@link parseRoutesFields} reads back: `{"catch_all": NAME?, "old": [{"listeners": [NAME, ...],
 * "since_ms", "until_ms", "count", "routes": [{"prefix"?, "cluster"?}, ...]}, ...], "mirrors"?: [{"cluster", "mirror",
 * "until_ms"}, ...]}`.
 */
export function routesFields({ catchAll, old, mirrors }: KeptRoutes): object {
  return {
    catch_all: catchAll,
    old: old.map(({ listeners, sinceMs, untilMs, count, routes }) => {
      return { listeners, since_ms: sinceMs, until_ms: untilMs, count, routes };
    }),
    mirrors: mirrors?.map(({ cluster, mirror, untilMs }) => ({ cluster, mirror, until_ms: untilMs })),
  };
}

/** Throws an Error that says in a few words what is wrong with a value that is none. */
export function parseRoutesFields(value: unknown): KeptRoutes {
  const { catch_all: catchAll, old, mirrors } = parseObject(value);
  return {
    catchAll: parseOptional(parseText, 'catch_all', catchAll),
    old: parseList('old', old).map(parseOldRoutes),
    ...(mirrors !== undefined && { mirrors: parseList('mirrors', mirrors).map(parseMirror) }),
  };
}

export function renderRoutes(routes: KeptRoutes): string {
  return JSON.stringify(routesFields(routes));
}

/** As {@link parseRoutesFields}. */
export function parseRoutes(text: string): KeptRoutes {
  return parseRoutesFields(parseJson(text));
}

function parseMirror(value: unknown): MirrorPair {
  const { cluster, mirror, until_ms: until } = parseObject(value);
  return {
    cluster: parseText('cluster', cluster),
    mirror: parseText('mirror', mirror),
    untilMs: parseNumber('until_ms', until),
  };
}

function parseOldRoutes(value: unknown): OldRoutes {
  const { listeners = onlyListener, since_ms: since, until_ms: until, count, routes } = parseObject(value);
  return {
    listeners: parseList('listeners', listeners).map((name) => parseText('listeners', name)),
    sinceMs: parseNumber('since_ms', since),
    untilMs: parseNumber('until_ms', until),
    count: parseNumber('count', count),
    routes: parseList('routes', routes).map(parseOldRoute),
  };
}

function parseOldRoute(value: unknown): OldRoute {
  const { prefix, cluster } = parseObject(value);
  return {
    prefix: parseOptional(parseText, 'prefix', prefix),
    cluster: parseOptional(parseText, 'cluster', cluster),
  };
}
