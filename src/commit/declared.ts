// What is declared at one moment, and what it leaves of the states before: from one commit to the next. Pure.

import type { Cluster, ClusterEdit } from '../inventory/cluster.ts';
import { drainAfter, findSuccessors, follow, stillDraining } from '../inventory/draining.ts';
import type { DrainingCluster } from '../inventory/draining.ts';
import { compareOldRoutes, findOldRoutes, stillOld } from '../inventory/old-routes.ts';
import type { OldRoutes, RoutesNow } from '../inventory/old-routes.ts';
import { Routing } from '../inventory/routing.ts';
import type { Edits } from '../inventory/edits.ts';
import type { Listener } from '../model/objects.ts';
import { findPublished, redisListenerName } from '../render/implicit-listeners.ts';
import type { RenderOptions } from '../render/options.ts';
import { findRedisRoutes } from '../render/redis-proxy.ts';
import { SortedByName } from '../collections/sorted-by-name.ts';
import type { KeptRoutes } from '../store/log-store.ts';
import type { OldRoutesStatus, PublishedStatus } from './published.ts';
import type { Kept } from './publisher.ts';
import { findBoundListeners, findLoops } from './loops.ts';
import type { BoundListener } from './loops.ts';

export interface Declared extends RoutesNow {
  readonly clusters: SortedByName<Cluster>;
  readonly listeners: SortedByName<Listener>;
  readonly draining: readonly DrainingCluster[];
  readonly oldRoutes: readonly OldRoutes[];
  /** Where Envoys listen. */
  readonly bound: readonly BoundListener[];
  /** Those with an endpoint that is a listener which leads to them, by name. */
  readonly looping: ReadonlyMap<string, Cluster>;
}

/** What a step depends on besides what was declared. */
export interface Circumstances {
  readonly options: RenderOptions;
  /** How long Envoys are taken to keep old connections, and removed clusters drain; 0: not at all. */
  readonly drainTimeMs: number;
  /** Wall-clock time (Unix, ms). */
  readonly nowMs: number;
}

const maxShownRoutes = 20;

/**
 * What was stored, as these options have it: the catch-all may be another than when it was saved, and leaves old routes.
 * They are stored with the next commit; until then each start finds them anew.
 */
export function resume(
  { committed, draining: stored, routes }: Kept,
  { options, drainTimeMs, nowMs }: Circumstances,
): Declared {
  const clusters = SortedByName.of(committed.clusters);
  const listeners = SortedByName.of(committed.listeners);
  const bound = findBoundListeners(listeners, options);
  const routing = routingOf({ clusters, listeners }, options);
  // A clock that was set back while nothing ran makes nothing last for longer.
  const latestMs = nowMs + drainTimeMs;
  const clampEnd = (untilMs: number): number => Math.min(untilMs, latestMs);
  const still = stillDraining(stored, nowMs).map((each) => ({ ...each, untilMs: clampEnd(each.untilMs) }));
  const draining = follow(still, routing);
  const isSameCatchAll = routes === undefined || routes.catchAll === routing.catchAll;
  const before = isSameCatchAll ? undefined : routing.withCatchAll(routes.catchAll);
  const now = { routing, successors: findSuccessors(draining) };
  const found = findOldRoutes(before, now, nowMs, drainTimeMs);
  const old = (routes?.old ?? []).map((each) => ({
    ...each,
    sinceMs: Math.min(each.sinceMs, nowMs),
    untilMs: clampEnd(each.untilMs),
  }));
  return {
    ...now,
    clusters,
    listeners,
    draining,
    oldRoutes: stillOld([...old, ...found], now, nowMs),
    bound,
    looping: noteLoops(new Map(), committed.clusters.map(toEdit), bound),
  };
}

