// What is declared at one moment, and what it leaves of the states before: from one commit to the next. Pure.

import { withTopology } from '../effective/topology.ts';
import type { Topologies } from '../effective/topology.ts';
import { serversOf } from '../inventory/cluster.ts';
import type { Cluster, ClusterEdit } from '../inventory/cluster.ts';
import { drainAfter, findSuccessors, follow, stillDraining } from '../inventory/draining.ts';
import type { DrainingCluster } from '../inventory/draining.ts';
import { findMirrors, oldMirrors } from '../inventory/mirrors.ts';
import type { MirrorPair } from '../inventory/mirrors.ts';
import { compareOldRoutes, findOldRoutes, stillOld } from '../inventory/old-routes.ts';
import type { OldRoutes, Routings, RoutesNow } from '../inventory/old-routes.ts';
import { Routing, findCatchAll } from '../inventory/routing.ts';
import type { Edits } from '../inventory/edits.ts';
import type { Listener, Secret } from '../model/objects.ts';
import { leaveOut } from '../orders/leave-out.ts';
import type { LeftOut } from '../orders/leave-out.ts';
import { redisListenerName } from '../render/implicit-listeners.ts';
import type { RenderOptions } from '../render/options.ts';
import { SortedByName } from '../collections/sorted-by-name.ts';
import type { KeptRoutes } from '../store/log-store.ts';
import type { OldRoutesStatus, PublishedStatus } from './published.ts';
import type { Kept } from './publisher.ts';
import { findBoundListeners, findLoops } from './loops.ts';
import type { BoundListener } from './loops.ts';
import { findRoutings } from './routings.ts';

export interface Declared extends RoutesNow {
  readonly clusters: SortedByName<Cluster>;
  readonly listeners: SortedByName<Listener>;
  readonly secrets: SortedByName<Secret>;
  readonly draining: readonly DrainingCluster[];
  readonly oldRoutes: readonly OldRoutes[];
  /** The cluster that `catch_all: auto` means. */
  readonly catchAll: string | undefined;
  /** What is mirrored, and was lately. */
  readonly mirrors: readonly MirrorPair[];
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
  /** The servers that orders leave out. */
  readonly leftOut: LeftOut;
  /** Who takes the writes where that is seen. */
  readonly topologies: Topologies;
}

const maxShownRoutes = 20;

// No cluster has this name.
const nobody = '';

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
  const objects = { clusters, listeners, secrets: SortedByName.of(committed.secrets) };
  const routings = findRoutings(objects, options);
  // A clock that was set back while nothing ran makes nothing last for longer.
  const latestMs = nowMs + drainTimeMs;
  const clampEnd = (untilMs: number): number => Math.min(untilMs, latestMs);
  const still = stillDraining(stored, nowMs).map((each) => ({ ...each, untilMs: clampEnd(each.untilMs) }));
  const draining = follow(still, drainRoutingOf(routings));
  const catchAll = findCatchAll(clusters, options.redisCatchAll);
  const isSameCatchAll = routes === undefined || routes.catchAll === catchAll;
  const before = isSameCatchAll
    ? undefined
    : findRoutings(objects, { ...options, redisCatchAll: routes.catchAll ?? nobody });
  const now = { routings, successors: findSuccessors(draining, clusters) };
  const found = findOldRoutes(before, now, nowMs, drainTimeMs);
  const old = (routes?.old ?? []).map((each) => ({
    ...each,
    sinceMs: Math.min(each.sinceMs, nowMs),
    untilMs: clampEnd(each.untilMs),
  }));
  return {
    ...now,
    ...objects,
    catchAll,
    draining,
    mirrors: findMirrors(routes?.mirrors ?? [], committed.listeners, nowMs, drainTimeMs),
    oldRoutes: stillOld([...old, ...found], now, nowMs),
    bound,
    looping: noteLoops(new Map(), committed.clusters.map(toEdit), bound),
  };
}

/** What is declared after `edits`. @param last undefined before the first commit. */
export function declareNext(
  last: Declared | undefined,
  edits: Edits,
  circumstances: Circumstances,
): Declared {
  const { options, drainTimeMs, nowMs } = circumstances;
  const objects = objectsAfter(last, edits);
  const areListenersSame = last !== undefined && edits.listeners.length === 0;
  const bound = areListenersSame ? last.bound : findBoundListeners(objects.listeners, options);
  const areRoutesChanged =
    edits.listeners.length > 0 ||
    edits.clusters.some(({ name, after }) => isRoutedOtherwise(last?.clusters.get(name), after));
  const routings = last === undefined || areRoutesChanged ? findRoutings(objects, options) : last.routings;
  const draining = drainFrom(last, edits, routings, circumstances);
  const now = { routings, successors: findSuccessors(draining, objects.clusters) };
  const found = areRoutesChanged ? findOldRoutes(last?.routings, now, nowMs, drainTimeMs) : [];
  return {
    ...now,
    ...objects,
    catchAll: findCatchAll(objects.clusters, options.redisCatchAll),
    draining,
    mirrors: areListenersSame && last.mirrors.length === 0
      ? last.mirrors
      : findMirrors(last?.mirrors ?? [], objects.listeners.values(), nowMs, drainTimeMs),
    oldRoutes: stillOld([...(last?.oldRoutes ?? []), ...found], now, nowMs),
    bound,
    looping: areListenersSame
      ? noteLoops(last.looping, edits.clusters, bound)
      : noteLoops(new Map(), [...objects.clusters.values()].map(toEdit), bound),
  };
}

