// How Envoys find out which servers of a cluster answer, and what they make of it, as an operator declares it; what is
// left out has its default (health-defaults.ts).

import { z } from 'zod';

import { parseDuration } from '../text/duration.ts';
import { defaultBaseEjectionTime } from './health-defaults.ts';
import { duration, printable } from './values.ts';

const maxCount = 1_000;
const maxKeyBytes = 1_000;
const dayMs = 86_400_000;

const upToHour = duration(3_600_000, '1h');
const upToDay = duration(dayMs, '24h');
// Each Envoy asks each server that often.
const interval = duration(3_600_000, '1h', { ms: 100, text: 'of at least 100ms' });

// A new cluster is not there before its first checks are over, and a listener waits for it no longer than 5 s (ADR
// 0006): on a route to a cluster that is not there a MULTI ends Envoy.
const checkTimeout = duration(4_000, '4s');

const threshold = z.int().min(1).max(maxCount);

const timing = {
  interval: interval.optional().meta({ description: 'From one check of a server to the next; 5s unless told.' }),
  jitter: upToHour.optional().meta({ description: 'Up to so much is added to each interval, at random.' }),
  timeout: checkTimeout.optional().meta({ description: 'A check that takes longer has failed; 1s unless told.' }),
  unhealthy_threshold: threshold.optional().meta({ description: 'So many failures in turn; 2 unless told.' }),
  healthy_threshold: threshold.optional().meta({ description: 'So many successes in turn; 1 unless told.' }),
};

const redisCheck = z.strictObject({
  protocol: z.literal('redis').optional(),
  ...timing,
  key: printable(maxKeyBytes)
    .optional()
    .meta({ description: 'A server that has this key is under maintenance: it is sent nothing.', example: 'maint' }),
});
const tcpCheck = z.strictObject({ protocol: z.literal('tcp'), ...timing });
const httpCheck = z.strictObject({
  protocol: z.literal('http'),
  ...timing,
  path: z
    .string()
    .max(1_000)
    .regex(/^\/[!-~]*$/u, 'must be a path, such as /healthz')
    .meta({ description: 'What is asked for; the answer must be 200.', example: '/healthz' }),
  host: z
    .string()
    .max(255)
    .regex(/^[!-~]+$/u, 'must be a host, and a port if wanted')
    .optional()
    .meta({ description: 'The Host header; the name of the cluster unless told.', example: 'web.example.com' }),
});

export const healthCheckSchema = z.discriminatedUnion('protocol', [redisCheck, tcpCheck, httpCheck]).meta({
  id: 'HealthCheck',
  description: 'Each Envoy asks each server: by PING, or whether the key is there; by connecting; or by HTTP.',
});

export const outlierDetectionSchema = z
  .strictObject({
    consecutive_failures: z
      .int()
      .min(1)
      .max(maxCount)
      .optional()
      .meta({ description: 'So many commands in turn that found no connection, or no answer in time; 5 unless told.' }),
    interval: interval.optional().meta({ description: 'How often servers are let in again; 10s unless told.' }),
    base_ejection_time: upToDay
      .optional()
      .meta({ description: 'How long it is sent nothing, times how often that was so lately; 30s unless told.' }),
    max_ejection_time: upToDay
      .optional()
      .meta({ description: 'And no longer than this; 300s, or base_ejection_time, unless told.' }),
    max_ejection_percent: z
      .int()
      .min(1)
      .max(100)
      .optional()
      .meta({ description: 'Of the servers of the cluster; 100 unless told.' }),
  })
  .refine(
    ({ base_ejection_time: base = defaultBaseEjectionTime, max_ejection_time: max }) => {
      return max === undefined || !(msOf(base) > msOf(max));
    },
    {
      message: `must not be below base_ejection_time (${defaultBaseEjectionTime} unless told)`,
      path: ['max_ejection_time'],
    },
  )
  .meta({
    id: 'OutlierDetection',
    description: 'A server on which commands fail is sent nothing for a while, without being asked itself.',
  });

/** Of every kind of cluster. */
export const checks = {
  health_check: healthCheckSchema.optional(),
  outlier_detection: outlierDetectionSchema.optional(),
};

const neverNone =
  'must be at least 1: with 0 Envoy has no server to choose when none is healthy, and a MULTI then ends it';

export const panicThreshold = z.int().max(100).refine((percent) => percent >= 1, neverNone).meta({
  minimum: 1,
  description:
    'With a smaller percentage of healthy servers than this they are all sent commands, the others too; 1 unless told.',
});

export const placement = z.enum(['fixed', 'remap']).meta({
  description:
    'Of the keys of a shard that does not answer. fixed, unless told: they stay, and commands for them fail. ' +
    'remap: they go to the other shards, until it answers again.',
});

// What is no duration has a fault of its own.
function msOf(text: string): number {
  try {
    return parseDuration(text, dayMs);
  } catch {
    return Number.NaN;
  }
}

interface Sharded {
  readonly placement?: string | undefined;
  readonly health_check?: { readonly protocol?: string | undefined; readonly key?: unknown } | undefined;
  readonly outlier_detection?: unknown;
  readonly panic_threshold?: unknown;
}

interface PlacementFault {
  readonly path: string[];
  readonly input: unknown;
  readonly message: string;
}

/** What would move keys, or do nothing, while each shard keeps its own. */
export function findPlacementFaults(cluster: Sharded): PlacementFault[] {
  if (cluster.placement === 'remap') return [];
  // What it is there.
  const threshold = cluster.panic_threshold === 100 ? undefined : cluster.panic_threshold;
  const rules = [
    [['outlier_detection'], cluster.outlier_detection, 'keys of a server that is ejected go to other shards'],
    [['health_check', 'key'], cluster.health_check?.key, 'a server under maintenance keeps its keys'],
    [['panic_threshold'], threshold, 'all shards are sent commands, whatever their health'],
  ] as const;
  return rules.flatMap(([path, input, why]) => {
    const message = `must be left out unless placement is remap: with fixed, ${why}`;
    return input === undefined ? [] : [{ path: [...path], input, message }];
  });
}
