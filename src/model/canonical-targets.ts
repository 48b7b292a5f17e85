// One form of what a listener says of where commands and requests go, and of those that it treats otherwise: lists
// whose order means nothing are sorted, what has no case is in lower case.

import type { z } from 'zod';

import { compareText } from './compare-text.ts';
import type { httpRouteSchema } from './http-route.ts';
import type { listenerSchema } from './listener.ts';
import type { faultSchema } from './redis-filter.ts';
import type { catchAllRouteSchema, redisRouteSchema } from './redis-route.ts';

type Listener = z.output<typeof listenerSchema>;
type HttpListener = Extract<Listener, { kind: 'http' }>;
type RedisRoute = z.output<typeof redisRouteSchema>;
type CatchAllRoute = z.output<typeof catchAllRouteSchema>;
type HttpRoute = z.output<typeof httpRouteSchema>;
type Fault = z.output<typeof faultSchema>;

/** The fields of a checked listener that have such a form of their own, where they are there. */
export function canonicalTargets(listener: Listener): object {
  if (listener.kind === 'tcp') return {};
  if (listener.kind === 'http') return canonicalHttp(listener);
  const { routes, catch_all, custom_commands, faults } = listener;
  return {
    ...(Array.isArray(routes) && { routes: routes.map(canonicalRedisRoute).sort(byPrefix) }),
    ...(typeof catch_all === 'object' && { catch_all: canonicalCatchAll(catch_all) }),
    ...(custom_commands && { custom_commands: canonicalWords(custom_commands) }),
    ...(faults && { faults: faults.map(canonicalFault).sort(byText) }),
  };
}

function canonicalHttp({ routes }: HttpListener): object {
  return Array.isArray(routes) ? { routes: routes.map(canonicalHttpRoute).sort(byPrefix) } : {};
}

function canonicalRedisRoute({ prefix, cluster, remove_prefix, ...rest }: RedisRoute) {
  return { prefix, cluster, remove_prefix, ...canonicalExtras(rest) };
}

// What says no more than a name is the name, unless that would be another word.
function canonicalCatchAll({ cluster, ...rest }: CatchAllRoute): CatchAllRoute | string {
  const extras = canonicalExtras(rest);
  const isPlain = Object.values(extras).every((value) => value === undefined);
  return isPlain && cluster !== 'auto' && cluster !== 'none' ? cluster : { cluster, ...extras };
}

function canonicalExtras({ mirrors, ...rest }: Omit<CatchAllRoute, 'cluster'>) {
  return { ...rest, mirrors: mirrors?.toSorted((a, b) => compareText(a.cluster, b.cluster)) };
}

function canonicalHttpRoute({ prefix, cluster, remove_prefix, hosts, timeout, retries }: HttpRoute) {
  return {
    prefix,
    cluster,
    remove_prefix,
    hosts: hosts && canonicalWords(hosts),
    timeout,
    retries: retries && { ...retries, on: retries.on?.toSorted() },
  };
}

function canonicalFault({ commands, ...rest }: Fault) {
  return { ...rest, commands: commands && canonicalWords(commands) };
}

function canonicalWords(words: readonly string[]): string[] {
  return words.map((word) => word.toLowerCase()).sort();
}

// For one prefix there may be several, for other hosts.
function byPrefix(a: { readonly prefix: string }, b: { readonly prefix: string }): number {
  return compareText(a.prefix, b.prefix) || byText(a, b);
}

function byText(a: object, b: object): number {
  return compareText(JSON.stringify(a), JSON.stringify(b));
}