/** What is declared after `edits`. @param last undefined before the first commit. */
export function declareNext(
  last: Declared | undefined,
  edits: Edits,
  { options, drainTimeMs, nowMs }: Circumstances,
): Declared {
  const objects = objectsAfter(last, edits);
  const areListenersSame = last !== undefined && edits.listeners.length === 0;
  const bound = areListenersSame ? last.bound : findBoundListeners(objects.listeners, options);
  const areRoutesChanged =
    edits.listeners.some(({ name }) => name === redisListenerName) ||
    edits.clusters.some(({ name, after }) => isRoutedOtherwise(last?.clusters.get(name), after));
  const routing = last === undefined || areRoutesChanged ? routingOf(objects, options) : last.routing;
  const draining = last === undefined ? [] : drainAfter(last, edits.clusters, routing, nowMs, drainTimeMs);
  const now = { routing, successors: findSuccessors(draining) };
  const found = areRoutesChanged ? findOldRoutes(last?.routing, now, nowMs, drainTimeMs) : [];
  return {
    ...now,
    ...objects,
    draining,
    oldRoutes: stillOld([...(last?.oldRoutes ?? []), ...found], now, nowMs),
    bound,
    looping: areListenersSame
      ? noteLoops(last.looping, edits.clusters, bound)
      : noteLoops(new Map(), [...objects.clusters.values()].map(toEdit), bound),
  };
}

/** What is declared after the edits. @param last undefined before the first commit. */
export function objectsAfter(
  last: Pick<Declared, 'clusters' | 'listeners'> | undefined,
  edits: Edits,
): Pick<Declared, 'clusters' | 'listeners'> {
  const { clusters = SortedByName.of<Cluster>([]), listeners = SortedByName.of<Listener>([]) } = last ?? {};
  return {
    clusters: clusters.with(edits.clusters.map(({ name, after }) => [name, after])),
    listeners: listeners.with(edits.listeners.map(({ name, after }) => [name, after])),
  };
}

// Who comes or goes may be, or leave, the only one.
function isRoutedOtherwise(before: Cluster | undefined, after: Cluster | undefined): boolean {
  return before?.prefix !== after?.prefix || (before === undefined) !== (after === undefined);
}

// Of the listener that is there without being declared: what drains and what is old is judged by its routes.
function routingOf({ clusters, listeners }: Pick<Declared, 'clusters' | 'listeners'>, options: RenderOptions): Routing {
  // One for some node groups only leaves the others the implicit one.
  const declared = listeners.get(redisListenerName);
  const listener = findPublished(redisListenerName, declared?.groups === undefined ? declared : undefined, options);
  if (listener === undefined || listener.kind === 'tcp' || listener.kind === 'http') return new Routing([], undefined);
  const { routes, catchAll } = findRedisRoutes(listener, clusters, options.redisCatchAll);
  return new Routing(routes, catchAll);
}

/** The same when some of what drained is over. */
export function declareDrained(last: Declared, nowMs: number): Declared {
  const draining = stillDraining(last.draining, nowMs);
  return { ...last, draining, successors: findSuccessors(draining) };
}

/** What the store keeps of the routes. */
export function routesToKeep({ routing, oldRoutes }: Declared): KeptRoutes {
  return { catchAll: routing.catchAll, old: oldRoutes };
}

/** The old routes that `last` did not have, as they are to be told. */
export function describeNewOldRoutes(last: Declared | undefined, declared: Declared): OldRoutesStatus[] {
  const known = new Set(last?.oldRoutes);
  return declared.oldRoutes.filter((old) => !known.has(old)).flatMap((old) => statusOfOldRoutes(old, declared));
}

/** What of the states before is still there. */
export function describeLeftovers(declared: Declared, nowMs: number): Omit<PublishedStatus, 'warnings'> {
  const { draining, successors, oldRoutes } = declared;
  return {
    draining: draining.map(({ cluster: { name }, untilMs }) => ({ name, untilMs, successor: successors.get(name) })),
    oldRoutes: stillOld(oldRoutes, declared, nowMs).flatMap((old) => statusOfOldRoutes(old, declared)),
  };
}

function statusOfOldRoutes(old: OldRoutes, now: RoutesNow): OldRoutesStatus[] {
  const { count, routes } = compareOldRoutes(old, now);
  if (count === 0) return [];
  return [{ sinceMs: old.sinceMs, untilMs: old.untilMs, count, routes: routes.slice(0, maxShownRoutes) }];
}

function noteLoops(
  before: ReadonlyMap<string, Cluster>,
  edits: readonly ClusterEdit[],
  bound: readonly BoundListener[],
): ReadonlyMap<string, Cluster> {
  const looping = new Map(before);
  for (const { name, after } of edits) {
    if (after !== undefined && findLoops(after, bound).length > 0) looping.set(name, after);
    else looping.delete(name);
  }
  return looping;
}

function toEdit(cluster: Cluster): ClusterEdit {
  return { name: cluster.name, after: cluster };
}
