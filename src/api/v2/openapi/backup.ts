// A copy of all there is, and back.

import { z } from 'zod';
import type { ZodOpenApiPathsObject } from 'zod-openapi';

import { backupType } from '../backup.ts';
import { backupTypes } from '../restore.ts';
import { convergedRestoreSchema, messageText, restoreSchema } from '../schemas/commit.ts';
import { operation } from './operation.ts';
import { author, expectationQuery, ifMatchStaged, lines, waitQuery } from './parameters.ts';

const tag = 'Backup';

const file = z.string().meta({ format: 'binary', description: 'A SQLite file, as `GET /backup` gives it.' });

export const backupPaths: ZodOpenApiPathsObject = {
  '/backup': {
    get: operation('backup', {
      tag,
      summary: 'A copy of the database, consistent while everything goes on',
      answers: { 200: { description: 'A SQLite file.', schema: file, types: [backupType] } },
      problems: [503],
    }),
  },
  '/restore': {
    post: operation('restore', {
      tag,
      summary: 'Publishes what a backup has committed, as a new revision, and stages what it has staged',
      description: `What is staged now is discarded; the history of the backup is not taken over. ${lines}`,
      query: {
        force: z.boolean().optional().describe('Also what a guard refuses.'),
        message: messageText.optional().describe('Why, for who reads the history.'),
        ...waitQuery,
        ...expectationQuery,
      },
      header: { ...author, ...ifMatchStaged },
      body: { schema: file, types: backupTypes },
      answers: {
        200: {
          description: 'Published, or nothing differs.',
          schema: z.union([restoreSchema, convergedRestoreSchema]),
          types: ['application/json', 'application/x-ndjson'],
        },
      },
      problems: [409, 412, 503],
    }),
  },
};
