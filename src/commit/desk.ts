// What the API may ask of the control plane: the one way in. All calls that change something take their turn in one
// serial queue; each has happened, durably, when it resolves, or has changed nothing when it rejects.

import type { Seen } from '../effective/seen.ts';
import type { Outages } from '../effective/verdicts-by-cluster.ts';
import type { Change } from '../inventory/change.ts';
import type { RedisClusterStatus } from '../failover/cluster-status.ts';
import type { Followings } from '../failover/following.ts';
import type { Edits } from '../inventory/edits.ts';
import type { Config, DeclaredObject, ObjectKind, ObjectsByKind } from '../model/objects.ts';
import type { Order, OrderVerb, ServerRef } from '../orders/order.ts';
import type { Orders } from '../orders/standing.ts';
import type { LogState, NumberedEntry, ObjectRef, Revision, StagedObject } from '../store/log-store.ts';
import type { PublishedName, PublishedStatus, Warning } from './published.ts';

export type { RedisClusterStatus } from '../failover/cluster-status.ts';
export type { Seen, SeenServer } from '../effective/seen.ts';
export type { Following } from '../failover/following.ts';
export type { LogState, NumberedEntry, ObjectRef, Revision, StagedObject } from '../store/log-store.ts';

export { orderVerbs, standingVerbs } from '../orders/order.ts';
export type { Order, OrderVerb, ServerRef } from '../orders/order.ts';
export { OrderError } from '../orders/rules.ts';

export type View = 'staged' | 'committed';

/** What is declared, as a decision may look at it. Valid until the decision returns. */
export interface Declarations {
  /** Objects by name, in the view. Staged: what is committed with the staged objects laid over. */
  get<Kind extends ObjectKind>(view: View, kind: Kind, name: string): ObjectsByKind[Kind] | undefined;
  /** In order of name. */
  list<Kind extends ObjectKind>(view: View, kind: Kind): readonly ObjectsByKind[Kind][];
  /** What is staged otherwise than it is committed, in order of kind and name. */
  readonly staged: readonly StagedObject[];
  /** The number of the newest revision; 0: none. */
  readonly revision: number;
  /** Changes with each entry of the log that is about what is declared: the staging area's tag. */
  readonly lastEntry: number;
}

/** One object that differs between two states. */
export interface ObjectChange extends ObjectRef {
  readonly change: 'added' | 'changed' | 'removed';
  readonly before: DeclaredObject | undefined;
  readonly after: DeclaredObject | undefined;
  /** Which fields differ, with their values; of one that was added or removed none. Endpoints and shards one by one. */
  readonly fields: readonly FieldChange[];
}

export interface FieldChange {
  /** As `connect_timeout`, `load_balancing.policy`, `endpoints/10.0.0.1:6379`, `shards/shard-0`, `routes/sess:`. */
  readonly field: string;
  /** Undefined: it is not there. */
  readonly before: unknown;
  readonly after: unknown;
}

/** A finding about what a commit would publish. */
export interface Finding {
  readonly code: string;
  /** One line for an operator. */
  readonly message: string;
}

export interface Diff {
  /** In order of kind and name. */
  readonly changes: readonly ObjectChange[];
}

/** What came of a commit, or a rollback; `unchanged`: there was nothing to publish. */
export type CommitEnd = 'published' | 'unchanged' | 'failed';

/** What a commit would do now. */
export interface Plan extends Diff {
  /** To be given to the commit: it is refused when anything that the plan was made of has changed. */
  readonly token: string;
  readonly revision: number;
  /** Why it would be refused, if it would. */
  readonly errors: readonly Finding[];
  /** Why it would be refused without `force`. */
  readonly guards: readonly Finding[];
  readonly warnings: readonly Finding[];
  /** Envoy resources by node group; '' is the group of those that no object names. */
  readonly resources: readonly ResourceChanges[];
}

export interface ResourceChanges {
  readonly group: string;
  readonly kind: 'cluster' | 'endpoint' | 'listener' | 'route' | 'secret';
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
}

/** Looks at what is declared when its turn has come; what it throws, the call rejects with. */
export type Precondition = (declarations: Declarations) => void;

export interface CommitRequest {
  readonly author: string;
  readonly require?: Precondition | undefined;
  readonly message?: string | undefined;
  /** Commits also what a guard refuses. */
  readonly force?: boolean | undefined;
  /** Refused with ConflictError when the newest revision is another one. */
  readonly expectedRevision?: number | undefined;
  /** The token of a plan. */
  readonly plan?: string | undefined;
  /** /api/v1: guards warn only. */
  readonly isUnguarded?: boolean | undefined;
}

export interface CommitOutcome {
  /** False when nothing is staged that differs from what is committed: no revision, no push. */
  readonly changed: boolean;
  /** The newest. */
  readonly revision: number;
  readonly changes: readonly ObjectChange[];
  /** Of the step alone: what there is to warn of in what is published now, {@link Desk.status} tells. */
  readonly warnings: readonly Warning[];
}

