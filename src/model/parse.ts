// Unknown to typed: a value that keeps the rules of one object, or all the faults that it has.

import { z } from 'zod';

import { canonicalCluster, canonicalListener } from './canonical.ts';
import { clusterSchema } from './cluster.ts';
import { FaultsError, faultsOf, quote, toPointer } from './faults.ts';
import type { Fault } from './faults.ts';
import { listenerSchema } from './listener.ts';
import type { Cluster, Config, Listener } from './objects.ts';

// What the xDS server can always be asked for again (docs/adr/0018).
export const maxClusters = 50_000;
export const maxListeners = 1_000;

/** A file, and what GET /api/v2/config answers. */
export const configSchema = z
  .strictObject({
    clusters: z.array(clusterSchema).max(maxClusters).optional(),
    listeners: z.array(listenerSchema).max(maxListeners).optional(),
  })
  .meta({ id: 'Config', description: 'Everything that is declared; what is not named is removed.' });

/** A canonical cluster. @throws FaultsError */
export function parseCluster(value: unknown): Cluster {
  return canonicalCluster(check(clusterSchema, value));
}

/** A canonical listener. @throws FaultsError */
export function parseListener(value: unknown): Listener {
  return canonicalListener(check(listenerSchema, value));
}

/** Canonical objects, in order of name, each name once. @throws FaultsError */
export function parseConfig(value: unknown): Config {
  const { clusters = [], listeners = [] } = check(configSchema, value);
  const faults = [...findTwins('clusters', clusters), ...findTwins('listeners', listeners)];
  if (faults.length > 0) throw new FaultsError(faults);
  return {
    clusters: clusters.map(canonicalCluster).sort(byName),
    listeners: listeners.map(canonicalListener).sort(byName),
  };
}

function check<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new FaultsError(faultsOf(result.error, value));
}

function findTwins(list: string, objects: readonly { readonly name: string }[]): Fault[] {
  const seen = new Map<string, number>();
  return objects.flatMap(({ name }, index) => {
    const first = seen.get(name);
    seen.set(name, first ?? index);
    if (first === undefined) return [];
    return [{ pointer: toPointer([list, index, 'name']), value: name, rule: `must be there once, ${quote(name)} is at ${toPointer([list, first])} too` }];
  });
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : 1;
}
