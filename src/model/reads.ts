// Which servers answer reads, where a cluster has replicas.

import { z } from 'zod';

/** Where reads go besides the primary: each is an Envoy cluster of its own beside that which takes the writes. */
export const readModes = ['replica', 'prefer_replica', 'any'] as const;

export type ReadMode = (typeof readModes)[number];

export const reads = z.enum(['primary', ...readModes]).meta({
  description:
    'Which servers of a replicated cluster answer reads. `replica`: replicas alone; `prefer_replica`: the primary ' +
    'too, when no replica is left; `any`: all of them.',
});

export const readPolicy = z.enum(['primary', 'prefer_primary', 'replica', 'prefer_replica', 'any']).meta({
  description:
    'Which servers of a redis_cluster answer reads: primary, unless told. Envoy has one policy for all such clusters ' +
    'of a listener.',
});
