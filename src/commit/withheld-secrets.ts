// Envoys on whose connections others can read along, and what of what is declared they are not given (docs/adr/0032).

import { secretRefsOf } from '../model/secret-refs.ts';
import type { Cluster, Listener } from '../model/objects.ts';
import type { NodeGroup } from '../snapshot/snapshot.ts';
import { quoteSome } from '../text/name-some.ts';
import type { Finding } from './desk.ts';
import { isFor } from './node-groups.ts';

/** Node ids of the connected Envoys that are given no passwords and no private keys, by node group. */
export type WithoutSecrets = ReadonlyMap<NodeGroup, ReadonlySet<string>>;

type Objects = Iterable<Cluster | Listener>;

const remedy = 'give them TLS (--tls-cert), or say that the network is safe (--xds-secrets any)';

/** Those that name a password or a private key. */
export function withSecrets(objects: Objects): (Cluster | Listener)[] {
  return Array.from(objects).filter((object) => secretRefsOf(object).some(({ kind }) => kind !== 'ca'));
}

/** What is kept from whom; empty when nothing is from anybody. */
export function findWithheld(objects: Objects, envoys: WithoutSecrets): Finding[] {
  return describe(objects, envoys, (of, ids) => {
    const what = `the passwords and private keys of ${of} are not given to Envoys whose connection others can read`;
    return `${what}: ${ids}: ${remedy}`;
  });
}

/** The listeners that such Envoys have and would lose, since they ask for a password from now on. */
export function findListenersTaken(
  edits: Iterable<{ readonly name: string; readonly after: Listener | undefined }>,
  publishedBefore: (name: string) => Listener | undefined,
  envoys: WithoutSecrets,
): Finding[] {
  const taken = Array.from(edits).flatMap(({ name, after }) => {
    const old = publishedBefore(name);
    return after !== undefined && asksPassword(after) && old !== undefined && !asksPassword(old) ? [after] : [];
  });
  return describe(taken, envoys, (of, ids) => {
    const what = `${of} would be taken from Envoys whose connection others can read, who are given no passwords`;
    return `${what}: ${ids}: ${remedy}`;
  });
}

function describe(objects: Objects, envoys: WithoutSecrets, say: (of: string, ids: string) => string): Finding[] {
  if (envoys.size === 0) return [];
  const withheld = withSecrets(objects).filter((object) => Array.from(envoys.keys()).some((group) => isFor(group, object)));
  const concerned = Array.from(envoys).filter(([group]) => withheld.some((object) => isFor(group, object)));
  if (concerned.length === 0) return [];
  const ids = new Set(concerned.flatMap(([, of]) => [...of]));
  return [{ code: 'secrets-withheld', message: say(quoteSome(withheld.map(({ name }) => name)), quoteSome([...ids].sort())) }];
}

function asksPassword(listener: Listener): boolean {
  return secretRefsOf(listener).some(({ kind }) => kind === 'password');
}
