// Secrets and who names them: a commit that would leave a name without its secret is refused. Pure.

import type { Edits } from '../inventory/edits.ts';
import type { Cluster, Listener, Secret } from '../model/objects.ts';
import { namedSecretsOf } from '../model/secret-refs.ts';
import type { SecretReference } from '../model/secret-refs.ts';
import { findSecretUsers } from '../render/secret-users.ts';
import { nameSome } from '../text/name-some.ts';
import type { SortedByName } from '../collections/sorted-by-name.ts';

interface After {
  readonly clusters: SortedByName<Cluster>;
  readonly listeners: SortedByName<Listener>;
  readonly secrets: SortedByName<Secret>;
}

/** Why these edits can't be: one line for each name without its secret. @param after what they lead to. */
export function findSecretProblems({ clusters, listeners, secrets }: Edits, after: After): string[] {
  const edited = [
    ...clusters.map((edit) => ({ kind: 'cluster', ...edit })),
    ...listeners.map((edit) => ({ kind: 'listener', ...edit })),
  ];
  const known = new Set(edited.map(({ kind, name }) => `${kind} ${name}`));
  const ofObjects = edited.flatMap(({ kind, name, after: object }) => {
    return object === undefined ? [] : describeProblems(kind, name, object, after.secrets);
  });
  const ofSecrets = secrets.flatMap(({ name }) => {
    const broken = findUsers(name, after).filter(({ kind, object }) => {
      return !known.has(`${kind} ${object.name}`) && describeProblems(kind, object.name, object, after.secrets).length > 0;
    });
    return broken.length === 0 ? [] : [describeUsers(name, after.secrets.get(name), broken)];
  });
  return [...ofObjects, ...ofSecrets];
}

interface User {
  readonly kind: 'cluster' | 'listener';
  readonly object: Cluster | Listener;
}

function findUsers(secret: string, { clusters, listeners }: After): User[] {
  const users = <T extends Cluster | Listener>(kind: User['kind'], objects: SortedByName<T>): User[] => {
    const names = findSecretUsers(objects, (object) => object, [secret]);
    return names.flatMap((name) => objects.get(name) ?? []).map((object) => ({ kind, object }));
  };
  return [...users('cluster', clusters), ...users('listener', listeners)];
}

function describeProblems(
  kind: string,
  name: string,
  object: Cluster | Listener,
  secrets: ReadonlyMap<string, Secret>,
): string[] {
  return namedSecretsOf(object).flatMap((ref) => {
    const problem = findProblem(ref, secrets.get(ref.secret));
    return problem === undefined ? [] : [`${kind} ${quote(name)}: ${ref.field}: ${problem}`];
  });
}

function findProblem({ secret, kind }: SecretReference, found: Secret | undefined): string | undefined {
  if (found === undefined) return `secret ${quote(secret)} is not declared`;
  return found.kind === kind ? undefined : `secret ${quote(secret)} is a ${found.kind}, and must be a ${kind}`;
}

function describeUsers(name: string, now: Secret | undefined, users: readonly User[]): string {
  const named = nameSome(users.map(({ kind, object }) => `${kind} ${quote(object.name)}`));
  const what = now === undefined ? 'removed' : `made a ${now.kind}`;
  return `secret ${quote(name)}: can't be ${what} while it is named by ${named}`;
}

function quote(text: string): string {
  return JSON.stringify(text);
}
