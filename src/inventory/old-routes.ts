// What connections that were open before a commit go on doing otherwise than new ones: Envoy lets them keep the routes
// of the listener by which they came for its drain time. Pure.

import { findSuccessor } from './draining.ts';
import type { DrainingCluster } from './draining.ts';
import type { Routing } from './routing.ts';

/** Where keys go on connections with old routes. */
export interface OldRoute {
  /** What the keys begin with; undefined: those that no prefix matches. */
  readonly prefix: string | undefined;
  /** The cluster that was theirs; undefined: they had none. */
  readonly cluster: string | undefined;
}

/** What one change of the routes left behind. Times are wall-clock time (Unix, ms): they survive a restart. */
export interface OldRoutes {
  /** Connections that were opened before have the old routes. */
  readonly sinceMs: number;
  /** By then Envoy has closed them, if its drain time is no longer than ours. */
  readonly untilMs: number;
  /** Of all routes that differ. */
  readonly count: number;
  /** The first of them, sorted by prefix, the catch-all last. */
  readonly routes: readonly OldRoute[];
}

/** Keys that go to one cluster on old connections, and to another on new ones; undefined: to none. */
export interface RouteDifference {
  readonly prefix: string | undefined;
  readonly from: string | undefined;
  readonly to: string | undefined;
}

/** The routes of new connections, and what drains beside them. */
export interface RoutesNow {
  readonly routing: Routing;
  readonly draining: readonly DrainingCluster[];
}

const maxRoutes = 20;
const maxChanges = 100;

/**
 * What a change of the routes leaves behind, if it does.
 * @param before the routes until now; undefined: no listener had any.
 * @param drainTimeMs how long Envoy is taken to keep old connections; 0: it is not known to.
 */
export function findOldRoutes(
  before: Routing | undefined,
  now: RoutesNow,
  nowMs: number,
  drainTimeMs: number,
): OldRoutes[] {
  if (drainTimeMs === 0 || before === undefined || before.isEmpty) return [];
  const prefixes: (string | undefined)[] = [...new Set([...before.prefixes, ...now.routing.prefixes])].sort();
  const routes = [...prefixes, undefined].map((prefix) => ({ prefix, cluster: targetOf(before, prefix) }));
  const differing = routes.filter((route) => compareOldRoutes([route], now).length > 0);
  if (differing.length === 0) return [];
  const kept = differing.slice(0, maxRoutes);
  return [{ sinceMs: nowMs, untilMs: nowMs + drainTimeMs, count: differing.length, routes: kept }];
}

/** Those of the routes that differ from the routes now. One to a cluster that drains ends at its successor, if it has one. */
export function compareOldRoutes(routes: readonly OldRoute[], { routing, draining }: RoutesNow): RouteDifference[] {
  const drainingByName = new Map(draining.map((each) => [each.cluster.name, each]));
  return routes
    .map(({ prefix, cluster }) => {
      const drained = cluster === undefined ? undefined : drainingByName.get(cluster);
      const successor = drained && findSuccessor(drained, routing);
      return { prefix, from: successor ?? cluster, to: targetOf(routing, prefix) };
    })
    .filter(({ from, to }) => from !== to);
}

/** Those whose time is not over, and that still differ; the newest of them when there are very many. */
export function stillOld(all: readonly OldRoutes[], now: RoutesNow, nowMs: number): OldRoutes[] {
  return all
    .filter(({ untilMs, routes }) => untilMs > nowMs && compareOldRoutes(routes, now).length > 0)
    .slice(-maxChanges);
}

function targetOf(routing: Routing, prefix: string | undefined): string | undefined {
  return prefix === undefined ? routing.catchAll : routing.clusterOf(prefix);
}
