// Answers about what happened.

import { z } from 'zod';

import { orderVerbs } from '../../../commit/desk.ts';
import { clusterSchema } from '../../../model/cluster.ts';
import { listenerSchema } from '../../../model/listener.ts';
import { byKind } from '../../../model/kinds.ts';
import { shownSecretSchema } from '../../../model/secret.ts';
import { count, objectKind, objectName, revisionNumber, time } from './common.ts';

const countsSchema = z.object({ added: count, changed: count, removed: count });

const revisionFields = {
  revision: revisionNumber,
  at: time,
  author: z.string(),
  message: z.string().describe('Empty: none was given.'),
  rollback_to: revisionNumber.optional().describe('Of a rollback: whose content it has again.'),
  summary: z.object(byKind(() => countsSchema)).describe('How many objects it changed.'),
};

export const revisionSchema = z.object(revisionFields).meta({ id: 'Revision' });

export const revisionsSchema = z
  .object({ revisions: z.array(revisionSchema) })
  .meta({ id: 'Revisions', description: 'Newest first.' });

export const revisionContentSchema = z
  .object({
    ...revisionFields,
    content: z.object({
      clusters: z.array(clusterSchema),
      listeners: z.array(listenerSchema),
      secrets: z.array(shownSecretSchema),
    }),
  })
  .meta({ id: 'RevisionContent', description: 'A revision and all that was declared then.' });

const entryObjectSchema = z
  .object({
    kind: objectKind,
    name: objectName,
    change: z.enum(['set', 'removed', 'discarded']).describe('`set`: added or replaced.'),
  });

const headFields = { number: z.int().min(1), at: time, author: z.string() };

const entryFields = {
  ...headFields,
  count: count.describe('Of the objects that it is about.'),
  objects: z.array(entryObjectSchema).describe('The first 100 of them.'),
};

export const entrySchema = z
  .discriminatedUnion('type', [
    z.object({ ...entryFields, type: z.literal('stage') }),
    z.object({ ...entryFields, type: z.literal('discard') }),
    z.object({
      ...entryFields,
      type: z.literal('commit'),
      revision: revisionNumber,
      message: z.string(),
      rollback_to: revisionNumber.optional(),
    }),
    z.object({
      ...headFields,
      type: z.literal('order'),
      order: z.enum(orderVerbs),
      cluster: objectName,
      server: z.string(),
      until: time.optional().describe('Left out: until it is taken back.'),
      message: z.string().optional(),
    }),
  ])
  .meta({ id: 'LogEntry' });

export const logSchema = z
  .object({ entries: z.array(entrySchema) })
  .meta({ id: 'Log', description: 'Oldest first; entries that are kept no more are not there.' });
