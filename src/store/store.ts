// The port through which declared state outlives the process. Twins:
// memory-store.ts and sqlite-store.ts. Must not import Envoy, HTTP or gRPC parts.

import type { Cluster, ClusterEdit } from '../inventory/cluster.ts';
import type { DrainingCluster } from '../inventory/draining.ts';
import type { KeptRoutes } from './log-store.ts';

export { StoreError } from './log-store.ts';
export type { KeptRoutes } from './log-store.ts';

/** All that a store keeps. `committed` is undefined until the first commit ever. */
export interface StoredState {
  readonly staged: readonly Cluster[];
  readonly committed: readonly Cluster[] | undefined;
  /** As the last commit gave it: some of it may be over. */
  readonly draining: readonly DrainingCluster[];
  /** Undefined when no commit gave any. */
  readonly routes: KeptRoutes | undefined;
}

/**
 * Synchronous on purpose: a call has either happened whole and durably when it
 * returns, or it throws {@link StoreError} and has not happened at all.
 */
export interface Store {
  /** Reads everything; called once, at the start. */
  load(): StoredState;
  /** Makes one staged edit durable. */
  saveStaged(edit: ClusterEdit): void;
  /**
   * Makes a commit durable: applies `edits` to the committed clusters, and replaces what drains and the routes.
   * Safe with no edits (the first commit may be empty).
   */
  saveCommit(edits: readonly ClusterEdit[], draining?: readonly DrainingCluster[], routes?: KeptRoutes): void;
  /** Releases files and locks. Safe to repeat; nothing else may be called after it. */
  close(): void;
}
