// Who is connected; and this description itself.

import { z } from 'zod';
import type { ZodOpenApiPathsObject } from 'zod-openapi';

import { clientsSchema, retrySchema } from '../schemas/clients.ts';
import { operation } from './operation.ts';
import { expectationQuery, nodeId, waitQuery } from './parameters.ts';

const tag = 'Fleet';

export const fleetPaths: ZodOpenApiPathsObject = {
  '/clients': {
    get: operation('listClients', {
      tag,
      summary: 'Every connected Envoy and what it runs, and who is missing',
      query: {
        node: nodeId.optional().describe('One node id.'),
        state: z.enum(['synced', 'stale', 'error', 'not-sent']).optional().describe('Those in this state.'),
        ...expectationQuery,
      },
      answers: { 200: { description: 'Whether all is in sync is told of all of them.', schema: clientsSchema } },
      problems: [503],
    }),
  },
  '/retry': {
    post: operation('retry', {
      tag,
      summary: 'Sends what was refused again, to those that refused it',
      query: { node: nodeId.optional().describe('One node id.'), ...waitQuery },
      answers: { 200: { description: 'To whom it is sent.', schema: retrySchema } },
      problems: [404, 503],
    }),
  },
  '/openapi.json': {
    get: operation('getDescription', {
      tag: 'About',
      summary: 'This description; /api/v2/docs shows it',
      answers: { 200: { description: 'OpenAPI 3.1.', schema: z.record(z.string(), z.unknown()) } },
    }),
  },
};
