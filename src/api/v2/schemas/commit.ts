// What a commit and a rollback take and answer.

import { z } from 'zod';

import { steps } from '../../../failover/record.ts';
import { printable } from '../../../model/values.ts';
import { expectedSchema, notInSyncSchema, returningSchema } from './clients.ts';
import { count, objectKind, objectName, objectRefSchema, revisionNumber } from './common.ts';
import { publishedFields } from './published.ts';

const maxMessageBytes = 1_000;

/** What is given with a change, for who reads of it later. */
export const messageText = printable(maxMessageBytes);

const requestFields = {
  message: messageText
    .optional()
    .meta({ description: 'Why, for who reads the history.', example: 'more memory' }),
  force: z.boolean().optional().describe('Also what a guard refuses.'),
  expected_revision: z
    .int()
    .min(0)
    .optional()
    .meta({ description: 'Refused when the newest revision is another one.', example: 6 }),
};

export const commitRequestSchema = z
  .strictObject({
    ...requestFields,
    plan: printable(255)
      .optional()
      .meta({
        description: 'The token of a plan: refused when anything has changed that the plan was made of.',
        example: 'TOKEN',
      }),
  })
  .meta({ id: 'CommitRequest' });

export const rollbackRequestSchema = z
  .strictObject({
    ...requestFields,
    revision: z
      .int()
      .min(1)
      .optional()
      .meta({ description: 'Whose content is published again; left out: the one before the newest.', example: 5 }),
  })
  .meta({ id: 'RollbackRequest' });

export const changedObjectSchema = z
  .object({ kind: objectKind, name: objectName, change: z.enum(['added', 'changed', 'removed']) });

const commitFields = {
  ...publishedFields,
  changed: z.boolean().describe('False when nothing was staged that differs from what is committed.'),
  revision: revisionNumber.describe('The newest, made by this call if `changed`.'),
  changes: z.array(changedObjectSchema).describe('In order of kind and name.'),
};

const rollbackFields = {
  rollback_to: revisionNumber.describe('Whose content it is.'),
  still_staged: z
    .array(objectRefSchema)
    .describe('Objects that were rolled back and are staged too: a commit would change them again.'),
};

const restoreFields = {
  restored_revision: revisionNumber.describe('The newest of the backup, whose content it is.'),
  staged: z.array(objectRefSchema).describe('What is staged now, as in the backup; in order of kind and name.'),
};

export const convergedFields = {
  converged: z.boolean().meta({
    description:
      'True when every client that was connected at the commit runs what was committed, and nobody is missing: as ' +
      '`in_sync` of the clients has it.',
  }),
  took_ms: count.describe('From the commit to the end of the waiting.'),
  clients: z
    .object({
      total: count,
      in_sync: count,
      refused: count,
      waiting: count.describe('Neither ACKed nor refused everything, when the time was up.'),
    })
    .describe('Connected at the commit, and still there; `total` is the sum of the others.'),
  gone: z
    .array(z.string())
    .describe('Node ids, sorted: they were connected, at the commit or some minutes before, and are not now.'),
  returning: returningSchema.nullable(),
  expected: expectedSchema.nullable(),
  not_in_sync: z
    .array(notInSyncSchema)
    .describe('One entry per client and type that is not synced; sorted as the clients are.'),
};

export const commitSchema = z
  .object(commitFields)
  .meta({ id: 'Commit', description: 'Of a commit that does not wait.' });

export const convergedCommitSchema = z
  .object({ ...commitFields, ...convergedFields })
  .meta({ id: 'ConvergedCommit', description: 'Of a commit that waits.' });

export const rollbackSchema = z
  .object({ ...commitFields, ...rollbackFields })
  .meta({ id: 'Rollback', description: 'Of a rollback that does not wait.' });

export const convergedRollbackSchema = z
  .object({ ...commitFields, ...rollbackFields, ...convergedFields })
  .meta({ id: 'ConvergedRollback', description: 'Of a rollback that waits.' });

export const restoreSchema = z
  .object({ ...commitFields, ...restoreFields })
  .meta({ id: 'Restore', description: 'Of a restore that does not wait.' });

export const convergedRestoreSchema = z
  .object({ ...commitFields, ...restoreFields, ...convergedFields })
  .meta({ id: 'ConvergedRestore', description: 'Of a restore that waits.' });

export const progressSchema = z
  .object({
    settled: count,
    total: count,
    in_use: count
      .optional()
      .describe('Of a drain, when all have answered: connections of Envoys that are in use at the server.'),
    step: z.enum(steps).optional().describe('Of a promotion: the step that is begun.'),
    detail: z.string().optional().describe('Of that step, in one line.'),
  })
  .meta({ id: 'Progress', description: 'A line before the last, which is the answer. Counts streams, not clients.' });
