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
  /** The listeners by which the connections came, each with the same old routes; at least one, and the first of many. */
  readonly listeners: readonly string[];
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
  /** Those that differ in the same. */
  readonly listeners: readonly string[];
  /** Of all that differ, more than there are of `routes` when there are very many; at least 1. */
  readonly count: number;
  readonly routes: readonly RouteDifference[];
}

/** The routes of each listener by its name; those with the same routes share one object. */
export type Routings = ReadonlyMap<string, Routing>;

/** The routes of new connections, and who serves what drains beside them. */
export interface RoutesNow {
  readonly routings: Routings;
  /** With whose servers each draining cluster is served, by name; one that keeps its own is not there. */
  readonly successors: ReadonlyMap<string, string>;
}

/** Of one listener. */
interface ListenerNow {
  readonly routing: Routing;
  readonly successors: RoutesNow['successors'];
}

const maxRoutes = 100;
const maxChanges = 50;
const maxListeners = 100;

/**
 * What a change of the routes leaves behind, if it does. A listener that is new, or gone, has no old routes: what it
 * accepted before it went is about to be closed, whatever is declared.
 * @param before the routes until now; undefined: there were none.
 * @param drainTimeMs how long Envoy is taken to keep old connections; 0: it is not known to.
 */
export function findOldRoutes(
  before: Routings | undefined,
  { routings, successors }: RoutesNow,
  nowMs: number,
  drainTimeMs: number,
): OldRoutes[] {
  if (drainTimeMs === 0 || before === undefined) return [];
  const step = { sinceMs: nowMs, untilMs: nowMs + drainTimeMs };
  return groupBySame(routings.keys(), (name) => before.get(name)).flatMap(([old, names]) => {
    return groupBySame(names, (name) => routings.get(name)).flatMap(([routing, listeners]) => {
      const left = findTurned(old, { routing, successors });
      return left === undefined ? [] : [{ listeners: listeners.slice(0, maxListeners), ...step, ...left }];
    });
  });
}

/** How they differ from the routes now. One to a cluster that drains ends at its successor, if it has one. */
export function compareOldRoutes(old: OldRoutes, { routings, successors }: RoutesNow): Differences[] {
  return groupBySame(old.listeners, (name) => routings.get(name)).flatMap(([routing, listeners]) => {
    const now = { routing, successors };
    const differing = old.routes.filter(differsFrom(now));
    const count = old.count - old.routes.length + differing.length;
    if (count === 0) return [];
    const routes = differing.map(({ prefix, cluster }) => ({
      prefix,
      from: servingOf(cluster, now),
      to: targetOf(routing, prefix),
    }));
    return [{ listeners, count, routes }];
  });
}

/**
 * Those whose time is not over. Of very many, those go first that do not differ as things stand, then the oldest:
 * there is never one that differs and none that is told of.
 */
export function stillOld(all: readonly OldRoutes[], now: RoutesNow, nowMs: number): OldRoutes[] {
  const still = all.filter(({ untilMs }) => untilMs > nowMs);
  if (still.length <= maxChanges) return still;
  const isDiffering = (old: OldRoutes): boolean => compareOldRoutes(old, now).length > 0;
  const leastNeeded = [...still.filter((old) => !isDiffering(old)), ...still.filter(isDiffering)];
  const dropped = new Set(leastNeeded.slice(0, still.length - maxChanges));
  return still.filter((old) => !dropped.has(old));
}

function findTurned(before: Routing, now: ListenerNow): Pick<OldRoutes, 'count' | 'routes'> | undefined {
  if (before === now.routing || before.isEmpty) return undefined;
  const turned = [undefined, ...[...new Set([...before.prefixes, ...now.routing.prefixes])].sort()]
    .map((prefix) => ({ prefix, cluster: targetOf(before, prefix) }))
    .filter(({ prefix, cluster }) => cluster !== targetOf(now.routing, prefix));
  if (turned.length === 0) return undefined;
  const differing = turned.filter(differsFrom(now));
  const routes = [...new Set([...differing, ...turned])].slice(0, maxRoutes);
  return { count: Math.max(differing.length, routes.length), routes };
}

/** The names with each routing that some have; those that have none are left out. */
function groupBySame(
  names: Iterable<string>,
  routingOf: (name: string) => Routing | undefined,
): (readonly [Routing, readonly string[]])[] {
  const groups = [...Map.groupBy(names, routingOf)];
  return groups.flatMap(([routing, alike]) => (routing === undefined ? [] : [[routing, alike] as const]));
}

function differsFrom(now: ListenerNow): (old: OldRoute) => boolean {
  return ({ prefix, cluster }) => servingOf(cluster, now) !== targetOf(now.routing, prefix);
}

function servingOf(cluster: string | undefined, { successors }: ListenerNow): string | undefined {
  return cluster === undefined ? undefined : (successors.get(cluster) ?? cluster);
}

function targetOf(routing: Routing, prefix: string | undefined): string | undefined {
  return prefix === undefined ? routing.catchAll : routing.clusterOf(prefix);
}
