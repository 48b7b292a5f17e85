// What is declared at one moment, and what it leaves of the states before: from one commit to the next. Pure.

import type { Cluster, ClusterEdit } from '../inventory/cluster.ts';
import { drainAfter, findSuccessors, follow, stillDraining } from '../inventory/draining.ts';
import type { DrainingCluster } from '../inventory/draining.ts';
import { compareOldRoutes, findOldRoutes, stillOld } from '../inventory/old-routes.ts';
import type { OldRoutes, RoutesNow } from '../inventory/old-routes.ts';
import { Routing, findCatchAll } from '../inventory/routing.ts';
import type { RenderOptions } from '../render/options.ts';
import { SortedByName } from '../collections/sorted-by-name.ts';
import type { KeptRoutes, StoredState } from '../store/store.ts';
import type { OldRoutesStatus, PublishedStatus } from './control.ts';
import { findLoops } from './warnings.ts';

export interface Declared extends RoutesNow {
  readonly clusters: SortedByName<Cluster>;
  readonly draining: readonly DrainingCluster[];
  readonly oldRoutes: readonly OldRoutes[];
  /** Those with an endpoint that is the Redis listener, by name. */
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
  { committed = [], draining: stored, routes }: Omit<StoredState, 'staged'>,
  { options, drainTimeMs, nowMs }: Circumstances,
): Declared {
  const clusters = SortedByName.of(committed);
  const routing = new Routing(clusters, findCatchAll(clusters, options.redisCatchAll));
  // A clock that was set back while nothing ran makes nothing last for longer.
  const latestMs = nowMs + drainTimeMs;
  const clampEnd = (untilMs: number): number => Math.min(untilMs, latestMs);
  const still = stillDraining(stored, nowMs).map((each) => ({ ...each, untilMs: clampEnd(each.untilMs) }));
  const draining = follow(still, routing);
  const isSameCatchAll = routes === undefined || routes.catchAll === routing.catchAll;
  const before = isSameCatchAll ? undefined : new Routing(clusters, routes.catchAll);
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
    draining,
    oldRoutes: stillOld([...old, ...found], now, nowMs),
    looping: noteLoops(new Map(), committed.map(toEdit), options),
  };
}

/** What is declared after `edits`. @param last undefined before the first commit. */
export function declareNext(
  last: Declared | undefined,
  edits: readonly ClusterEdit[],
  { options, drainTimeMs, nowMs }: Circumstances,
): Declared {
  const before = last?.clusters ?? SortedByName.of<Cluster>([]);
  const clusters = before.with(edits.map(({ name, after }) => [name, after]));
  const areRoutesChanged = edits.some(({ name, after }) => before.get(name)?.prefix !== after?.prefix);
  const routing =
    last === undefined || areRoutesChanged
      ? new Routing(clusters, findCatchAll(clusters, options.redisCatchAll))
      : last.routing;
  const draining = last === undefined ? [] : drainAfter(last, edits, routing, nowMs, drainTimeMs);
  const now = { routing, successors: findSuccessors(draining) };
  const found = areRoutesChanged ? findOldRoutes(last?.routing, now, nowMs, drainTimeMs) : [];
  return {
    ...now,
    clusters,
    draining,
    oldRoutes: stillOld([...(last?.oldRoutes ?? []), ...found], now, nowMs),
    looping: noteLoops(last?.looping ?? new Map(), edits, options),
  };
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
  options: RenderOptions,
): ReadonlyMap<string, Cluster> {
  const looping = new Map(before);
  for (const { name, after } of edits) {
    if (after !== undefined && findLoops(after, options).length > 0) looping.set(name, after);
    else looping.delete(name);
  }
  return looping;
}

function toEdit(cluster: Cluster): ClusterEdit {
  return { name: cluster.name, after: cluster };
}
