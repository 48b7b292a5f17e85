// What the nodes of a Redis Cluster say of it, in answers about health.

import { z } from 'zod';

import { count, time } from './common.ts';

const server = z.string().meta({ example: '10.0.0.1:6379' });

const slotsSchema = z
  .object({ count, ranges: z.array(z.string().meta({ example: '0-5460' })).describe('In order.') });

export const redisClusterNodeSchema = z
  .object({
    id: z.string().meta({ example: 'c70b5267203af92ccddb4d45b053893c6bd12378' }),
    address: server.optional().describe('Where clients reach it, as the cluster says.'),
    role: z.enum(['primary', 'replica']),
    state: z
      .enum(['online', 'loading', 'fail'])
      .describe('As the cluster has it. fail: the others have given it up; loading: a replica that is not yet one.'),
    slots: slotsSchema,
    replica_of: z.string().optional().describe('Of a replica: the id of its primary, where that is told.'),
    reason: z.string().optional().describe('Why the control plane hears nothing of it.'),
  });

export const redisClusterHealthSchema = z
  .object({
    state: z.enum(['ok', 'fail', 'unknown']).describe('As it says itself (cluster_state). unknown: no node answers.'),
    epoch: count.optional().describe('Grows with each change of who has what.'),
    nodes: z.array(redisClusterNodeSchema).describe('In order of id; none while the state is unknown.'),
    uncovered_slots: slotsSchema.optional().describe('That nobody has, or a node that is given up.'),
    differing: z.array(server).describe('Where something else is said, and not only for a moment.'),
    foreign: z.array(server).describe('Where a node of another cluster answers.'),
    seeds: z
      .array(z.object({ address: server, reason: z.string().optional().describe('Why it is of no use.') }))
      .describe('That Envoys are given.'),
    seeds_replaced: z
      .object({ since: time, why: z.string() })
      .optional()
      .describe('There while they are not those that are declared, too few of which were left.'),
  })
  .meta({ id: 'RedisClusterHealth' });
