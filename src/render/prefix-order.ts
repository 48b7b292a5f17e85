// The order of routes: the one place that decides which of two overlapping prefixes wins.

import type { Routable } from '../inventory/cluster.ts';

/** As much of a route as all kinds have. */
interface PrefixRoute {
  readonly prefix: string;
  readonly cluster: string;
}

/** The routes of a listener, or those of the clusters that have a prefix; in the order of {@link byPrefix}. */
export function findRoutes<Route extends PrefixRoute>(
  routes: 'auto' | readonly Route[] | undefined,
  clusters: ReadonlyMap<string, Routable>,
): (Route | PrefixRoute)[] {
  return typeof routes === 'object' ? routes.toSorted(byPrefix) : routesByPrefix(clusters);
}

/** A route for each cluster that has a prefix, in the order of {@link byPrefix}. */
export function routesByPrefix(clusters: ReadonlyMap<string, Routable>): PrefixRoute[] {
  return Array.from(clusters.values())
    .flatMap(({ name, prefix }) => (prefix === undefined ? [] : [{ prefix, cluster: name }]))
    .sort(byPrefix);
}

/** Longest first (in code units), then alphabetically: stable, and no prefix hides a longer one. */
export function byPrefix(a: { readonly prefix: string }, b: { readonly prefix: string }): number {
  return b.prefix.length - a.prefix.length || (a.prefix < b.prefix ? -1 : 1);
}
