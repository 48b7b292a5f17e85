// What happened: revisions, the log, events.

import { z } from 'zod';
import type { ZodOpenApiPathsObject } from 'zod-openapi';

import { eventTypes } from '../../../events/event.ts';
import { eventStreamType } from '../event-stream.ts';
import { defaultEvents } from '../events.ts';
import { defaultEntries } from '../log.ts';
import { defaultRevisions } from '../revisions.ts';
import { revisionNumber } from '../schemas/common.ts';
import { diffSchema } from '../schemas/declared.ts';
import { eventSchema, eventsSchema } from '../schemas/events.ts';
import { logSchema, revisionContentSchema, revisionsSchema } from '../schemas/history.ts';
import { operation } from './operation.ts';
import { limitQuery, revisionQuery } from './parameters.ts';

const tag = 'History';

export const historyPaths: ZodOpenApiPathsObject = {
  '/revisions': {
    get: operation('listRevisions', {
      tag,
      summary: 'What was committed, by whom, when; newest first',
      query: {
        before: revisionQuery.describe('Those below this one; all, unless told.'),
        ...limitQuery(defaultRevisions),
      },
      answers: { 200: { description: 'Some of those that are kept.', schema: revisionsSchema } },
    }),
  },
  '/revisions/{revision}': {
    get: operation('getRevision', {
      tag,
      summary: 'One revision, with its content',
      path: { revision: revisionNumber },
      answers: { 200: { description: 'All that was declared then.', schema: revisionContentSchema } },
      problems: [404],
    }),
  },
  '/revisions/{from}/diff/{to}': {
    get: operation('getRevisionDiff', {
      tag,
      summary: 'What differs between two revisions',
      path: { from: revisionNumber, to: revisionNumber },
      answers: { 200: { description: 'In order of kind and name.', schema: diffSchema } },
      problems: [404],
    }),
  },
  '/log': {
    get: operation('getLog', {
      tag,
      summary: 'Who changed what, when; oldest first',
      query: {
        after: z.int().min(0).optional().describe('The entries behind this number; all, unless told.'),
        ...limitQuery(defaultEntries),
      },
      answers: { 200: { description: 'Some of those that are kept.', schema: logSchema } },
    }),
  },
  '/events': {
    get: operation('getEvents', {
      tag,
      summary: 'What happened, oldest first; live as server-sent events',
      description:
        'To who accepts text/event-stream events are sent as they come, each as `id`, `event` with its type, and `data` ' +
        'with the Event as JSON; from now on unless `after` is given. Who was cut off goes on with the header ' +
        'Last-Event-ID.',
      query: {
        after: z.int().min(0).optional().describe('The events behind this id; all, unless told, and when no id is that high.'),
        cluster: z.string().optional().describe('Those of this cluster.'),
        type: z.enum(eventTypes).optional().describe('Those of this type.'),
        ...limitQuery(defaultEvents),
      },
      header: { 'Last-Event-ID': z.string().optional().describe('In place of `after`, for who follows.') },
      answers: {
        200: {
          description: 'Some of the newest 10,000.',
          schema: eventsSchema,
          others: { [eventStreamType]: eventSchema },
        },
      },
      problems: [503],
    }),
  },
};
