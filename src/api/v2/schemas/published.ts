// How things stand with what is committed, whatever the Envoys say to it.

import { z } from 'zod';

import { count, findingSchema, time } from './common.ts';

const drainingSchema = z
  .object({
    name: z.string(),
    until: time,
    successor: z
      .string()
      .nullable()
      .describe(
        'The cluster that has its keys now, or had them last: it is given its endpoints; null: it keeps its ' +
          'own.',
      ),
  })
  .meta({
    id: 'Draining',
    description: 'A removed cluster that is still published to Envoys whose connections may use it.',
  });

const oldRouteSchema = z
  .object({
    prefix: z.string().nullable().describe('Null for keys that no prefix matches.'),
    from: z.string().nullable().describe('Null: they find no server; so for `to`.'),
    to: z.string().nullable(),
  });

const oldRoutesSchema = z
  .object({
    listeners: z.array(z.string()).describe('The Redis listeners by which they came, the first hundred.'),
    since: time,
    until: time,
    count: count.describe('Of all routes that differ.'),
    routes: z.array(oldRouteSchema).describe('The first of them.'),
  })
  .meta({
    id: 'OldRoutes',
    description:
      "Connections that were opened before `since` send keys elsewhere than newer ones do, until they are closed, " +
      "which is `until` at the latest, if Envoy's drain time is no longer than `--drain-time`.",
  });

export const publishedFields = {
  warnings: z
    .array(findingSchema)
    .describe('What is committed, may be meant so, and hurts; empty when there is nothing to warn of.'),
  draining: z.array(drainingSchema),
  old_routes: z
    .array(oldRoutesSchema)
    .describe('Changes of the routes that connections have not all followed, oldest first.'),
};

export const publishedSchema = z.object(publishedFields);
