// What is kept of the routes, as JSON in one row of the database; checked as it is read.

import type { OldRoute, OldRoutes } from '../inventory/old-routes.ts';
import type { KeptRoutes } from './store.ts';

type Fields = Readonly<Record<string, unknown>>;

/**
 * JSON that {@link parseRoutes} reads back: `{"catch_all": NAME?, "old": [{"since_ms", "until_ms", "count", "routes":
 * [{"prefix"?, "cluster"?}, ...]}, ...]}`.
 */
export function renderRoutes({ catchAll, old }: KeptRoutes): string {
  return JSON.stringify({
    catch_all: catchAll,
    old: old.map(({ sinceMs, untilMs, count, routes }) => ({ since_ms: sinceMs, until_ms: untilMs, count, routes })),
  });
}

/** Throws an Error that says in a few words what is wrong with a text that holds none. */
export function parseRoutes(text: string): KeptRoutes {
  const { catch_all: catchAll, old } = parseObject(JSON.parse(text));
  return { catchAll: parseName('catch_all', catchAll), old: parseList('old', old).map(parseOldRoutes) };
}

function parseOldRoutes(value: unknown): OldRoutes {
  const { since_ms: since, until_ms: until, count, routes } = parseObject(value);
  return {
    sinceMs: parseNumber('since_ms', since),
    untilMs: parseNumber('until_ms', until),
    count: parseNumber('count', count),
    routes: parseList('routes', routes).map(parseOldRoute),
  };
}

function parseOldRoute(value: unknown): OldRoute {
  const { prefix, cluster } = parseObject(value);
  return { prefix: parseName('prefix', prefix), cluster: parseName('cluster', cluster) };
}

function parseObject(value: unknown): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('no JSON object');
  return value as Fields;
}

function parseList(field: string, value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new Error(`${field} is no list`);
  return value;
}

function parseNumber(field: string, value: unknown): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new Error(`${field} is no number`);
  return value;
}

function parseName(field: string, value: unknown): string | undefined {
  if (value !== undefined && typeof value !== 'string') throw new Error(`${field} is no text`);
  return value;
}
