// What is known of a replicated cluster from what was seen of it: who takes its writes, and since when and why; and the
// same as text, to be known at the next start.

import { keysUnlike } from '../collections/keys-unlike.ts';
import { declaredTopology } from '../effective/topology.ts';
import type { Topology } from '../effective/topology.ts';
import { sentinelOf } from '../model/failover-defaults.ts';
import type { ReplicatedCluster } from '../model/objects.ts';
import type { Identity } from './identity.ts';

export interface Following extends Identity {
  readonly topology: Topology;
  /** Who is taken for the primary, ADDRESS:PORT; undefined: nobody is known. */
  readonly leader: string | undefined;
  /** Nothing is sent to it all the same: it is gone, or came back empty. */
  readonly isHeld: boolean;
  /** Who was declared to be the primary: when another one is, what was seen before holds no more. */
  readonly declared: string | undefined;
  /** Who says it: `roles`, or `sentinel` and the name of the master. */
  readonly source: string;
  /** Since when it is the primary: wall-clock time (Unix, ms). */
  readonly sinceMs: number;
  /** In a few words. */
  readonly why: string;
  /** Of the configuration of the Sentinels. */
  readonly epoch?: number | undefined;
  /** The run in which it came back empty: in that one nothing is sent to it; empty where it does not tell. */
  readonly emptyRunId?: string | undefined;
  /** Others that say to be the primary, in order. */
  readonly rivals?: readonly string[] | undefined;
  /** Who was the primary before, and has not been seen as a replica since, in order: nothing is sent to them. */
  readonly strays?: readonly string[] | undefined;
  /** What keeps it from being followed, or is to be looked at. */
  readonly troubles: readonly Trouble[];
}

export interface Trouble {
  readonly code: TroubleCode;
  /** One line that names the cluster and the servers. */
  readonly message: string;
}

export type TroubleCode =
  | 'sentinel-quorum'
  | 'sentinels-disagree'
  | 'sentinel-unreachable'
  | 'sentinel-master-unknown'
  | 'sentinel-stale'
  | 'sentinel-tilt'
  | 'sentinel-silent'
  | 'two-primaries'
  | 'no-primary'
  | 'primary-empty'
  | 'primary-is-replica'
  | 'failover-held'
  | 'primary-unreachable'
  | 'promotion-pending'
  | RedisClusterTroubleCode;

/** See cluster-troubles.ts. */
type RedisClusterTroubleCode =
  | 'slots-uncovered'
  | 'cluster-node-failed'
  | 'cluster-views-differ'
  | 'cluster-unseen'
  | 'seeds-unreachable'
  | 'seeds-replaced';

/** What is declared is followed until something else is seen. */
export function beginFollowing(cluster: ReplicatedCluster, nowMs: number): Following {
  const sentinel = sentinelOf(cluster);
  return {
    topology: declaredTopology(cluster),
    leader: cluster.primary,
    isHeld: false,
    declared: cluster.primary,
    source: sentinel === undefined ? 'roles' : `sentinel ${sentinel.master}`,
    sinceMs: nowMs,
    why: 'declared',
    troubles: [],
  };
}

/** Of one that somebody made the primary, whatever it has: what is remembered of the one before says nothing of it. */
export const nothingRemembered: Identity & Pick<Following, 'emptyRunId' | 'rivals' | 'strays'> = {
  runId: undefined,
  history: undefined,
  keys: undefined,
  emptyRunId: undefined,
  rivals: undefined,
  strays: undefined,
};

/** True when there is nothing to tell of, to publish or to keep. */
export function isSameFollowing(a: Following, b: Following): boolean {
  return textOfFollowing(a) === textOfFollowing(b) && JSON.stringify(a.troubles) === JSON.stringify(b.troubles);
}

/** By the name of the cluster. */
export type Followings = ReadonlyMap<string, Following>;

/** What of it is to be known at the next start: how far the history has come is another at each look, and is not told. */
export function textOfFollowing({ troubles: _troubles, history, ...kept }: Following): string {
  const told = { ...kept, ...(history && { history: { id: history.id, former: history.former } }) };
  return JSON.stringify(Object.fromEntries(Object.entries(told).sort(([a], [b]) => (a < b ? -1 : 1))));
}

/** Undefined when it is no text of {@link textOfFollowing}. */
export function parseFollowing(text: string): Following | undefined {
  const value = parseJson(text) as Partial<Following> | null | undefined;
  const { topology, source, sinceMs, why } = value ?? {};
  const isList = Array.isArray(topology?.servers) && topology.servers.every((server) => typeof server === 'string');
  const isWhole = isList && [source, why].every((each) => typeof each === 'string') && typeof sinceMs === 'number';
  return isWhole ? { ...(value as Following), troubles: [] } : undefined;
}

const notePrefix = 'following ';

/** Those that were kept; one that can't be read is not known. @param notes see LogStore.keepNotes. */
export function followingsFrom(notes: ReadonlyMap<string, string>): Followings {
  const kept = Array.from(notes).filter(([name]) => name.startsWith(notePrefix));
  return new Map(
    kept.flatMap(([name, text]) => {
      const following = parseFollowing(text);
      return following === undefined ? [] : [[name.slice(notePrefix.length), following] as const];
    }),
  );
}

/** What has to be kept of `after` when `before` was; undefined: nothing any more. */
export function compareFollowings(before: Followings, after: Followings): Map<string, string | undefined> {
  const textOf = (following: Following | undefined) => following && textOfFollowing(following);
  const names = keysUnlike(before, after).filter((name) => textOf(before.get(name)) !== textOf(after.get(name)));
  return new Map(names.map((name) => [notePrefix + name, textOf(after.get(name))]));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
