// What happened: revisions and the log.

import { z } from 'zod';
import type { ZodOpenApiPathsObject } from 'zod-openapi';

import { defaultEntries } from '../log.ts';
import { defaultRevisions } from '../revisions.ts';
import { revisionNumber } from '../schemas/common.ts';
import { diffSchema } from '../schemas/declared.ts';
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
};
