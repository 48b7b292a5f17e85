// Errors, as application/problem+json (RFC 9457).

import { z } from 'zod';

import { findingSchema } from './common.ts';

export const faultSchema = z
  .object({
    pointer: z.string().meta({
      description: 'JSON pointer (RFC 6901) into the body; empty: the whole.',
      example: '/endpoints/0/port',
    }),
    value: z.unknown().optional().describe('What is there, cut when it is long; left out when nothing is.'),
    rule: z.string().meta({ example: 'must be at least 1' }),
    line: z.int().min(1).optional().describe('Of a file, and of a body that can not be read; from 1.'),
    column: z.int().min(1).optional(),
  });

export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string().describe('The reason, in one line.'),
    faults: z.array(faultSchema).optional().describe('All that is wrong with the body; at most 1,000.'),
    code: z.string().optional().meta({ description: 'Of a 409: which conflict.', example: 'guard' }),
    findings: z.array(findingSchema).optional().describe('Of a guard: what would go.'),
  })
  .meta({ id: 'Problem' });
