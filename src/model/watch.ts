// Whether the control plane watches the servers of a cluster, and how, as an operator declares it; what is left out has
// its default (watch-defaults.ts, docs/adr/0033).

import { z } from 'zod';

import { secretRefSchema, username } from './auth.ts';
import { duration } from './values.ts';

const maxLooks = 1_000;

const looks = z.int().min(1).max(maxLooks);

export const watchTermsSchema = z
  .strictObject({
    interval: duration(3_600_000, '1h', { ms: 100, text: 'of at least 100ms' })
      .optional()
      .meta({ description: 'From one look at a server to the next; 1s unless told.' }),
    timeout: duration(60_000, '1m', { ms: 10, text: 'of at least 10ms' })
      .optional()
      .meta({ description: 'A look that takes longer, connecting included, has failed; 500ms unless told.' }),
    down_after: looks.optional().meta({ description: 'So many looks in turn that failed; 3 unless told.' }),
    up_after: looks
      .optional()
      .meta({ description: 'So many good looks in turn, more for one that goes down again and again; 2 unless told.' }),
    max_down_percent: z
      .int()
      .min(1)
      .max(100)
      .optional()
      .meta({
        description:
          'When a larger percentage of them, or of all that is watched, goes down at once, nobody is taken out: it may be ' +
          'the control plane that is cut off; 50 unless told.',
      }),
    username: username.optional(),
    password: secretRefSchema
      .optional()
      .describe("Who looks, in place of whom Envoy is: the endpoint's own upstream_auth, or the cluster's."),
  })
  .refine(({ username: user, password }) => user === undefined || password !== undefined, {
    message: 'must be left out without password',
    path: ['username'],
  })
  .meta({ id: 'WatchTerms' });

export const watchSchema = z
  .union([z.enum(['on', 'off']), watchTermsSchema])
  .meta({ description: 'Whether the control plane looks at its servers, again and again; on unless told.' });

export const protocol = z.enum(['redis', 'http', 'tcp']).meta({
  description: 'What its servers speak; redis unless told. Servers that speak something else are not watched.',
});

interface Watched {
  readonly protocol?: string | undefined;
  readonly watch?: unknown;
}

interface WatchFault {
  readonly path: string[];
  readonly input: unknown;
  readonly message: string;
}

/** Nobody understands what others than Redis say. */
export function findWatchFaults({ protocol: spoken = 'redis', watch }: Watched): WatchFault[] {
  if (spoken === 'redis' || watch === undefined || watch === 'off') return [];
  const message = `must be off, or left out, where protocol is ${spoken}: only servers that speak Redis are watched`;
  return [{ path: ['watch'], input: watch, message }];
}
