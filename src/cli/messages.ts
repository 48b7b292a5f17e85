// What /api/v2 answers to the commands that stage, plan, commit and undo, as it stands on the wire.

import type { CommitMessage, ConvergedCommitMessage } from '../api/v2/messages.ts';
import type { Cluster, Endpoint, Listener, Shard } from '../model/objects.ts';

export type ObjectKindWord = 'cluster' | 'listener';

/** What a field was and what it is to be; left out: nothing. */
export interface FieldChangeMessage {
  readonly field: string;
  readonly before?: unknown;
  readonly after?: unknown;
}

export interface ChangeMessage {
  readonly kind: ObjectKindWord;
  readonly name: string;
  readonly change: 'added' | 'changed' | 'removed';
  /** Of what is changed: each field, and each endpoint, shard and route by its name, as `endpoints/10.0.0.1:6379`. */
  readonly fields?: readonly FieldChangeMessage[];
  /** Of what is added: the whole. */
  readonly after?: Readonly<Record<string, unknown>>;
}

/** The answer to `GET /api/v2/diff`, to a file that with `dry_run` would be staged, and, without fields, to one that is. */
export interface ChangesMessage {
  readonly changes: readonly ChangeMessage[];
}

/** `message` is one line. */
export interface FindingMessage {
  readonly code: string;
  readonly message: string;
}

/** Names of the Envoy resources of one kind that change for one node group; `group` '': those that no object names. */
export interface ResourceChangesMessage {
  readonly group: string;
  readonly kind: string;
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
}

/** The answer to `POST /api/v2/plan`. */
export interface PlanMessage extends ChangesMessage {
  readonly token: string;
  /** The one that stands, and that the plan is made from. */
  readonly revision: number;
  /** Why a commit would be refused. */
  readonly errors: readonly FindingMessage[];
  /** Why it would be refused without `force`. */
  readonly guards: readonly FindingMessage[];
  readonly warnings: readonly FindingMessage[];
  readonly resources: readonly ResourceChangesMessage[];
}

/** Whether something was published, and which revision stands now. */
export interface RevisedMessage {
  readonly changed: boolean;
  readonly revision?: number;
  /** Of a rollback: whose content it has again. */
  readonly rollback_to?: number;
  /** Of a restore: whose content it has, by the history of the backup. */
  readonly restored_revision?: number;
  /** Of a restore: what is staged now. */
  readonly staged?: readonly ObjectNameMessage[];
  /** Of a rollback: what was rolled back and is staged too, so that a commit would change it again. */
  readonly still_staged?: readonly ObjectNameMessage[];
}

/** The answer to `POST /api/v2/commit`, `/api/v2/rollback` and `/api/v2/restore`, without or with `wait`. */
export type PublishMessage = (CommitMessage | ConvergedCommitMessage) & RevisedMessage;

export interface ObjectNameMessage {
  readonly kind: ObjectKindWord;
  readonly name: string;
}

/** The answer to `POST /api/v2/discard`. */
export interface DiscardMessage {
  readonly discarded: readonly ObjectNameMessage[];
}

export interface SummaryCountMessage {
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
}

export interface RevisionMessage {
  readonly revision: number;
  readonly at: string;
  readonly author: string;
  readonly message: string;
  /** The older revision whose content it has again. */
  readonly rollback_to?: number;
  readonly summary: Readonly<Partial<Record<ObjectKindWord, SummaryCountMessage>>>;
}

/** The answer to `GET /api/v2/revisions`: newest first. */
export interface RevisionsMessage {
  readonly revisions: readonly RevisionMessage[];
}

/** The answers to lists; `next` is the cursor of what follows. */
export interface ClustersMessage {
  readonly clusters: readonly Cluster[];
  readonly next?: string;
}
export interface ListenersMessage {
  readonly listeners: readonly Listener[];
  readonly next?: string;
}

/** The servers of a cluster, by what they are to it. */
export type ServersMessage = { readonly endpoints: readonly Endpoint[] } | { readonly shards: readonly Shard[] };

/** What is wrong with a value of a body, and where. */
export interface FaultMessage {
  readonly pointer: string;
  readonly value?: unknown;
  readonly rule: string;
  readonly line?: number;
  readonly column?: number;
}

/** An error, as application/problem+json. */
export interface RefusalMessage {
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code?: string;
  readonly faults?: readonly FaultMessage[];
  readonly findings?: readonly FindingMessage[];
}
