// What connections that were open before a commit go on doing otherwise than new ones: Envoy lets them keep the routes
// of the listener by which they came for its drain time. Pure.

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
  /** Of the routes below, and of those that differ besides. */
  readonly count: number;
  /**
   * The first that were turned to another cluster, whoever serves the old one meanwhile: that may change. Those that
   * differ as things stand at the change come first, of these and of the others the catch-all's, the rest by prefix.
   */
  readonly routes: readonly OldRoute[];
}

/** Keys that go to one cluster on old connections, and to another on new ones; undefined: to none. */
export interface RouteDifference {
  readonly prefix: string | undefined;
  readonly from: string | undefined;
  readonly to: string | undefined;
}

/** What is left of a change of the routes as things stand. */
export interface Differences {
  /** Of all that differ, more than there are of `routes` when there are very many. */
  readonly count: number;
  readonly routes: readonly RouteDifference[];
}

/** The routes of new connections, and who serves what drains beside them. */
export interface RoutesNow {
  readonly routing: Routing;
  /** With whose servers each draining cluster is served, by name; one that keeps its own is not there. */
  readonly successors: ReadonlyMap<string, string>;
}

const maxRoutes = 100;
const maxChanges = 50;

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
  const turned = [undefined, ...[...new Set([...before.prefixes, ...now.routing.prefixes])].sort()]
    .map((prefix) => ({ prefix, cluster: targetOf(before, prefix) }))
    .filter(({ prefix, cluster }) => cluster !== targetOf(now.routing, prefix));
  if (turned.length === 0) return [];
  const differing = turned.filter(differsFrom(now));
  const routes = [...new Set([...differing, ...turned])].slice(0, maxRoutes);
  const count = Math.max(differing.length, routes.length);
  return [{ sinceMs: nowMs, untilMs: nowMs + drainTimeMs, count, routes }];
}

/** How they differ from the routes now. One to a cluster that drains ends at its successor, if it has one. */
export function compareOldRoutes({ count, routes }: OldRoutes, now: RoutesNow): Differences {
  const differing = routes.filter(differsFrom(now));
  return {
    count: count - routes.length + differing.length,
    routes: differing.map(({ prefix, cluster }) => ({
      prefix,
      from: servingOf(cluster, now),
      to: targetOf(now.routing, prefix),
    })),
  };
}

/**
 * Those whose time is not over. Of very many, those go first that do not differ as things stand, then the oldest:
 * there is never one that differs and none that is told of.
 */
export function stillOld(all: readonly OldRoutes[], now: RoutesNow, nowMs: number): OldRoutes[] {
  const still = all.filter(({ untilMs }) => untilMs > nowMs);
  if (still.length <= maxChanges) return still;
  const isDiffering = (old: OldRoutes): boolean => compareOldRoutes(old, now).count > 0;
  const leastNeeded = [...still.filter((old) => !isDiffering(old)), ...still.filter(isDiffering)];
  const dropped = new Set(leastNeeded.slice(0, still.length - maxChanges));
  return still.filter((old) => !dropped.has(old));
}

function differsFrom(now: RoutesNow): (old: OldRoute) => boolean {
  return ({ prefix, cluster }) => servingOf(cluster, now) !== targetOf(now.routing, prefix);
}

function servingOf(cluster: string | undefined, { successors }: RoutesNow): string | undefined {
  return cluster === undefined ? undefined : (successors.get(cluster) ?? cluster);
}

function targetOf(routing: Routing, prefix: string | undefined): string | undefined {
  return prefix === undefined ? routing.catchAll : routing.clusterOf(prefix);
}
