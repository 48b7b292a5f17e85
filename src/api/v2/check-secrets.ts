// What a check asks servers with: the secrets of a file where it has their values, else those that are declared.

import type { Declarations, View } from '../../commit/desk.ts';
import type { SecretEntry } from '../../model/objects.ts';
import { VaultError } from '../../secrets/vault.ts';
import type { FindSecret } from '../../watch/find-secret.ts';
import { secretType } from './object-type.ts';
import type { Secrets } from './secrets.ts';

/**
 * Each is opened once, however many servers are asked with it; one that can't be opened fails those, and no others.
 * @param entries of the file; what it says of a secret without its value is passed over.
 */
export function createSecretFinder(
  declarations: Declarations,
  view: View,
  entries: readonly SecretEntry[] = [],
  open: Secrets['open'],
): FindSecret {
  const given = new Map(entries.map((entry) => [entry.name, entry]));
  const known = new Map<string, ReturnType<FindSecret>>();
  const find = (name: string): ReturnType<FindSecret> => {
    const entry = given.get(name);
    if (entry !== undefined && ('value' in entry || 'chain' in entry)) return entry;
    const declared = secretType.get(declarations, view, name);
    try {
      return declared && open(declared);
    } catch (error) {
      if (!(error instanceof VaultError)) throw error;
      return { kind: 'unusable', problem: "can't be opened, for it was sealed with another key or is damaged" };
    }
  };
  return (name) => {
    if (!known.has(name)) known.set(name, find(name));
    return known.get(name);
  };
}
