// What there is to tell of what is committed, and how a commit is refused.

import type { HostNameStatus } from '../effective/host-names.ts';
import type { RouteDifference } from '../inventory/old-routes.ts';
import type { Orders } from '../orders/standing.ts';
import type { Warning } from './warnings.ts';

export { BackupError, StoreError } from '../store/log-store.ts';
export type { Warning } from './warnings.ts';

/** A removed cluster that is still published. Times are wall-clock time (Unix, ms), here and below. */
export interface DrainingStatus {
  readonly name: string;
  readonly untilMs: number;
  /** The cluster that has its keys now, or had them last: it is given its endpoints; undefined: it keeps its own. */
  readonly successor: string | undefined;
}

/** Connections that were opened before `sinceMs`, and by when the last of them is closed. */
export interface OldRoutesStatus {
  /** The Redis listeners by which they came; the first of many. */
  readonly listeners: readonly string[];
  readonly sinceMs: number;
  readonly untilMs: number;
  /** Of all routes that differ for them. */
  readonly count: number;
  /** The first of these. */
  readonly routes: readonly RouteDifference[];
}

/** How things stand with what is committed, beside what the Envoys say to it. */
export interface PublishedStatus {
  readonly warnings: readonly Warning[];
  /** In the order in which they were removed. */
  readonly draining: readonly DrainingStatus[];
  /** Oldest first. */
  readonly oldRoutes: readonly OldRoutesStatus[];
  /** That stand, in order of cluster and server. */
  readonly orders: Orders;
}

/** A host name, and what it leads to. */
export interface PublishedName extends HostNameStatus {
  /** That have it, those that drain too. */
  readonly clusters: readonly string[];
}

/** A commit that was refused before anything was persisted or published: what is staged stays staged. */
export class CommitError extends Error {
  override readonly name = 'CommitError';
}
