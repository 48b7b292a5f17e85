// What is seen of the declared servers, looked at once.

import { z } from 'zod';

import { count, objectName } from './common.ts';

const troubles = [
  'secret',
  'refused',
  'timeout',
  'closed',
  'tls',
  'not-redis',
  'auth',
  'busy',
  'denied',
  'failed',
] as const;
const trouble = z.enum(troubles);

const facts = z.object({
  role: z.enum(['primary', 'replica', 'sentinel', 'unknown']),
  follows: z.string().nullable().describe('Of a replica: its primary, as it says it.'),
  primary_link: z.string().nullable().describe('Of a replica: up or down.'),
  product: z.string().meta({ description: 'As it tells itself; unknown where it does not.', example: 'valkey' }),
  version: z.string().nullable().meta({ example: '8.1.4' }),
  cluster_mode: z.boolean(),
  loading: z.boolean().describe('It reads its data from disk, and refuses commands meanwhile.'),
  maxmemory: count.nullable().describe('Bytes; 0: no limit.'),
  maxmemory_policy: z.string().nullable(),
  maxclients: count.nullable(),
  append_only: z.boolean().nullable().describe('Whether it keeps a log of writes.'),
  saves_snapshots: z.boolean().nullable().describe('Whether it saves by itself; null when it does not say so.'),
});

export const checkedServerSchema = z
  .object({
    cluster: objectName,
    address: z.string().meta({ example: '10.0.0.1:6379' }),
    host_name: z
      .string()
      .nullable()
      .describe('The declared name that the control plane found this address for, or none; null: asked as declared.'),
    is_fine: z.boolean().describe('It answers, and is what it is declared to be.'),
    took_ms: count,
    trouble: trouble.nullable().meta({
      description:
        'Null when it answered. secret: one that it is to be asked with is missing, of another kind, or can not be ' +
        'opened; refused: nobody listens; timeout: no answer in time; closed: it hung up; tls: one of both does not ' +
        "take the other's certificate; not-redis: it speaks something else, which a cluster of kind plain may; auth: " +
        'it wants a password, or another one; busy: it does not serve for now; denied: it does not let us ask; ' +
        'failed: anything else.',
    }),
    detail: z.string().nullable().describe('What the trouble says of itself.'),
    facts: facts.nullable().describe('What it tells of itself; null when it did not.'),
    contradictions: z.array(z.string()).describe('Where it is not what it is declared to be; a line each.'),
  });

export const checkSchema = z
  .object({
    checked: count.describe('How many servers were looked at.'),
    fine: count,
    servers: z.array(checkedServerSchema),
  })
  .meta({ id: 'Check' });
