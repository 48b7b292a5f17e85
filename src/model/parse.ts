// Unknown to typed: a value that keeps the rules of one object, or all the faults that it has.

import { z } from 'zod';

import { canonicalCluster, canonicalListener, canonicalSecret } from './canonical.ts';
import { clusterSchema } from './cluster.ts';
import { FaultsError, faultsOf, quote, toPointer } from './faults.ts';
import type { Fault } from './faults.ts';
import { hideAuthValues, hideSecretValues } from './hidden-values.ts';
import { maxClusters, maxListeners, maxSecrets } from './limits.ts';
import { listenerSchema } from './listener.ts';
import type { Cluster, ConfigEntries, DeclaredSecret, Listener, Secret, SecretEntry } from './objects.ts';
import { declaredSecretSchema, keptSecretSchema, secretFromSchema, secretSchema } from './secret.ts';

/** A file, and what GET /api/v2/config answers. */
export const configSchema = z
  .strictObject({
    clusters: z.array(clusterSchema).max(maxClusters).optional(),
    listeners: z.array(listenerSchema).max(maxListeners).optional(),
    secrets: z
      .array(z.union([declaredSecretSchema, keptSecretSchema]))
      .max(maxSecrets)
      .optional()
      .describe('Left out: they stay as they are.'),
  })
  .meta({ id: 'Config', description: 'Everything that is declared; what is not named is removed.' });

/** A canonical cluster. @throws FaultsError */
export function parseCluster(value: unknown): Cluster {
  return canonicalCluster(check(clusterSchema, value, hideAuthValues));
}

/** A canonical listener. @throws FaultsError */
export function parseListener(value: unknown): Listener {
  return canonicalListener(check(listenerSchema, value, hideAuthValues));
}

/** A secret with its value. @throws FaultsError, which has no values */
export function parseSecret(value: unknown): DeclaredSecret {
  return check(declaredSecretSchema, value, hideSecretValues);
}

/** A secret as it is kept, canonical. @throws FaultsError */
export function parseSealedSecret(value: unknown): Secret {
  return canonicalSecret(check(secretSchema, value, hideSecretValues));
}

// Each costs some hundred bytes, and a large file may have a million.
const maxFaults = 1_000;

const listsSchema = z.strictObject({
  clusters: z.array(z.unknown()).max(maxClusters).optional(),
  listeners: z.array(z.unknown()).max(maxListeners).optional(),
  secrets: z.array(z.unknown()).max(maxSecrets).optional(),
});

/** How the objects of a list are checked. */
interface ListRules<Schema extends z.ZodType> {
  readonly list: 'clusters' | 'listeners' | 'secrets';
  readonly max: number;
  readonly schemaOf: (object: unknown) => Schema;
  readonly hide: (faults: readonly Fault[]) => Fault[];
}

const clusterRules = { list: 'clusters', max: maxClusters, schemaOf: () => clusterSchema, hide: hideAuthValues } as const;
const listenerRules = {
  list: 'listeners',
  max: maxListeners,
  schemaOf: () => listenerSchema,
  hide: hideAuthValues,
} as const;
const secretRules: ListRules<z.ZodType<SecretEntry>> = {
  list: 'secrets',
  max: maxSecrets,
  schemaOf: (entry) => {
    const fields = typeof entry === 'object' && entry !== null ? Object.keys(entry) : [];
    if (fields.includes('fingerprint')) return keptSecretSchema;
    return fields.some((field) => field.endsWith('_from')) ? secretFromSchema : declaredSecretSchema;
  },
  hide: hideSecretValues,
};

/**
 * Canonical objects, in order of name, each name once; secrets as they stand there.
 * @throws FaultsError; past a thousand faults no further object is looked at
 */
export function parseConfig(value: unknown): ConfigEntries {
  const faults: Fault[] = [];
  const clusters = checkEach<typeof clusterSchema>(clusterRules, value, faults);
  const listeners = checkEach<typeof listenerSchema>(listenerRules, value, faults);
  const secrets = checkEach(secretRules, value, faults);
  const lists = listsSchema.safeParse(value);
  if (!lists.success) for (const fault of hideListOfSecrets(faultsOf(lists.error, value))) faults.push(fault);
  if (faults.length > 0) throw new FaultsError(faults);
  return {
    clusters: clusters.map(canonicalCluster).sort(byName),
    listeners: listeners.map(canonicalListener).sort(byName),
    ...(lists.data?.secrets === undefined ? {} : { secrets }),
  };
}

// What is no list may be a secret too.
function hideListOfSecrets(faults: readonly Fault[]): Fault[] {
  return faults.map((fault) => (fault.pointer.startsWith('/secrets') ? { ...fault, value: undefined } : fault));
}

/** The objects of one list that keep the rules; to `faults` is added what the others, and twins among all, break. */
function checkEach<Schema extends z.ZodType>(
  { list, max, schemaOf, hide }: ListRules<Schema>,
  config: unknown,
  faults: Fault[],
): z.output<Schema>[] {
  const objects: unknown = typeof config === 'object' && config !== null ? Reflect.get(config, list) : undefined;
  if (!Array.isArray(objects) || objects.length > max) return [];
  const seen = new Map<string, number>();
  const checked: z.output<Schema>[] = [];
  for (const [index, object] of objects.entries()) {
    if (faults.length >= maxFaults) break;
    const result = schemaOf(object).safeParse(object);
    if (result.success) checked.push(result.data);
    else for (const fault of hide(faultsOf(result.error, object, [list, index]))) faults.push(fault);
    const name: unknown = typeof object === 'object' && object !== null ? Reflect.get(object, 'name') : undefined;
    if (typeof name !== 'string') continue;
    const first = seen.get(name);
    if (first === undefined) seen.set(name, index);
    else faults.push(twinFault(list, index, name, first));
  }
  return checked;
}

function check<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  hide: (faults: readonly Fault[]) => Fault[],
): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new FaultsError(hide(faultsOf(result.error, value)));
}

function twinFault(list: string, index: number, name: string, first: number): Fault {
  const rule = `must be there once, ${quote(name)} is at ${toPointer([list, first])} too`;
  return { pointer: toPointer([list, index, 'name']), value: name, rule };
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : 1;
}
