// What watchers have seen of servers, and how it is asked for.

import type { Cluster } from '../model/objects.ts';

/**
 * `unknown`: it never answered since it is watched, so that nothing can be said of it; `suspect`: it answers no more,
 * but not for long; `recovering`: it answers again, but not for long.
 */
export type ServerState = 'unknown' | 'up' | 'suspect' | 'down' | 'recovering';

/** Times are wall-clock time (Unix, ms). */
export interface SeenServer {
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
}

/** By the name of a cluster, then by ADDRESS:PORT as it is published. */
export type Seen = ReadonlyMap<string, ReadonlyMap<string, SeenServer>>;

/** Watches servers, each by itself. */
export interface Watchers {
  /** Another map after each change, and of a cluster another one after each change there. */
  readonly seen: Seen;
  /** The same, with lags as they are now. */
  seenNow(): Seen;
  /** The servers of these clusters from now on, as they are published, and no others. */
  follow(clusters: Iterable<Cluster>): void;
}
