// How many objects name each certificate and CA: a snapshot has those that are named, and no other, so that no node group
// is given the keys of another (docs/adr/0030).

import { SortedByName } from '../collections/sorted-by-name.ts';
import type { Cluster, Listener } from '../model/objects.ts';
import { tlsRefsOf } from '../model/tls-refs.ts';

interface SecretUse {
  /** Of the secret. */
  readonly name: string;
  /** At least 1. */
  readonly count: number;
}

type Object = Cluster | Listener | undefined;

export type SecretUses = SortedByName<SecretUse>;

export const noUses: SecretUses = SortedByName.of<SecretUse>([]);

/** The uses after objects have changed, at the cost of these. @param changes each object before and after. */
export function usesAfter(before: SecretUses, changes: Iterable<readonly [before: Object, after: Object]>): SecretUses {
  const counts = new Map<string, number>();
  const count = (object: Object, step: 1 | -1): void => {
    if (object === undefined) return;
    for (const { secret } of tlsRefsOf(object)) {
      counts.set(secret, (counts.get(secret) ?? before.get(secret)?.count ?? 0) + step);
    }
  };
  for (const [old, now] of changes) {
    if (old === now) continue;
    count(old, -1);
    count(now, 1);
  }
  const changed = [...counts].filter(([name, uses]) => uses !== (before.get(name)?.count ?? 0));
  if (changed.length === 0) return before;
  return before.with(changed.map(([name, uses]) => [name, uses === 0 ? undefined : { name, count: uses }] as const));
}
