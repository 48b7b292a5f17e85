// What /api/v2 takes and answers, as it stands on the wire: the types of schemas/, which say what each field is.
// Who imports this imports no schema.

import type { z } from 'zod';

import type { DeepReadonly } from '../../model/objects.ts';
import type { checkSchema, checkedServerSchema } from './schemas/check.ts';
import type {
  clientSchema,
  clientsSchema,
  expectedSchema,
  goneSchema,
  modeSchema,
  nackSchema,
  notInSyncSchema,
  retrySchema,
  returningSchema,
  summarySchema,
  typeSchema,
  typeSyncSchema,
  unaskedSchema,
} from './schemas/clients.ts';
import type {
  changedObjectSchema,
  commitSchema,
  convergedCommitSchema,
  progressSchema,
  restoreSchema,
  rollbackSchema,
} from './schemas/commit.ts';
import type { findingSchema } from './schemas/common.ts';
import type {
  appliedSchema,
  diffSchema,
  discardedSchema,
  endpointListSchema,
  objectChangeSchema,
  planSchema,
  stagedSchema,
} from './schemas/declared.ts';
import type {
  entrySchema,
  logSchema,
  revisionContentSchema,
  revisionSchema,
  revisionsSchema,
} from './schemas/history.ts';
import type { eventSchema, eventsSchema } from './schemas/events.ts';
import type { followedSchema, healthSchema, serverHealthSchema } from './schemas/health.ts';
import type { hostNameSchema, hostNamesSchema } from './schemas/host-names.ts';
import type { faultSchema, problemSchema } from './schemas/problem.ts';
import type {
  failoverAnswerSchema,
  failoversSchema,
  promotionPlanSchema,
  promotionSchema,
} from './schemas/failovers.ts';
import type { orderSchema } from './schemas/order.ts';
import type { awaitedOrderSchema, orderedSchema, ordersSchema } from './schemas/orders.ts';
import type { publishedSchema } from './schemas/published.ts';
import type { redisClusterNodeSchema, redisClusterHealthSchema } from './schemas/redis-cluster.ts';

type Message<Schema extends z.ZodType> = DeepReadonly<z.output<Schema>>;

export type ProblemMessage = Message<typeof problemSchema>;
export type FaultMessage = Message<typeof faultSchema>;
export type FindingMessage = Message<typeof findingSchema>;

export type PublishedMessage = Message<typeof publishedSchema>;
export type DrainingMessage = PublishedMessage['draining'][number];
export type OldRoutesMessage = PublishedMessage['old_routes'][number];
export type OldRouteMessage = OldRoutesMessage['routes'][number];

export type SummaryMessage = Message<typeof summarySchema>;
export type ClientsMessage = Message<typeof clientsSchema>;
export type ClientMessage = Message<typeof clientSchema>;
export type SyncState = ClientMessage['state'];
export type GoneMessage = Message<typeof goneSchema>;
export type ReturningMessage = Message<typeof returningSchema>;
export type ExpectedMessage = Message<typeof expectedSchema>;
export type ModeMessage = Message<typeof modeSchema>;
export type TypeMessage = Message<typeof typeSchema>;
export type TypeSyncMessage = Message<typeof typeSyncSchema>;
export type NackMessage = Message<typeof nackSchema>;
export type UnaskedMessage = Message<typeof unaskedSchema>;
export type NotInSyncMessage = Message<typeof notInSyncSchema>;
export type RetryMessage = Message<typeof retrySchema>;

export type CommitMessage = Message<typeof commitSchema>;
export type ConvergedCommitMessage = Message<typeof convergedCommitSchema>;
export type RollbackMessage = Message<typeof rollbackSchema>;
export type RestoreMessage = Message<typeof restoreSchema>;
export type ProgressMessage = Message<typeof progressSchema>;
export type ChangedObjectMessage = Message<typeof changedObjectSchema>;

export type EventMessage = Message<typeof eventSchema>;
export type EventsMessage = Message<typeof eventsSchema>;

export type FollowedMessage = Message<typeof followedSchema>;
export type HealthMessage = Message<typeof healthSchema>;
export type ServerHealthMessage = Message<typeof serverHealthSchema>;
export type RedisClusterMessage = Message<typeof redisClusterHealthSchema>;
export type RedisClusterNodeMessage = Message<typeof redisClusterNodeSchema>;

export type PromotionMessage = Message<typeof promotionSchema>;
export type PromotionPlanMessage = Message<typeof promotionPlanSchema>;
export type FailoverAnswerMessage = Message<typeof failoverAnswerSchema>;
export type FailoversMessage = Message<typeof failoversSchema>;

export type OrderMessage = Message<typeof orderSchema>;
export type OrdersMessage = Message<typeof ordersSchema>;
export type OrderedMessage = Message<typeof orderedSchema>;
export type AwaitedOrderMessage = Message<typeof awaitedOrderSchema>;

export type HostNameMessage = Message<typeof hostNameSchema>;
export type HostNamesMessage = Message<typeof hostNamesSchema>;

export type CheckMessage = Message<typeof checkSchema>;
export type CheckedServerMessage = Message<typeof checkedServerSchema>;

export type EndpointListMessage = Message<typeof endpointListSchema>;
export type StagedMessage = Message<typeof stagedSchema>;
export type AppliedMessage = Message<typeof appliedSchema>;
export type DiscardedMessage = Message<typeof discardedSchema>;
export type DiffMessage = Message<typeof diffSchema>;
export type ObjectChangeMessage = Message<typeof objectChangeSchema>;
export type PlanMessage = Message<typeof planSchema>;

export type RevisionMessage = Message<typeof revisionSchema>;
export type RevisionsMessage = Message<typeof revisionsSchema>;
export type RevisionContentMessage = Message<typeof revisionContentSchema>;
export type LogMessage = Message<typeof logSchema>;
export type EntryMessage = Message<typeof entrySchema>;

/** The longest `wait` that is taken. */
export const maxWaitMs = 600_000;
