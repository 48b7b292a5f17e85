// From what is seen of replicated clusters to who takes their writes, and of Redis Clusters to their seeds: each cluster by
// itself, at the cost of what is seen otherwise. Pure.

import { keysUnlike } from '../collections/keys-unlike.ts';
import type { Addresses } from '../effective/addresses.ts';
import type { SeenNodes } from '../effective/cluster-view.ts';
import type { Seen, SeenSentinels } from '../effective/seen.ts';
import { isSameTopology } from '../effective/topology.ts';
import type { Topologies } from '../effective/topology.ts';
import { sentinelOf } from '../model/failover-defaults.ts';
import type { Cluster, ReplicatedCluster } from '../model/objects.ts';
import { watchOf } from '../model/watch-defaults.ts';
import { serverNameOf } from '../net/address.ts';
import { followRoles } from './follow-roles.ts';
import { followSentinel } from './follow-sentinel.ts';
import { beginFollowing, nothingRemembered } from './following.ts';
import type { Following, Followings } from './following.ts';
import { isKnownCluster, knownClusterAfter } from './known-clusters.ts';
import type { KnownClusters } from './known-clusters.ts';
import { seenByName } from './named-servers.ts';

/** What it is decided by. */
export interface Observed {
  /** What host names lead to: when that is another, other servers are seen. */
  readonly addresses: Addresses;
  readonly seen: Seen;
  readonly sentinels: SeenSentinels;
  readonly nodes: SeenNodes;
  /** Where a failover of ours is under way: what it makes of the cluster. */
  readonly dictated: Topologies;
  readonly strays: Strays;
}

/**
 * By the name of a cluster: servers that a promotion has left behind, and that do not follow its primary yet: nothing is
 * sent to them, whatever they say of themselves.
 */
export type Strays = ReadonlyMap<string, ReadonlySet<string>>;

export interface Followed {
  readonly followings: Followings;
  /** Of the Redis Clusters that are watched. */
  readonly redisClusters: KnownClusters;
  /** The same object while nobody is followed otherwise. */
  readonly topologies: Topologies;
  readonly by: Observed;
}

const nothingObserved: Observed = {
  addresses: new Map(),
  seen: new Map(),
  sentinels: new Map(),
  nodes: new Map(),
  dictated: new Map(),
  strays: new Map(),
};

/** Before anything is seen: who was followed before the start still is, unless it was declared otherwise since. */
export function followedFrom(
  kept: Followings,
  keptClusters: KnownClusters,
  find: (name: string) => Cluster | undefined,
): Followed {
  const followings = new Map(Array.from(kept).filter(([name, following]) => isAbout(following, find(name))));
  const redisClusters = new Map(Array.from(keptClusters).filter(([name, known]) => isKnownCluster(known, find(name))));
  return { followings, redisClusters, topologies: topologiesOf(followings, redisClusters), by: nothingObserved };
}

/**
 * @param edited names of clusters that are declared otherwise than before, or have gone.
 * @param find a cluster as it is declared; undefined: there is none.
 */
export function followedAfter(
  before: Followed,
  by: Observed,
  edited: Iterable<string>,
  find: (name: string) => Cluster | undefined,
  nowMs: number,
): Followed {
  const { seen, sentinels, nodes, dictated, strays } = before.by;
  const unlike = [
    ...keysUnlike(seen, by.seen),
    ...keysUnlike(sentinels, by.sentinels),
    ...keysUnlike(nodes, by.nodes),
    ...keysUnlike(dictated, by.dictated),
    ...keysUnlike(strays, by.strays),
  ];
  const names = new Set([...unlike, ...edited]);
  const followings = changed(before.followings, names, (last, name) => followOne(last, find(name), name, by, nowMs));
  const redisClusters = changed(before.redisClusters, names, (last, name) => {
    return knownClusterAfter(last, find(name), by.nodes.get(name), nowMs);
  });
  const topologies = topologiesOf(followings, redisClusters);
  const isSame = [...names].every((name) => isSameTopology(before.topologies.get(name), topologies.get(name)));
  return { followings, redisClusters, topologies: isSame ? before.topologies : topologies, by };
}

/** The same map while none of these is another. @param next undefined: there is none. */
function changed<Value>(
  before: ReadonlyMap<string, Value>,
  names: Iterable<string>,
  next: (last: Value | undefined, name: string) => Value | undefined,
): ReadonlyMap<string, Value> {
  const after = new Map(before);
  for (const name of names) {
    const value = next(before.get(name), name);
    if (value === undefined) after.delete(name);
    else after.set(name, value);
  }
  return keysUnlike(before, after).length === 0 ? before : after;
}

function followOne(
  last: Following | undefined,
  cluster: Cluster | undefined,
  name: string,
  { addresses, seen, sentinels, dictated, strays }: Observed,
  nowMs: number,
): Following | undefined {
  if (cluster?.kind !== 'replicated' || watchOf(cluster) === undefined) return undefined;
  const before = last !== undefined && isAbout(last, cluster) ? last : undefined;
  const servers = seen.get(name) ?? new Map();
  const topology = dictated.get(name);
  if (topology !== undefined) {
    const base = before ?? beginFollowing(cluster, nowMs);
    if (isSameTopology(base.topology, topology)) return base;
    const leader = topology.primary ?? base.leader;
    const isHeld = topology.primary === undefined;
    // Who is fenced may come back empty; who was held for that, and is made the primary all the same, may be so.
    const isMadePrimary = leader !== base.leader || (base.isHeld && !isHeld);
    const remembered = isMadePrimary ? nothingRemembered : {};
    return { ...base, ...remembered, topology, leader, isHeld, sinceMs: nowMs, why: 'failover', troubles: [] };
  }
  if (sentinelOf(cluster) === undefined) {
    const others = strays.get(name)?.difference(new Set([before === undefined ? cluster.primary : before.leader]));
    return followRoles(before, without(cluster, others), servers, nowMs);
  }
  const said = sentinels.get(name) ?? new Map();
  return followSentinel(before, cluster, seenByName(cluster, servers, said, addresses), said, nowMs);
}

function without(cluster: ReplicatedCluster, strays: ReadonlySet<string> | undefined): ReplicatedCluster {
  if (strays === undefined) return cluster;
  return { ...cluster, endpoints: cluster.endpoints.filter((endpoint) => !strays.has(serverNameOf(endpoint))) };
}

// Who declares another primary means it: what was seen before holds no more.
function isAbout({ declared }: Following, cluster: Cluster | undefined): boolean {
  return cluster?.kind === 'replicated' && watchOf(cluster) !== undefined && cluster.primary === declared;
}

function topologiesOf(followings: Followings, redisClusters: KnownClusters): Topologies {
  const ofGroups = Array.from(followings, ([name, { topology }]) => [name, topology] as const);
  const ofRedisClusters = Array.from(redisClusters).flatMap(([name, { seeds }]) => {
    return seeds === undefined ? [] : [[name, { primary: undefined, servers: seeds }] as const];
  });
  return new Map([...ofGroups, ...ofRedisClusters]);
}
