// What Envoy would refuse of the listeners, or take and never serve, found before it is published.

import type { Edits } from '../inventory/edits.ts';
import { loadBalancingOf } from '../model/defaults.ts';
import type { Cluster, Listener, RedisListener, TcpListener } from '../model/objects.ts';
import { clustersOf, listTargets } from '../model/redis-targets.ts';
import { findAddressProblems } from './check-addresses.ts';
import { findNameProblem } from './check.ts';
import { findPublished, genericRouteName, implicitNames, redisListenerName } from './implicit-listeners.ts';
import { isHashing } from './load-balancing.ts';
import type { RenderOptions } from './options.ts';
import { findRedisRoutes } from './redis-proxy.ts';
import { standInListenerName } from './stand-in.ts';

type Clusters = ReadonlyMap<string, Cluster>;

const kindOfImplicit: Readonly<Record<string, string>> = { [redisListenerName]: 'redis', [genericRouteName]: 'http' };

/**
 * Reasons, one line each, why these listeners can't be published with these clusters; empty when they can. Both are all
 * that is declared, by name: a listener is right or wrong with what it routes to, and with the other listeners.
 */
export function findUnpublishableListeners(
  clusters: Clusters,
  listeners: ReadonlyMap<string, Listener>,
  options: RenderOptions,
): string[] {
  const published = [...new Set([...implicitNames, ...listeners.keys()])].flatMap((name) => {
    return findPublished(name, listeners.get(name), options) ?? [];
  });
  return [
    ...Array.from(listeners.values()).flatMap((each) => findOwnProblems(each).map((problem) => of(each, problem))),
    ...published.flatMap((each) => findRouteProblems(each, clusters, options).map((problem) => of(each, problem))),
    ...findAddressProblems(published, options),
  ];
}

/**
 * Whether listeners that could be published may be unpublishable after the edits: of what is declared they depend on
 * themselves, and on what clusters there are, with which prefixes, for whom, and how those choose a server.
 * @param before the edits.
 */
export function affectsListeners({ clusters, listeners }: Edits, before: Clusters): boolean {
  return listeners.length > 0 || clusters.some(({ name, after }) => isRoutedOtherwise(before.get(name), after));
}

function isRoutedOtherwise(before: Cluster | undefined, after: Cluster | undefined): boolean {
  if (before === undefined || after === undefined) return before !== after;
  if (before.groups?.join('\n') !== after.groups?.join('\n')) return true;
  return before.prefix !== after.prefix || isHashing(before) !== isHashing(after);
}

/** Why the address or the name of a listener can't be, whatever there is besides. */
function findOwnProblems({ name, kind = 'redis', address }: Listener): string[] {
  const needed = kindOfImplicit[name];
  if (needed !== undefined && needed !== kind) return [`kind must be ${needed}, not ${kind}, for this name`];
  const problems = [findNameProblem(name)];
  if (name === standInListenerName) problems.push('the listener that stands in for missing servers has this name');
  if (kind === 'redis' && name !== redisListenerName && address === undefined) problems.push('address is required');
  return problems.filter((problem) => problem !== undefined);
}

function findRouteProblems(listener: Listener, clusters: Clusters, options: RenderOptions): string[] {
  const undeclared = namesRoutedTo(listener).flatMap(([where, name]) => {
    return clusters.has(name) ? [] : [`${where}cluster ${quote(name)} is not declared`];
  });
  switch (listener.kind) {
    case 'tcp':
      return [...undeclared, ...findStickyProblem(listener, clusters)];
    case 'http':
      return undeclared;
    default:
      return [...undeclared, ...findRedisProblems(listener, clusters, options)];
  }
}

/**
 * The clusters that a listener itself names, and where. One that is mirrored to is as one that is routed to: Envoy
 * takes any name, and dies of MULTI where there is no such cluster.
 */
function namesRoutedTo(listener: Listener): (readonly [where: string, name: string])[] {
  if (listener.kind === 'tcp') return [['', listener.cluster]];
  if (listener.kind === 'http') {
    const list = typeof listener.routes === 'object' ? listener.routes : [];
    return list.map(({ prefix, cluster }) => [`route ${quote(prefix)}: `, cluster]);
  }
  return listTargets(listener).flatMap((target) => {
    const where = 'prefix' in target ? `route ${quote(target.prefix)}: ` : 'catch_all: ';
    const [cluster = '', ...mirrors] = clustersOf(target);
    return [[where, cluster] as const, ...mirrors.map((mirror) => [`${where}mirror: `, mirror] as const)];
  });
}

function findRedisProblems(listener: RedisListener, clusters: Clusters, { redisCatchAll }: RenderOptions): string[] {
  // The implicit one is left out when no key has a route, as it always was.
  const mayBeEmpty = listener.name === redisListenerName;
  const isCaseInsensitive = listener.case_insensitive === true;
  // To find its routes takes the longer, the more clusters there are.
  if (mayBeEmpty && !isCaseInsensitive) return [];
  const { routes, catchAll } = findRedisRoutes(listener, clusters, redisCatchAll);
  if (routes.length === 0 && catchAll === undefined && !mayBeEmpty) {
    return ['no key has a route: there is neither a route nor a catch_all, and Envoy takes no Redis listener without'];
  }
  return isCaseInsensitive ? findSameInLowerCase(routes.map(({ prefix }) => prefix)) : [];
}

function findSameInLowerCase(prefixes: readonly string[]): string[] {
  const seen = new Map<string, string>();
  return prefixes.flatMap((prefix) => {
    // As Envoy does it: of other letters than these it knows no case.
    const lower = prefix.replace(/[A-Z]/gu, (letter) => letter.toLowerCase());
    const other = seen.get(lower);
    seen.set(lower, prefix);
    if (other === undefined) return [];
    return [`case_insensitive: prefixes ${quote(other)} and ${quote(prefix)} are one, and Envoy takes each once`];
  });
}

function findStickyProblem({ sticky, cluster: name }: TcpListener, clusters: Clusters): string[] {
  const cluster = clusters.get(name);
  if (sticky !== 'source_ip' || cluster === undefined || isHashing(cluster)) return [];
  const what = `the load_balancing.policy of cluster ${quote(name)}`;
  return [`sticky source_ip: ${what} must be maglev or ring_hash, not ${loadBalancingOf(cluster).policy}`];
}

function of({ name }: Listener, problem: string): string {
  return `listener ${quote(name)}: ${problem}`;
}

function quote(text: string): string {
  return JSON.stringify(text);
}
