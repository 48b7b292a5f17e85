// Answers about the servers that are watched.

import { z } from 'zod';

import { count, objectName, time } from './common.ts';
import { redisClusterHealthSchema } from './redis-cluster.ts';

export const serverHealthSchema = z
  .object({
    address: z.string().meta({ example: '10.0.0.1:6379' }),
    state: z.enum(['unknown', 'up', 'suspect', 'down', 'recovering']).meta({
      description:
        'unknown: it never answered since it is watched; suspect: it answers no more, but not for long; recovering: it ' +
        'answers again, but not for long.',
    }),
    left_out_by: z
      .enum(['order', 'health'])
      .optional()
      .describe('Why Envoys are sent to others: an order, or since it is down. Not there: it is published.'),
    role: z.string().optional().describe('As it said last: primary, replica, sentinel or unknown.'),
    since: time.describe('When it came into this state.'),
    reason: z.string().optional().describe('Why it is not up, or why nothing is seen of it.'),
    product: z.string().optional().meta({ example: 'valkey' }),
    version: z.string().optional().meta({ example: '8.1.4' }),
    lag: count.optional().describe('Of a replica, in bytes: how far it is behind its primary, where both say it.'),
  })
  .meta({ id: 'ServerHealth' });

export const clusterHealthSchema = z
  .object({
    name: objectName,
    servers: z.array(serverHealthSchema).describe('As the cluster has them; of a Redis Cluster the seeds.'),
    redis_cluster: redisClusterHealthSchema.optional().describe('Of a Redis Cluster: what its nodes say of it.'),
  })
  .meta({ id: 'ClusterHealth' });

export const healthSchema = z
  .object({ clusters: z.array(clusterHealthSchema) })
  .meta({ id: 'Health', description: 'In order of name; clusters that are not watched are not there.' });
