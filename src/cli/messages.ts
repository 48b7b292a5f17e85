// What /api/v2 answers to the commands that stage, plan, commit and undo: by its own shapes, and what several have in
// common.

import type {
  ChangedObjectMessage,
  CommitMessage,
  ConvergedCommitMessage,
  FindingMessage,
  ObjectChangeMessage,
  PlanMessage,
  ProblemMessage,
  RestoreMessage,
  RollbackMessage,
} from '../api/v2/messages.ts';
import type { Endpoint, Shard } from '../model/objects.ts';

export type {
  DiscardedMessage as DiscardMessage,
  FaultMessage,
  FindingMessage,
  PlanMessage,
  RevisionMessage,
  RevisionsMessage,
} from '../api/v2/messages.ts';

export type ObjectKindWord = ChangedObjectMessage['kind'];
/** What a field was and what it is to be; left out: nothing. */
export interface FieldChangeMessage extends Pick<ObjectChangeMessage['fields'][number], 'field'> {
  readonly before?: unknown;
  readonly after?: unknown;
}
export type ResourceChangesMessage = PlanMessage['resources'][number];

export interface ChangeMessage extends ChangedObjectMessage {
  /** Of what is changed: each field, and each endpoint, shard and route by its name, as `endpoints/10.0.0.1:6379`. */
  readonly fields?: readonly FieldChangeMessage[] | undefined;
  /** Of what is added: the whole. */
  readonly after?: Readonly<Record<string, unknown>> | undefined;
}

/** The answer to `GET /api/v2/diff`, to a file with `dry_run`, and, without fields, to one that is staged. */
export interface ChangesMessage {
  readonly changes: readonly ChangeMessage[];
}

/** Whether something was published, which revision stands now, and what only a rollback or a restore tells. */
export type RevisedMessage = Pick<CommitMessage, 'changed' | 'revision'> &
  Partial<Pick<RollbackMessage, 'rollback_to' | 'still_staged'>> &
  Partial<Pick<RestoreMessage, 'restored_revision' | 'staged'>>;

/** The answer to `POST /api/v2/commit`, `/api/v2/rollback` and `/api/v2/restore`, without or with `wait`. */
export type PublishMessage = (CommitMessage | ConvergedCommitMessage) & RevisedMessage;

/** The servers of a cluster, by what they are to it. */
export type ServersMessage =
  | { readonly primary?: string | undefined; readonly endpoints: readonly Endpoint[] }
  | { readonly shards: readonly Shard[] };

/** An error, as application/problem+json. */
export type RefusalMessage = ProblemMessage & { readonly findings?: readonly FindingMessage[] | undefined };