type DeclaredObjects = Pick<Declared, 'clusters' | 'listeners' | 'secrets'>;

const nothing: DeclaredObjects = {
  clusters: SortedByName.of<Cluster>([]),
  listeners: SortedByName.of<Listener>([]),
  secrets: SortedByName.of<Secret>([]),
};

/** What is declared after the edits. @param last undefined before the first commit. */
export function objectsAfter(last: DeclaredObjects | undefined, edits: Edits): DeclaredObjects {
  const { clusters, listeners, secrets } = last ?? nothing;
  return {
    clusters: clusters.with(edits.clusters.map(({ name, after }) => [name, after])),
    listeners: listeners.with(edits.listeners.map(({ name, after }) => [name, after])),
    secrets: secrets.with(edits.secrets.map(({ name, after }) => [name, after])),
  };
}

// Who comes or goes, for some or for all, may be, or leave, the only one.
function isRoutedOtherwise(before: Cluster | undefined, after: Cluster | undefined): boolean {
  if (before === undefined || after === undefined) return before !== after;
  return before.prefix !== after.prefix || before.groups?.join('\n') !== after.groups?.join('\n');
}

type DrainCircumstances = Pick<Circumstances, 'nowMs' | 'drainTimeMs' | 'leftOut' | 'topologies'>;

/** What drains after the edits, whoever takes its keys then. @param last undefined before the first commit. */
export function drainingAfter(
  last: Declared | undefined,
  edits: Edits,
  circumstances: DrainCircumstances,
): readonly DrainingCluster[] {
  return drainFrom(last, edits, last?.routings ?? new Map(), circumstances);
}

function drainFrom(
  last: Declared | undefined,
  edits: Edits,
  routings: Routings,
  { nowMs, drainTimeMs, ...overlay }: DrainCircumstances,
): DrainingCluster[] {
  if (last === undefined) return [];
  const { mirrors } = last;
  const clusters = asServed(last.clusters, edits.clusters, overlay);
  const before = { clusters, routing: drainRoutingOf(last.routings), mirrors, draining: last.draining };
  return drainAfter(before, edits.clusters, drainRoutingOf(routings), nowMs, drainTimeMs);
}

// As Envoys have them: with the primary that was seen, and without servers that are out, unless it is the last one.
function asServed(
  clusters: SortedByName<Cluster>,
  edits: readonly ClusterEdit[],
  { leftOut, topologies }: Pick<Circumstances, 'leftOut' | 'topologies'>,
): SortedByName<Cluster> {
  const changes = edits.flatMap(({ name }) => {
    const cluster = clusters.get(name);
    if (cluster === undefined) return [];
    const seen = withTopology(cluster, topologies.get(name));
    const left = cluster.kind === undefined ? leaveOut(seen, leftOut.get(name)) : seen;
    return left === cluster || serversOf(left).length === 0 ? [] : [[name, left] as const];
  });
  return changes.length === 0 ? clusters : clusters.with(changes);
}

// What drains is judged by the listener that is there without being declared: a cluster has one successor.
function drainRoutingOf(routings: Routings): Routing {
  return routings.get(redisListenerName) ?? new Routing([], undefined);
}

/** The same when some of what drained is over. */
export function declareDrained(last: Declared, nowMs: number): Declared {
  const draining = stillDraining(last.draining, nowMs);
  return { ...last, draining, successors: findSuccessors(draining, last.clusters) };
}

/** What the store keeps of the routes. */
export function routesToKeep({ catchAll, oldRoutes, mirrors }: Declared): KeptRoutes {
  const old = oldMirrors(mirrors);
  return { catchAll, old: oldRoutes, ...(old.length > 0 && { mirrors: old }) };
}

/** The old routes that `last` did not have, as they are to be told. */
export function describeNewOldRoutes(last: Declared | undefined, declared: Declared): OldRoutesStatus[] {
  const known = new Set(last?.oldRoutes);
  return declared.oldRoutes.filter((old) => !known.has(old)).flatMap((old) => statusOfOldRoutes(old, declared));
}

/** What of the states before is still there. */
export function describeLeftovers(declared: Declared, nowMs: number): Pick<PublishedStatus, 'draining' | 'oldRoutes'> {
  const { draining, successors, oldRoutes } = declared;
  return {
    draining: draining.map(({ cluster: { name }, untilMs }) => ({ name, untilMs, successor: successors.get(name) })),
    oldRoutes: stillOld(oldRoutes, declared, nowMs).flatMap((old) => statusOfOldRoutes(old, declared)),
  };
}

function statusOfOldRoutes(old: OldRoutes, now: RoutesNow): OldRoutesStatus[] {
  const { sinceMs, untilMs } = old;
  return compareOldRoutes(old, now).map(({ listeners, count, routes }) => {
    return { listeners, sinceMs, untilMs, count, routes: routes.slice(0, maxShownRoutes) };
  });
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
