// Answers about the servers that are watched.

import { z } from 'zod';

import { count, findingSchema, objectName, time } from './common.ts';
import { redisClusterHealthSchema } from './redis-cluster.ts';

export const serverHealthSchema = z
  .object({
    address: z.string().meta({ example: '10.0.0.1:6379' }),
    state: z.enum(['unknown', 'up', 'suspect', 'down', 'recovering']).meta({
      description:
        'unknown: it never answered since it is watched; suspect: it answers no more, but not for long; recovering: it ' +
        'answers again, but not for long.',
    }),
    published: z.enum(['server', 'primary', 'replica', 'out']).optional().meta({
      description:
        'What Envoys are told of it; out: they are sent to others. Not there: its address is that of a host name, and ' +
        'which of both stands for it is not known.',
    }),
    left_out_by: z
      .enum(['order', 'health', 'roles', 'sentinel', 'failover'])
      .optional()
      .describe(
        'Which layer decided that it is out: an order, its health (it is down), what servers say of their roles (it was ' +
        'the primary, or came back empty), Sentinels, or a failover from here. Not there: it is published.',
      ),
    role: z.string().optional().describe('As it said last: primary, replica, sentinel or unknown.'),
    since: time.describe('When it came into this state.'),
    reason: z.string().optional().describe('Why it is not up, or why nothing is seen of it.'),
    product: z.string().optional().meta({ example: 'valkey' }),
    version: z.string().optional().meta({ example: '8.1.4' }),
    lag: count.optional().describe('Of a replica, in bytes: how far it is behind its primary, where both say it.'),
  })
  .meta({ id: 'ServerHealth' });

export const followedSchema = z
  .object({
    primary: z.string().optional().meta({
      description: 'Who is taken for it. Not there: nobody is known.',
      example: '10.0.0.1:6379',
    }),
    held: z.boolean().describe('Nothing is sent to it all the same: it is gone, or came back empty, or is being replaced.'),
    by: z.enum(['declared', 'roles', 'sentinel', 'failover']).meta({
      description: 'Which layer decided it: what is declared, what servers say of their roles, Sentinels, or a failover from here.',
    }),
    since: time,
    why: z.string().meta({ example: '10.0.0.2:6379 is a replica now, and 10.0.0.1:6379 the primary' }),
    troubles: z.array(findingSchema).describe('What is to be looked at.'),
  })
  .meta({ description: 'Who takes the writes of a replicated cluster.' });

export const clusterHealthSchema = z
  .object({
    name: objectName,
    followed: followedSchema.optional(),
    servers: z.array(serverHealthSchema).describe('As the cluster has them; of a Redis Cluster the seeds.'),
    redis_cluster: redisClusterHealthSchema.optional().describe('Of a Redis Cluster: what its nodes say of it.'),
  })
  .meta({ id: 'ClusterHealth' });

export const healthSchema = z
  .object({ clusters: z.array(clusterHealthSchema) })
  .meta({ id: 'Health', description: 'In order of name; clusters that are not watched are not there.' });
