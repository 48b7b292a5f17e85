// Where keys go: a route of a Redis listener as an operator declares it, and the one for keys that no prefix matches.

import { z } from 'zod';

import { reads } from './reads.ts';
import { isDistinct, name, printable, removePrefix, routePrefix } from './values.ts';

const maxFormatterBytes = 1_000;
const maxMirrors = 10;

export const mirrorSchema = z
  .strictObject({
    cluster: name,
    percent: z
      .int()
      .min(1)
      .max(100)
      .optional()
      .meta({ description: 'Of the commands, chosen at random; 100 unless told.' }),
    exclude_reads: z.boolean().optional().meta({ description: 'It is sent no command that only reads.' }),
  })
  .meta({ id: 'Mirror', description: 'A cluster that is sent the same commands; what it replies is dropped.' });

const mirrors = z
  .array(mirrorSchema)
  .min(1)
  .max(maxMirrors)
  .refine((list) => isDistinct(list.map(({ cluster }) => cluster)), 'must name each cluster once');

const keyFormatter = printable(maxFormatterBytes)
  .refine((text) => text.includes('%KEY%'), 'must contain %KEY%, where the key stands')
  .refine((text) => !text.replaceAll('%KEY%', '').includes('%'), 'must have no % but in %KEY%')
  .meta({ description: 'What the servers are sent for a key, after remove_prefix.', example: 'tenant7:%KEY%' });

const targetFields = {
  cluster: name,
  reads: reads.optional().meta({ description: 'In place of what its cluster, a replicated one, says.' }),
  key_formatter: keyFormatter.optional(),
  mirrors: mirrors.optional(),
};

export const redisRouteSchema = z
  .strictObject({ prefix: routePrefix, remove_prefix: removePrefix.optional(), ...targetFields })
  .refine(isNoMirrorOfItself, mirrorOfItself())
  .meta({ id: 'RedisRoute' });

export const catchAllRouteSchema = z
  .strictObject(targetFields)
  .refine(isNoMirrorOfItself, mirrorOfItself())
  .meta({ id: 'CatchAllRoute', description: 'As a route of keys that no prefix matches.' });

interface Target {
  readonly cluster: string;
  readonly mirrors?: readonly { readonly cluster: string }[] | undefined;
}

// It would carry out each command twice.
function isNoMirrorOfItself({ cluster, mirrors: list = [] }: Target): boolean {
  return list.every((mirror) => mirror.cluster !== cluster);
}

function mirrorOfItself(): { message: string; path: string[] } {
  const message = 'must not name the cluster of the route itself: it would do each command twice';
  return { message, path: ['mirrors'] };
}
