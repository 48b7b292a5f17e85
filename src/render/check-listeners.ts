// What Envoy would refuse of the listeners, or take and never serve, found before it is published.

import type { Edits } from '../inventory/edits.ts';
import { loadBalancingOf } from '../model/defaults.ts';
import type { Cluster, HttpListener, Listener, RedisListener, TcpListener } from '../model/objects.ts';
import { clustersOf, describeTarget, listTargets } from '../model/redis-targets.ts';
import { findAddressProblems } from './check-addresses.ts';
import { findReadProblems } from './check-reads.ts';
import { findNameProblem, findReferenceProblems } from './check.ts';
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
export function affectsListeners({ clusters, listeners }: Omit<Edits, 'secrets'>, before: Clusters): boolean {
  return listeners.length > 0 || clusters.some(({ name, after }) => isRoutedOtherwise(before.get(name), after));
}

function isRoutedOtherwise(before: Cluster | undefined, after: Cluster | undefined): boolean {
  if (before === undefined || after === undefined) return before !== after;
  if (before.groups?.join('\n') !== after.groups?.join('\n')) return true;
  return before.prefix !== after.prefix || before.kind !== after.kind || isHashing(before) !== isHashing(after);
}

/** Why the address or the name of a listener can't be, whatever there is besides. */
function findOwnProblems(listener: Listener): string[] {
  const { name, kind = 'redis', address, tls } = listener;
  const needed = kindOfImplicit[name];
  if (needed !== undefined && needed !== kind) return [`kind must be ${needed}, not ${kind}, for this name`];
  const problems = [findNameProblem(name), ...findReferenceProblems(listener)];
  if (name === standInListenerName) problems.push('the listener that stands in for missing servers has this name');
  if (kind === 'redis' && name !== redisListenerName && address === undefined) problems.push('address is required');
  if (kind === 'http' && address === undefined && tls !== undefined) {
    problems.push("tls: must be left out where there is no address, for the listener is in Envoy's own file");
  }
  return problems.filter((problem) => problem !== undefined);
}

function findRouteProblems(listener: Listener, clusters: Clusters, options: RenderOptions): string[] {
  const undeclared = namesRoutedTo(listener).flatMap(([where, name]) => {
    return clusters.has(name) ? [] : [`${where}cluster ${quote(name)} is not declared`];
  });
  switch (listener.kind) {
    case 'tcp':
      return [...undeclared, ...findKeylessProblems(listener, clusters), ...findStickyProblem(listener, clusters)];
    case 'http':
      return [...undeclared, ...findKeylessProblems(listener, clusters)];
    default:
      return [
        ...undeclared,
        ...findReadProblems(listener, clusters, options),
        ...findRedisProblems(listener, clusters, options),
      ];
  }
}

// A listener that tells no keys apart. Of routes by the prefixes of the clusters none is meant for it.
function findKeylessProblems(listener: TcpListener | HttpListener, clusters: Clusters): string[] {
  return namesRoutedTo(listener).flatMap(([where, name]) => {
    if (clusters.get(name)?.kind !== 'redis_cluster') return [];
    const why = 'Envoy finds its servers for listeners of kind redis only';
    return [`${where}cluster ${quote(name)} is a redis_cluster: ${why}`];
  });
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
    const where = `${describeTarget(target)}: `;
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
  // A primary is alone, and a Redis Cluster is refused for itself.
  if (cluster.kind === 'replicated' || cluster.kind === 'redis_cluster') return [];
  const what = `the load_balancing.policy of cluster ${quote(name)}`;
  return [`sticky source_ip: ${what} must be maglev or ring_hash, not ${loadBalancingOf(cluster).policy}`];
}

function of({ name }: Listener, problem: string): string {
  return `listener ${quote(name)}: ${problem}`;
}

function quote(text: string): string {
  return JSON.stringify(text);
}
