// The port through which the state outlives the process: one append-only log of entries with dense numbers. What a
// store gives of the state is the fold of the log (docs/adr/0022). Twins: memory-log-store.ts and sqlite-log-store.ts.
// Must not import Envoy, HTTP or gRPC parts.

import type { EventStore } from '../events/event-store.ts';
import type { DrainingCluster } from '../inventory/draining.ts';
import type { Edits } from '../inventory/edits.ts';
import type { MirrorPair } from '../inventory/mirrors.ts';
import type { OldRoutes } from '../inventory/old-routes.ts';
import type { Cluster, Config, DeclaredObject, ObjectKind } from '../model/objects.ts';
import type { GivenOrder } from '../orders/order.ts';
import type { Orders } from '../orders/standing.ts';

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
  /** All that drains from now on, each name once. */
  readonly draining: readonly DrainingCluster[];
  /** Undefined: nothing is known of them, as in data of before they were kept. */
  readonly routes: KeptRoutes | undefined;
}

/** What is kept of the routes that were published last. */
export interface KeptRoutes {
  /** The cluster that `catch_all: auto` meant; undefined: there was none. */
  readonly catchAll: string | undefined;
  /** Some of it may be over. */
  readonly old: readonly OldRoutes[];
  /** What connections that are open mirror, and new ones do not. Left out: nothing. */
  readonly mirrors?: readonly MirrorPair[];
}

/** An operator told what is to happen with a server now. Touches neither what is staged nor what is committed. */
export interface OrderEntry extends GivenOrder {
  readonly type: 'order';
}

export type Entry = StageEntry | DiscardEntry | CommitEntry | OrderEntry;

/** A commit as the log has it: what merely goes on draining is not told again. */
export interface LoggedCommit extends Omit<CommitEntry, 'draining'> {
  /** What drains otherwise than before. */
  readonly draining: readonly DrainingEdit[];
}

export interface DrainingEdit {
  readonly name: string;
  /** Undefined: it drains no more. */
  readonly after: DrainingTerms | undefined;
}

/** As in {@link DrainingCluster}. */
export interface DrainingTerms extends Omit<DrainingCluster, 'cluster'> {
  /** Undefined: as it drained before, or else as it was committed before. */
  readonly cluster: Cluster | undefined;
}

/** An entry as the log has it. Numbers begin with 1 and have no gaps. */
export type NumberedEntry = (StageEntry | DiscardEntry | LoggedCommit | OrderEntry) & { readonly number: number };

export interface ObjectRef {
  readonly kind: ObjectKind;
  readonly name: string;
}

/** One object that is staged otherwise than it is committed. */
export interface StagedObject extends ObjectRef, Deed {
  /** Undefined: it is to go. */
  readonly after: DeclaredObject | undefined;
}

/** A revision without its content. */
export interface Revision extends Deed {
  readonly revision: number;
  readonly message: string;
  readonly rollbackTo?: number | undefined;
  readonly summary: Summary;
}

export type Summary = Readonly<Record<ObjectKind, ChangeCounts>>;

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
  /** In order of name, by code unit; so is all below. */
  readonly committed: Config;
  /** In order of kind, then name. */
  readonly staged: readonly StagedObject[];
  /** As the last commit gave it: some of it may be over. */
  readonly draining: readonly DrainingCluster[];
  /** Undefined when no commit gave any. */
  readonly routes: KeptRoutes | undefined;
  /** As the last order or commit left them: some may be over. */
  readonly orders: Orders;
  /** The key of all secrets, wrapped; see {@link LogStore.keepSecretKey}. Undefined: there never was one. */
  readonly secretKey?: string | undefined;
  /** Who was left out for its health, see {@link LogStore.keepOutages}. Not there: nobody. */
  readonly outages?: KeptOutages | undefined;
  /** What names led to when they were last found, see {@link LogStore.keepAddresses}. Not there: nothing is known. */
  readonly addresses?: KeptAddresses | undefined;
  /** See {@link LogStore.keepNotes}. Not there: none. */
  readonly notes?: Notes | undefined;
}

/** Texts by name, see {@link LogStore.keepNotes}. */
export type Notes = ReadonlyMap<string, string>;

export type OutageChanges = ReadonlyMap<string, ReturnType<KeptOutages['get']>>;

/** By cluster, then by server: since when it is out (Unix, ms), and why. */
export type KeptOutages = ReadonlyMap<string, ReadonlyMap<string, { readonly sinceMs: number; readonly reason: string }>>;

/** IP addresses by host name. */
export type KeptAddresses = ReadonlyMap<string, readonly string[]>;

/**
 * A call has happened whole and durably when it resolves. When it rejects, with {@link StoreError}, it has not happened
 * at all. Calls happen in the order in which they were made.
 */
export interface LogStore extends EventStore {
  /** Reads everything; called once, at the start. */
  load(): Promise<LogState>;
  /**
   * Appends one entry if the last one has the number `expected`, and gives the new number. Undefined: somebody else has
   * appended meanwhile, or a commit's revision is not the one after the newest; nothing has changed.
   */
  append(expected: number, entry: Entry): Promise<number | undefined>;
  /**
   * Entries after the one of that number, oldest first, at most `limit`. Those that were trimmed are not there: of
   * before the oldest kept revision, and the oldest when all together are too many (trimming.ts).
   */
  entriesAfter(number: number, limit: number): Promise<readonly NumberedEntry[]>;
  /** The kept revisions below `before`, newest first, at most `limit`. */
  revisions(before: number, limit: number): Promise<readonly Revision[]>;
  /**
   * The edits that lead from what is committed now back to what `revision` had, in order of name.
   * Undefined: it is not kept, or never was. Costs what has changed since.
   */
  editsBackTo(revision: number): Promise<Edits | undefined>;
  /** Keeps a text in place of the one before: the key that secrets are sealed with, itself wrapped by another. */
  keepSecretKey(wrapped: string): Promise<void>;
  /**
   * Keeps what these names lead to, undefined: no more. Beside the log: it was seen, and nobody did it.
   */
  keepAddresses(changes: ReadonlyMap<string, readonly string[] | undefined>): Promise<void>;
  /** The same of who is left out of these clusters; undefined: nobody any more. */
  keepOutages(changes: OutageChanges): Promise<void>;
  /**
   * Keeps texts by name, undefined: no more. Beside the log, as addresses: what was seen, or is under way, and is to be
   * known at the next start. A name is a few words, the first of which says what it is.
   */
  keepNotes(changes: ReadonlyMap<string, string | undefined>): Promise<void>;
  /** Writes all of the state into a new file, consistent while the store goes on; refuses one that is there. */
  backup(file: string): Promise<void>;
  /** Releases files and locks. Safe to repeat; nothing else may be called after it. */
  close(): Promise<void>;
}

/** The stored state can't be read or written; `message` is one line for an operator. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
}

/** The file holds no state that this program can read; nothing is wrong with the disk. */
export class UnusableFileError extends StoreError {
  /** What is wrong, without the file's path and a remedy: `damaged (empty)`. */
  readonly fault: string;

  constructor(message: string, fault: string, options?: ErrorOptions) {
    super(message, options);
    this.fault = fault;
  }
}

/** What was given as a backup is none that this program can read; `message` is one line for an operator. */
export class BackupError extends Error {
  override readonly name = 'BackupError';
}

/** How many revisions a store keeps unless told otherwise. */
export const defaultKeptRevisions = 1_000;
