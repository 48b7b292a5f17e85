// Answers about what is declared, staged, and would change.

import { z } from 'zod';

import { clusterSchema, endpointSchema } from '../../../model/cluster.ts';
import { listenerSchema } from '../../../model/listener.ts';
import { shownSecretSchema } from '../../../model/secret.ts';
import { name } from '../../../model/values.ts';
import { changedObjectSchema } from './commit.ts';
import { findingSchema, objectKind, objectRefSchema, revisionNumber, time } from './common.ts';
import { orderSchema } from './order.ts';

const next = z
  .string()
  .optional()
  .describe('The cursor of the page that follows; left out on the last one.');

export const clusterListSchema = z.object({ clusters: z.array(clusterSchema), next }).meta({ id: 'ClusterList' });

export const listenerListSchema = z.object({ listeners: z.array(listenerSchema), next }).meta({ id: 'ListenerList' });

export const secretListSchema = z.object({ secrets: z.array(shownSecretSchema), next }).meta({ id: 'SecretList' });

export const endpointListSchema = z
  .object({
    endpoints: z.array(endpointSchema),
    orders: z.array(orderSchema).optional().describe('That stand for servers of the cluster; left out: none does.'),
  })
  .meta({ id: 'EndpointList' });

export const stagedSchema = z
  .object({
    changes: z.array(changedObjectSchema.extend({ author: z.string(), at: time }).meta({ id: 'StagedChange' })),
  })
  .meta({ id: 'Staged', description: 'What is staged otherwise than it is committed, in order of kind and name.' });

export const appliedSchema = z
  .object({ changes: z.array(changedObjectSchema) })
  .meta({ id: 'Applied', description: 'What a file staged, against what was staged before.' });

export const discardRequestSchema = z
  .strictObject({ kind: objectKind.optional(), name: name.optional() })
  .refine((one) => (one.kind === undefined) === (one.name === undefined), 'must have both, kind and name, or neither')
  .meta({
    id: 'DiscardRequest',
    description: 'One object, or all that is staged.',
    override: {
      dependentRequired: { kind: ['name'], name: ['kind'] },
    },
  });

export const discardedSchema = z
  .object({ discarded: z.array(objectRefSchema) })
  .meta({ id: 'Discarded', description: 'What was staged and is staged no more.' });

const fieldChangeSchema = z
  .object({
    field: z.string().meta({ example: 'endpoints/10.0.0.1:6379' }),
    before: z.unknown().optional().describe('Left out: it was not there.'),
    after: z.unknown().optional().describe('Left out: it is not there.'),
  });

const anyObject = z.union([clusterSchema, listenerSchema, shownSecretSchema]);

export const objectChangeSchema = changedObjectSchema
  .extend({
    fields: z.array(fieldChangeSchema).describe('Of a changed object; endpoints, shards and routes one by one.'),
    before: anyObject.optional().describe('Of a removed object.'),
    after: anyObject.optional().describe('Of an added object.'),
  })
  .meta({ id: 'ObjectChange' });

export const diffSchema = z.object({ changes: z.array(objectChangeSchema) }).meta({ id: 'Diff' });

const resourceChangesSchema = z
  .object({
    group: z.string().describe('The node group; empty: all that no object names.'),
    kind: z.enum(['cluster', 'endpoint', 'listener', 'route', 'secret']),
    added: z.array(z.string()),
    changed: z.array(z.string()),
    removed: z.array(z.string()),
  })
  .meta({ description: 'Which Envoy resources of one kind change, by name.' });

export const planRequestSchema = z.strictObject({}).meta({ id: 'PlanRequest' });

export const planSchema = z
  .object({
    token: z.string().describe('To be given to the commit.'),
    revision: revisionNumber,
    changes: z.array(objectChangeSchema),
    errors: z.array(findingSchema).describe('Why a commit would be refused.'),
    guards: z.array(findingSchema).describe('Why it would be refused without `force`.'),
    warnings: z.array(findingSchema),
    resources: z.array(resourceChangesSchema),
  })
  .meta({ id: 'Plan', description: 'What a commit would do now.' });