export interface RollbackRequest {
  readonly author: string;
  readonly require?: Precondition | undefined;
  readonly message?: string | undefined;
  /** Undefined: the one before the newest. */
  readonly revision?: number | undefined;
  readonly force?: boolean | undefined;
  readonly expectedRevision?: number | undefined;
}

export interface RollbackOutcome extends CommitOutcome {
  /** Whose content it is. */
  readonly rollbackTo: number;
  /** Objects that were rolled back and are staged too: a commit would change them again. */
  readonly stillStaged: readonly ObjectRef[];
}

export interface RestoreRequest {
  readonly author: string;
  /** What a backup holds; its history is not looked at. */
  readonly state: LogState;
  readonly require?: Precondition | undefined;
  readonly message?: string | undefined;
  readonly force?: boolean | undefined;
}

export interface RestoreOutcome extends CommitOutcome {
  /** The newest of the backup, whose content it is; 0: nothing was committed then. */
  readonly restoredRevision: number;
  /** All that is staged now, as it was in the backup. */
  readonly staged: readonly ObjectRef[];
}

/** What is to happen with a server now. */
export interface OrderRequest extends ServerRef {
  readonly author: string;
  readonly order: OrderVerb;
  /** How long it stands; undefined: until it is taken back. */
  readonly forMs?: number | undefined;
  readonly message?: string | undefined;
  /** Also where the server is missed. */
  readonly force?: boolean | undefined;
}

export interface OrderOutcome {
  /** False when it was so already. */
  readonly changed: boolean;
  /** What stands for the server now; undefined: nothing. */
  readonly order: Order | undefined;
}

/** It was refused: somebody else was faster, or a guard says no. `code` tells which. */
export class ConflictError extends Error {
  override readonly name = 'ConflictError';
  readonly code: 'guard' | 'stale-revision' | 'stale-plan';
  readonly findings: readonly Finding[];

  constructor(code: ConflictError['code'], message: string, findings: readonly Finding[] = []) {
    super(message);
    this.code = code;
    this.findings = findings;
  }
}

/** There is no such revision, or it is kept no more. */
export class NoRevisionError extends Error {
  override readonly name = 'NoRevisionError';
}

export interface Desk {
  /** For reading, as things stand now. */
  readonly declarations: Declarations;
  /** How things stand with what is committed. */
  status(): PublishedStatus;
  /** The host names that the control plane looks up, in order of name. */
  hostNames(): readonly PublishedName[];
  /** Who takes the writes of replicated clusters that are watched, by name. */
  followings(): Followings;
  /** How the Redis Clusters stand that are watched, by name. */
  redisClusters(): ReadonlyMap<string, RedisClusterStatus>;
  /** Who is left out of what is published for its health. */
  outages(): Outages;
  /** What is seen of the servers that are watched, by cluster in order of name. */
  health(): Seen;
  /** Stages one change as /api/v1 asks for it. @throws InventoryError, StoreError */
  change(change: Change, author: string): Promise<void>;
  /**
   * Stages the edits that `decide` makes of what is declared when its turn has come. Rules between objects (a prefix is
   * one cluster's) are checked after it. What `decide` throws, it rejects with. @throws InventoryError, StoreError
   */
  stage(decide: (declarations: Declarations) => Edits, author: string): Promise<void>;
  /** What {@link Desk.stage} would change of what is staged, by the same rules; stages nothing. @throws InventoryError */
  preview(decide: (declarations: Declarations) => Edits): Promise<Diff>;
  /** What is staged of these objects, or of all, is staged no more; gives what was. */
  discard(objects: readonly ObjectRef[] | 'all', author: string, require?: Precondition): Promise<readonly ObjectRef[]>;
  plan(): Promise<Plan>;
  /** Between revisions, or from one to what is staged; by default from what is committed to what is staged. */
  diff(from?: number, to?: number): Promise<Diff>;
  /** @throws ConflictError, CommitError, StoreError */
  commit(request: CommitRequest): Promise<CommitOutcome>;
  /** @throws ConflictError, NoRevisionError, CommitError, StoreError */
  rollback(request: RollbackRequest): Promise<RollbackOutcome>;
  /** Newest first. */
  revisions(before: number, limit: number): Promise<readonly Revision[]>;
  /** What was committed then. @throws NoRevisionError */
  content(revision: number): Promise<Config>;
  entriesAfter(number: number, limit: number): Promise<readonly NumberedEntry[]>;
  /** Writes all there is into a new file, while everything goes on. @throws StoreError */
  backup(file: string): Promise<void>;
  /**
   * Commits what a backup has committed, as one new revision, then stages what it has staged, in place of what is. What
   * was done here stays in the history. These are two entries: when the second can't be written, the StoreError says
   * that the commit has happened. @throws ConflictError, CommitError, StoreError
   */
  restore(request: RestoreRequest): Promise<RestoreOutcome>;
  /**
   * Tells what is to happen with a server that is committed, and publishes it.
   * @throws InventoryError, OrderError, StoreError
   */
  order(request: OrderRequest): Promise<OrderOutcome>;
  /** Those that stand now, in order of cluster and server. */
  orders(): Orders;
}
