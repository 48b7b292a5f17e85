// Which objects name a secret: among them are those whose messages are others when it changes.

import type { SortedByName } from '../collections/sorted-by-name.ts';
import type { Cluster, Listener } from '../model/objects.ts';
import { namedSecretsOf, secretRefsOf } from '../model/secret-refs.ts';

type UsersBySecret = ReadonlyMap<string, readonly string[]>;

const holdersByRun = new WeakMap<readonly object[], readonly string[]>();
const usersByRun = new WeakMap<readonly object[], UsersBySecret>();

/**
 * The names of those that name one of the secrets, each once, at the cost of what changed since it was asked of much the
 * same objects. @param objectOf what is declared of each.
 */
export function findSecretUsers<Value extends { readonly name: string }>(
  objects: SortedByName<Value>,
  objectOf: (value: Value) => Cluster | Listener,
  secrets: Iterable<string>,
): string[] {
  const wanted = [...secrets];
  if (wanted.length === 0) return [];
  const names = new Set<string>();
  for (const run of objects.runs) {
    const users = usersOfRun(run, objectOf);
    for (const secret of wanted) for (const name of users.get(secret) ?? []) names.add(name);
  }
  return [...names];
}

/** The names of those whose messages have a password in them, at the same cost. */
export function findPasswordHolders<Value extends { readonly name: string }>(
  objects: SortedByName<Value>,
  objectOf: (value: Value) => Cluster | Listener,
): string[] {
  return objects.runs.flatMap((run) => {
    let holders = holdersByRun.get(run);
    if (holders === undefined) {
      const isHolder = (value: Value): boolean => secretRefsOf(objectOf(value)).some(({ kind }) => kind === 'password');
      holdersByRun.set(run, (holders = run.filter(isHolder).map(({ name }) => name)));
    }
    return holders;
  });
}

function usersOfRun<Value extends { readonly name: string }>(
  run: readonly Value[],
  objectOf: (value: Value) => Cluster | Listener,
): UsersBySecret {
  const known = usersByRun.get(run);
  if (known !== undefined) return known;
  const users = new Map<string, string[]>();
  for (const value of run) {
    for (const secret of new Set(namedSecretsOf(objectOf(value)).map((ref) => ref.secret))) {
      const names = users.get(secret);
      if (names === undefined) users.set(secret, [value.name]);
      else names.push(value.name);
    }
  }
  usersByRun.set(run, users);
  return users;
}
