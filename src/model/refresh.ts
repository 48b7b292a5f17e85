// How Envoy keeps up with the topology of a Redis Cluster.

import { z } from 'zod';

import { duration } from './values.ts';

const maxThreshold = 1_000_000;
const hour = duration(3_600_000, '1h');
const threshold = z.int().min(0).max(maxThreshold);

export const refreshSchema = z
  .strictObject({
    rate: hour.optional().meta({ description: 'How often each Envoy asks a server for the topology.' }),
    timeout: hour.optional().meta({ description: 'How long it waits for the answer.' }),
    redirect_interval: hour
      .optional()
      .meta({ description: 'How long it waits after one answer, before the thresholds below make it ask again.' }),
    redirect_threshold: z
      .int()
      .min(1)
      .max(maxThreshold)
      .optional()
      .meta({ description: 'It asks at once after so many MOVED or ASK.' }),
    failure_threshold: threshold
      .optional()
      .meta({ description: 'It asks at once after so many commands that failed; 0: it does not.' }),
    degraded_threshold: threshold
      .optional()
      .meta({ description: 'It asks at once after so many commands to servers that are degraded; 0: it does not.' }),
  })
  .meta({ id: 'Refresh', description: 'How Envoys keep up with the topology of a Redis Cluster.' });
