// What watchers have seen of servers, and how it is asked for.

import type { Cluster } from '../model/objects.ts';
import type { SeenNodes } from './cluster-view.ts';

/**
 * `unknown`: it never answered since it is watched, so that nothing can be said of it; `suspect`: it answers no more,
 * but not for long; `recovering`: it answers again, but not for long.
 */
export type ServerState = 'unknown' | 'up' | 'suspect' | 'down' | 'recovering';

/** What a server says of its part in replication; what it does not say is undefined. */
export interface Replication {
  /** Of a replica, and of a primary that takes another one's writes too (KeyDB): whom it follows, HOST:PORT as it says it. */
  readonly follows?: string | undefined;
  /** Another after each start. */
  readonly runId?: string | undefined;
  readonly history?: History | undefined;
  /** Of a replica: whether it is connected to its primary. */
  readonly link?: 'up' | 'down' | undefined;
  /** Of a replica: how long ago it heard of its primary, in ms. */
  readonly silentMs?: number | undefined;
  readonly isSyncing?: boolean | undefined;
  readonly isLoading?: boolean | undefined;
  /** 0: never to be promoted; the smaller the sooner. */
  readonly priority?: number | undefined;
  /** How many keys it has. */
  readonly keys?: number | undefined;
  /** It was started without any, and has no log of writes that it could have read them from. */
  readonly hasLoadedNothing?: boolean | undefined;
}

/** Whose writes a server has: a replica has the identifier of its primary, also through NAT and over other replicas. */
export interface History {
  readonly id: string;
  /** How far it has come, in bytes. */
  readonly offset: number | undefined;
  /** What it had before it was promoted, or followed one that was, and up to which offset; undefined: nothing else. */
  readonly former: { readonly id: string; readonly end: number } | undefined;
}

/** Times are wall-clock time (Unix, ms). */
export interface SeenServer extends Replication {
  readonly state: ServerState;
  /** Since when it is in this state. */
  readonly sinceMs: number;
  /** Why it is not up, in a few words, or what is strange of one that is; undefined: nothing. */
  readonly reason?: string | undefined;
  /** As it said last. */
  readonly role?: string | undefined;
  readonly product?: string | undefined;
  readonly version?: string | undefined;
  /** Of a replica, in bytes: how far it is behind its primary. */
  readonly lag?: number | undefined;
  /** When it answered last; undefined: not since it is watched. */
  readonly answeredAtMs?: number | undefined;
  /** Of one that is unknown: as many looks have found nobody as make a server that was up go down. */
  readonly isUnheard?: boolean | undefined;
}

/** A Sentinel that is asked for a cluster. Times are wall-clock time (Unix, ms); addresses as they are connected to. */
export interface SeenSentinel {
  /** When it answered last; undefined: not since it is asked. */
  readonly answeredAtMs?: number | undefined;
  /** Why it does not answer, and since when; undefined: it does. */
  readonly failure?: { readonly reason: string; readonly sinceMs: number } | undefined;
  /** What it said last; undefined: nothing yet, or that it does not know the name. */
  readonly opinion?: SentinelOpinion | undefined;
  /** It does not know the name. */
  readonly isNameUnknown?: boolean | undefined;
  /** Its run ID, which stays over its starts; undefined: it does not say. */
  readonly id?: string | undefined;
  /** It acts on nothing for a while: its clock jumped, or it stood still (TILT). */
  readonly isTilted?: boolean | undefined;
  /** Why its events are not heard, in a few words; undefined: they are. */
  readonly deafness?: string | undefined;
  /** Whom it voted for, lately, to lead a failover: of this group or another one that it watches. */
  readonly votes?: readonly SentinelVote[] | undefined;
  /** It leads a failover, or says so, and is about to promote this server. */
  readonly selected?: { readonly server: string; readonly epoch: number } | undefined;
}

export interface SentinelVote {
  /** The run ID of a Sentinel. */
  readonly leader: string;
  /** No two failovers have the same, whatever group they are of. */
  readonly epoch: number;
}

export interface SentinelOpinion {
  /** Who takes the writes. */
  readonly primary: string;
  readonly epoch: number;
  /** Its words of the primary, as `s_down`, `failover_in_progress`. */
  readonly flags: readonly string[];
  readonly quorum: number;
  /** The replicas that it knows, in order of address, with its words. */
  readonly replicas: readonly { readonly address: string; readonly flags: readonly string[] }[];
  /** The other Sentinels that it knows, in order. */
  readonly sentinels: readonly string[];
}

/** By the name of a cluster, then by ADDRESS:PORT. */
export type SeenSentinels = ReadonlyMap<string, ReadonlyMap<string, SeenSentinel>>;

/** By the name of a cluster, then by ADDRESS:PORT as it is published. */
export type Seen = ReadonlyMap<string, ReadonlyMap<string, SeenServer>>;

/** Watches servers, each by itself. */
export interface Watchers {
  /** Another map after each change, and of a cluster another one after each change there. */
  readonly seen: Seen;
  /** The same, with lags as they are now. */
  seenNow(): Seen;
  /** What Sentinels say; another map after each change, and of a cluster another one after each change there. */
  readonly sentinels: SeenSentinels;
  /** The same of what nodes of Redis Clusters say of them. Default: none is asked. */
  readonly nodes?: SeenNodes | undefined;
  /** The servers of these clusters from now on, as they are published, and no others. */
  follow(clusters: Iterable<Cluster>): void;
  /**
   * These besides, until it is told whom to follow; resolves when something is seen otherwise, or after `limitMs`. Left
   * out: nothing is learned of a cluster before it is published.
   */
  learn?(clusters: readonly Cluster[], limitMs: number): Promise<void>;
}
