// Unknown to typed: a value that keeps the rules of one object, or all the faults that it has.

import { z } from 'zod';

import { canonicalCluster, canonicalListener } from './canonical.ts';
import { clusterSchema } from './cluster.ts';
import { FaultsError, faultsOf, quote, toPointer } from './faults.ts';
import type { Fault } from './faults.ts';
import { maxClusters, maxListeners } from './limits.ts';
import { listenerSchema } from './listener.ts';
import type { Cluster, Config, Listener } from './objects.ts';

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

// Each costs some hundred bytes, and a large file may have a million.
const maxFaults = 1_000;

const listsSchema = z.strictObject({
  clusters: z.array(z.unknown()).max(maxClusters).optional(),
  listeners: z.array(z.unknown()).max(maxListeners).optional(),
});

/**
 * Canonical objects, in order of name, each name once.
 * @throws FaultsError; past a thousand faults no further object is looked at
 */
export function parseConfig(value: unknown): Config {
  const faults: Fault[] = [];
  const clusters = checkEach(clusterSchema, 'clusters', value, maxClusters, faults);
  const listeners = checkEach(listenerSchema, 'listeners', value, maxListeners, faults);
  const lists = listsSchema.safeParse(value);
  if (!lists.success) for (const fault of faultsOf(lists.error, value)) faults.push(fault);
  if (faults.length > 0) throw new FaultsError(faults);
  return {
    clusters: clusters.map(canonicalCluster).sort(byName),
    listeners: listeners.map(canonicalListener).sort(byName),
  };
}

/** The objects of one list that keep the rules; to `faults` is added what the others, and twins among all, break. */
function checkEach<Schema extends z.ZodType<{ name: string }>>(
  schema: Schema,
  list: string,
  config: unknown,
  max: number,
  faults: Fault[],
): z.output<Schema>[] {
  const objects: unknown = typeof config === 'object' && config !== null ? Reflect.get(config, list) : undefined;
  if (!Array.isArray(objects) || objects.length > max) return [];
  const seen = new Map<string, number>();
  const checked: z.output<Schema>[] = [];
  for (const [index, object] of objects.entries()) {
    if (faults.length >= maxFaults) break;
    const result = schema.safeParse(object);
    if (result.success) checked.push(result.data);
    else for (const fault of faultsOf(result.error, object, [list, index])) faults.push(fault);
    const name: unknown = typeof object === 'object' && object !== null ? Reflect.get(object, 'name') : undefined;
    if (typeof name !== 'string') continue;
    const first = seen.get(name);
    if (first === undefined) seen.set(name, index);
    else faults.push(twinFault(list, index, name, first));
  }
  return checked;
}

function check<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new FaultsError(faultsOf(result.error, value));
}

function twinFault(list: string, index: number, name: string, first: number): Fault {
  const rule = `must be there once, ${quote(name)} is at ${toPointer([list, first])} too`;
  return { pointer: toPointer([list, index, 'name']), value: name, rule };
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : 1;
}
