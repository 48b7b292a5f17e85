// How a Redis Cluster that is watched stands, for those who look: its nodes, what nobody has, who says something else, and
// which seeds Envoys are given. Pure.

import { countSlots, formatSlots, uncoveredSlots } from '../effective/cluster-view.ts';
import type { ClusterNode, SlotRange } from '../effective/cluster-view.ts';
import { isAlive, publishedSeeds } from './seeds.ts';
import type { KnownCluster } from './seeds.ts';

export interface SlotsStatus {
  readonly count: number;
  /** As `0-5460`, in order. */
  readonly ranges: readonly string[];
}

export interface NodeStatus {
  readonly id: string;
  /** ADDRESS:PORT; undefined: the cluster does not say. */
  readonly address: string | undefined;
  readonly role: ClusterNode['role'];
  /** As the cluster has it. */
  readonly state: ClusterNode['state'];
  readonly slots: SlotsStatus;
  /** Of a replica: the id of its primary. */
  readonly follows: string | undefined;
  /** Why we hear nothing of it; undefined: it answers us, or is not asked. */
  readonly failure: string | undefined;
}

export interface RedisClusterStatus {
  /** As it says itself; `unknown`: no node of it answers. */
  readonly state: 'ok' | 'fail' | 'unknown';
  readonly epoch: number | undefined;
  /** In order of id; empty while the state is unknown. */
  readonly nodes: readonly NodeStatus[];
  /** Undefined while the state is unknown. */
  readonly uncovered: SlotsStatus | undefined;
  /** Where something else is said, and where a node of another cluster answers: ADDRESS:PORT. */
  readonly differing: readonly string[];
  readonly foreign: readonly string[];
  /** That Envoys are given: ADDRESS:PORT, and why it answers not, or not as one of it; undefined: it does, or is not asked. */
  readonly seeds: readonly { readonly address: string; readonly failure: string | undefined }[];
  /** Since when they are not those that are declared (Unix, ms), and why; undefined: they are. */
  readonly replaced: KnownCluster['replaced'];
}

export function statusOfCluster(known: KnownCluster): RedisClusterStatus {
  const { sight, looks, replaced } = known;
  const { view, differing, foreign } = sight;
  return {
    state: view?.state ?? 'unknown',
    epoch: view?.epoch,
    nodes: (view?.nodes ?? []).map(({ id, address, role, state, slots, follows }) => {
      const look = address === undefined ? undefined : looks.get(address);
      return { id, address, role, state, slots: statusOfSlots(slots), follows, failure: look?.failure?.reason };
    }),
    uncovered: view && statusOfSlots(uncoveredSlots(view)),
    differing,
    foreign,
    seeds: publishedSeeds(known).map((address) => {
      const other = foreign.includes(address) ? 'a node of another cluster' : undefined;
      const left = sight.isMajority && !isAlive(looks.get(address), sight) ? 'no node of it that serves' : undefined;
      return { address, failure: looks.get(address)?.failure?.reason ?? other ?? left };
    }),
    replaced,
  };
}

function statusOfSlots(ranges: readonly SlotRange[]): SlotsStatus {
  return { count: countSlots(ranges), ranges: ranges.map(formatSlots) };
}
