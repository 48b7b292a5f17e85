// What is staged, what would change, and the calls that change it.

import { z } from 'zod';
import type { ZodOpenApiPathsObject } from 'zod-openapi';

import {
  commitRequestSchema,
  commitSchema,
  convergedCommitSchema,
  convergedRollbackSchema,
  rollbackRequestSchema,
  rollbackSchema,
} from '../schemas/commit.ts';
import {
  diffSchema,
  discardRequestSchema,
  discardedSchema,
  planRequestSchema,
  planSchema,
  stagedSchema,
} from '../schemas/declared.ts';
import { operation } from './operation.ts';
import {
  author,
  etag,
  expectationQuery,
  ifChanged,
  ifMatchStaged,
  lines,
  revisionQuery,
  waitQuery,
} from './parameters.ts';

const tag = 'Changes';

export const changePaths: ZodOpenApiPathsObject = {
  '/staged': {
    get: operation('getStaged', {
      tag,
      summary: 'What is staged otherwise than it is committed',
      header: ifChanged,
      answers: {
        200: { description: 'By whom, when; with the ETag of the staging area.', schema: stagedSchema, headers: etag },
        304: { description: 'Nothing has changed.' },
      },
    }),
  },
  '/discard': {
    post: operation('discard', {
      tag,
      summary: 'Takes back what is staged: one object, or all',
      header: { ...author, ...ifMatchStaged },
      body: { schema: discardRequestSchema, isOptional: true, example: { kind: 'cluster', name: 'sessions' } },
      answers: { 200: { description: 'What was taken back.', schema: discardedSchema } },
      problems: [409, 412, 503],
    }),
  },
  '/diff': {
    get: operation('getDiff', {
      tag,
      summary: 'What differs between two states, by object and field',
      query: {
        from: revisionQuery.describe('A revision; what is committed, unless told.'),
        to: revisionQuery.describe('A revision; what is staged, unless told.'),
      },
      answers: { 200: { description: 'In order of kind and name.', schema: diffSchema } },
      problems: [404],
    }),
  },
  '/plan': {
    post: operation('plan', {
      tag,
      summary: 'What a commit would do now: a dry run of all of it',
      body: { schema: planRequestSchema, isOptional: true, example: {} },
      answers: { 200: { description: 'Also when the commit would be refused.', schema: planSchema } },
      problems: [503],
    }),
  },
  '/commit': {
    post: operation('commit', {
      tag,
      summary: 'Publishes what is staged, as a new revision',
      description: lines,
      query: { ...waitQuery, ...expectationQuery },
      header: { ...author, ...ifMatchStaged },
      body: { schema: commitRequestSchema, isOptional: true, example: { message: 'more memory' } },
      answers: {
        200: {
          description: 'Published, or nothing to publish.',
          schema: z.union([commitSchema, convergedCommitSchema]),
          types: ['application/json', 'application/x-ndjson'],
        },
      },
      problems: [409, 412, 503],
    }),
  },
  '/rollback': {
    post: operation('rollback', {
      tag,
      summary: 'Publishes the content of an old revision, as a new one',
      description: `What is staged stays staged. ${lines}`,
      query: { ...waitQuery, ...expectationQuery },
      header: author,
      body: { schema: rollbackRequestSchema, isOptional: true, example: { revision: 5, message: 'back to before' } },
      answers: {
        200: {
          description: 'Published, or nothing differs.',
          schema: z.union([rollbackSchema, convergedRollbackSchema]),
          types: ['application/json', 'application/x-ndjson'],
        },
      },
      problems: [404, 409, 503],
    }),
  },
};
