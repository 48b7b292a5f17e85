// The port through which the state outlives the process: one append-only log of entries with dense numbers. What a
// store gives of the state is the fold of the log (docs/adr/0022). Twins: memory-log-store.ts and sqlite-log-store.ts.
// Must not import Envoy, HTTP or gRPC parts.

import type { DrainingCluster } from '../inventory/draining.ts';
import type { Edits } from '../inventory/edits.ts';
import type { Cluster, Config, Listener, ObjectKind } from '../model/objects.ts';
import type { KeptRoutes } from './store.ts';

/** Who did it, and when (wall-clock time, Unix, ms). */
export interface Deed {
  readonly author: string;
  readonly atMs: number;
}

/** Objects were staged, each as it is to be; undefined: it is to go. */
export interface StageEntry extends Deed {
  readonly type: 'stage';
  readonly edits: Edits;
}

/** What was staged of these objects is staged no more. */
export interface DiscardEntry extends Deed {
  readonly type: 'discard';
  readonly objects: readonly ObjectRef[];
}

/** A new revision. What is staged as it is committed now is staged no more; all else stays staged. */
export interface CommitEntry extends Deed {
  readonly type: 'commit';
  readonly revision: number;
  readonly message: string;
  /** Set when it is the content of an old revision again. */
  readonly rollbackTo?: number | undefined;
  /** From what was committed to what is. */
  readonly edits: Edits;
  /** All that drains from now on. */
  readonly draining: readonly DrainingCluster[];
  readonly routes: KeptRoutes;
}

export type Entry = StageEntry | DiscardEntry | CommitEntry;

/** Numbers begin with 1 and have no gaps. */
export type NumberedEntry = Entry & { readonly number: number };

export interface ObjectRef {
  readonly kind: ObjectKind;
  readonly name: string;
}

/** One object that is staged otherwise than it is committed. */
export interface StagedObject extends ObjectRef, Deed {
  /** Undefined: it is to go. */
  readonly after: Cluster | Listener | undefined;
}

/** A revision without its content. */
export interface Revision extends Deed {
  readonly revision: number;
  readonly message: string;
  readonly rollbackTo?: number | undefined;
  readonly summary: Readonly<Record<ObjectKind, ChangeCounts>>;
}

/** How many objects of a kind a revision changed. */
export interface ChangeCounts {
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
}

/** What the log comes to. */
export interface LogState {
  /** Of the last entry; 0: there is none. */
  readonly lastEntry: number;
  /** The newest; 0: nothing was ever committed. */
  readonly revision: number;
  readonly committed: Config;
  /** In order of kind and name. */
  readonly staged: readonly StagedObject[];
  /** As the last commit gave it: some of it may be over. */
  readonly draining: readonly DrainingCluster[];
  /** Undefined when no commit gave any. */
  readonly routes: KeptRoutes | undefined;
}

export interface LogStore {
  /** Reads everything; called once, at the start. An object that is staged as it was committed is not in `staged`. */
  load(): Promise<LogState>;
  /**
   * Appends one entry, durably when it resolves, if the last one has the number `expected`, and gives the new number.
   * Undefined: somebody else has appended meanwhile, and nothing has changed.
   * Rejects with StoreError, and then nothing has changed.
   */
  append(expected: number, entry: Entry): Promise<number | undefined>;
  /** Entries after the one of that number, oldest first, at most `limit`; those that were trimmed are not there. */
  entriesAfter(number: number, limit: number): Promise<readonly NumberedEntry[]>;
  /** The kept revisions below `before`, newest first, at most `limit`. */
  revisions(before: number, limit: number): Promise<readonly Revision[]>;
  /**
   * The edits that lead from what is committed now back to what `revision` had.
   * Undefined: it is not kept, or never was. Costs what has changed since.
   */
  editsBackTo(revision: number): Promise<Edits | undefined>;
  /** Writes all of the state into a new file, consistent while the store goes on; refuses one that is there. */
  backup(file: string): Promise<void>;
  /** Releases files and locks. Safe to repeat; nothing else may be called after it. */
  close(): Promise<void>;
}

/** How many revisions a store keeps unless told otherwise. */
export const defaultKeptRevisions = 1_000;
