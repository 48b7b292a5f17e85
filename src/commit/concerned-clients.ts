// Clients that don't get what is published as it is meant: too old for it, or given no secrets. They come without a
// commit, so they are looked for when somebody asks; what is published is looked at once, and not at all for nobody.

import type { Cluster, Listener } from '../model/objects.ts';
import { areAnyOld, describeLacking, findNeeds } from './capabilities.ts';
import type { Agents, Need } from './capabilities.ts';
import type { Declared } from './declared.ts';
import type { Warning } from './published.ts';
import { findWithheld, withSecrets } from './withheld-secrets.ts';
import type { WithoutSecrets } from './withheld-secrets.ts';

const needs = new WeakMap<Declared, readonly Need[]>();
const secretObjects = new WeakMap<Declared, readonly (Cluster | Listener)[]>();

/** What those of these releases lack. */
export function findTooOld(declared: Declared, agents: readonly Agents[]): Warning[] {
  if (!areAnyOld(agents)) return [];
  const needed = remember(needs, declared, () => findNeeds(objectsOf(declared)));
  return describeLacking(needed, agents).map((message) => ({ code: 'old-envoy', message }));
}

/** What is kept from these. */
export function findWithoutSecrets(declared: Declared, envoys: WithoutSecrets): Warning[] {
  if (declared.secrets.size === 0 || envoys.size === 0) return [];
  const objects = remember(secretObjects, declared, () => withSecrets(objectsOf(declared)));
  return findWithheld(objects, envoys).map(({ message }) => ({ code: 'secrets-withheld', message }));
}

function objectsOf({ clusters, listeners }: Declared): (Cluster | Listener)[] {
  return [...clusters.values(), ...listeners.values()];
}

function remember<Key extends object, Value>(table: WeakMap<Key, Value>, key: Key, make: () => Value): Value {
  let value = table.get(key);
  if (value === undefined) table.set(key, (value = make()));
  return value;
}
