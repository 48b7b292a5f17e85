// Clusters that were removed but that Envoy may still need: it lets the connections of a
// replaced filter chain live on for its drain time, and they use what the old listener routed to.

import type { Cluster, ClusterEdit, Clusters } from './cluster.ts';
import { findLeftReads, ownerOfLeftReads } from './left-reads.ts';
import type { MirrorPair } from './mirrors.ts';
import { servedNames } from './read-clusters.ts';
import type { Routing } from './routing.ts';
import { servedAs } from './served-as.ts';
import { serveBy } from './served-cluster.ts';
import type { ServedCluster } from './served-cluster.ts';

/** A removed cluster as it was last, endpoints included. `untilMs` is wall-clock time (Unix, ms): it survives a restart. */
export interface DrainingCluster {
  readonly cluster: Cluster;
  readonly untilMs: number;
  /** True when it was the catch-all at the end. */
  readonly wasCatchAll: boolean;
  /** The last cluster that all its keys went to since, by name; undefined: none did; its own: it keeps its servers. */
  readonly followed: string | undefined;
}

/** What was committed before, with its routes. */
export interface Before {
  readonly clusters: Clusters;
  readonly routing: Routing;
  /** The time of some of them may be over. */
  readonly mirrors: readonly MirrorPair[];
  readonly draining: readonly DrainingCluster[];
}

/**
 * What drains after a commit: what it removed, from now for `drainTimeMs`, and what drained before and is neither over
 * nor declared again. Of a cluster that is replicated no more that is what its reads went to.
 * @param before the state before `edits`.
 * @param routing the routes after them.
 */
export function drainAfter(
  before: Before,
  edits: readonly ClusterEdit[],
  routing: Routing,
  nowMs: number,
  drainTimeMs: number,
): DrainingCluster[] {
  const drained = stillDraining(before.draining, nowMs);
  const after = new Map(edits.map((edit) => [edit.name, edit.after]));
  const goOn = drained.filter((each) => {
    const { name } = each.cluster;
    const now = after.get(ownerOfLeftReads(each) ?? name);
    return now === undefined || !servedNames(now).includes(name);
  });
  const leftBefore = drained.flatMap(({ cluster, untilMs }) => {
    const now = after.get(cluster.name);
    return now === undefined ? [] : findLeftReads(cluster, now, untilMs);
  });
  if (drainTimeMs === 0) return follow([...goOn, ...leftBefore], routing);
  const untilMs = nowMs + drainTimeMs;
  const mirrors = before.mirrors.filter((pair) => pair.untilMs > nowMs);
  const added = edits.flatMap(({ name, after: now }): DrainingCluster[] => {
    const cluster = before.clusters.get(name);
    if (cluster === undefined) return [];
    if (now !== undefined) return findLeftReads(cluster, now, untilMs);
    const each = { cluster, untilMs, wasCatchAll: name === before.routing.catchAll, followed: undefined };
    return [mustKeepOwn(each, mirrors, routing) ? { ...each, followed: name } : each];
  });
  return follow([...goOn, ...leftBefore, ...added], routing);
}

/**
 * True when old connections would do each command twice with the servers of whoever takes the keys over: they send it
 * to this cluster and to its mirrors. A mirror itself has no keys of its own that anybody could take over.
 */
function mustKeepOwn(each: DrainingCluster, mirrors: readonly MirrorPair[], routing: Routing): boolean {
  const { name } = each.cluster;
  if (mirrors.some(({ mirror }) => mirror === name)) return true;
  const taker = findTaker(each, routing);
  return mirrors.some(({ cluster, mirror }) => cluster === name && (taker === undefined || taker === mirror));
}

/** Those whose time is not over. */
export function stillDraining(draining: readonly DrainingCluster[], nowMs: number): DrainingCluster[] {
  return draining.filter(({ untilMs }) => untilMs > nowMs);
}

/** What drains, each noted to follow the cluster to which its keys go by these routes, if there is one. */
export function follow(draining: readonly DrainingCluster[], routing: Routing): DrainingCluster[] {
  return draining.map((each) => {
    if (each.followed === each.cluster.name) return each;
    return { ...each, followed: findTaker(each, routing) ?? each.followed };
  });
}

// What connections with the old routes write is then where those with the new ones look for it. Undefined: nobody
// took the keys over, or two clusters did, and one cluster can't be both.
function findTaker({ cluster, wasCatchAll }: DrainingCluster, routing: Routing): string | undefined {
  const { prefix } = cluster;
  const byPrefix = prefix === undefined ? undefined : routing.clusterOf(prefix);
  const takers = new Set([byPrefix, wasCatchAll ? routing.catchAll : undefined]);
  takers.delete(undefined);
  const [taker] = takers;
  return takers.size === 1 ? taker : undefined;
}

/**
 * The name of the cluster with whose servers each draining one is served, by name: the end of whom it followed. One
 * that followed nobody keeps its own, and is not there. Whom it followed may drain too, and is still nearer to what
 * was written since than the servers that it had itself. A Redis Cluster neither takes servers nor gives any: Envoy asks
 * it for them.
 * @param clusters those that are declared.
 */
export function findSuccessors(draining: readonly DrainingCluster[], clusters: Clusters): Map<string, string> {
  const drains = new Map(draining.map(({ cluster }) => [cluster.name, cluster]));
  const asksItself = (name: string | undefined): boolean => {
    return name !== undefined && (clusters.get(name) ?? drains.get(name))?.kind === 'redis_cluster';
  };
  const followed = new Map(
    draining.map(({ cluster: { name }, followed: next }) => {
      return [name, asksItself(name) || asksItself(next) ? undefined : next];
    }),
  );
  const successors = new Map<string, string>();
  for (const start of followed.keys()) {
    const passed = new Set([start]);
    let end = start;
    for (let next = followed.get(end); next !== undefined && !passed.has(next); next = followed.get(end)) {
      passed.add(next);
      end = next;
    }
    if (end !== start) successors.set(start, end);
  }
  return successors;
}

/**
 * The draining clusters by name, as they are to be served, those for reads too: with the servers of their successors,
 * to which they speak as these do.
 * @param successors as {@link findSuccessors} finds them.
 */
export function serveDraining(
  draining: readonly DrainingCluster[],
  successors: ReadonlyMap<string, string>,
  clusters: Clusters,
): Map<string, ServedCluster> {
  const byName = new Map(draining.map(({ cluster }) => [cluster.name, cluster]));
  return new Map(
    draining.flatMap(({ cluster }) => {
      const successor = successors.get(cluster.name) ?? cluster.name;
      const server = clusters.get(successor) ?? byName.get(successor) ?? cluster;
      const declared = servedAs(cluster, server);
      return serveBy(cluster, server).map((each) => [each.name, { ...each, declared }] as const);
    }),
  );
}
