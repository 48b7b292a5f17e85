// What the names of some clusters lead to now, for one look at their servers: what is published where it is known, else
// what the name servers say.

import { once } from 'node:events';

import { hostNamesOf } from '../effective/addresses.ts';
import type { Addresses } from '../effective/addresses.ts';
import type { Cluster } from '../model/objects.ts';
import type { Lookup } from './dns-lookup.ts';

/** Where it is known what names lead to. */
export interface NameSource {
  /** Of names that are followed. */
  readonly known: () => Addresses;
  readonly lookup: Lookup;
}

export interface FoundNames {
  readonly addresses: Addresses;
  /** Why a name leads nowhere, in a few words, as `not found`. */
  readonly problems: ReadonlyMap<string, string>;
}

const atOnce = 64;

/** Of the names that the control plane looks up. @param over once it is aborted, what is not found yet has no answer */
export async function findNames(
  clusters: Iterable<Cluster>,
  source: NameSource,
  over: AbortSignal,
): Promise<FoundNames> {
  const names = [...new Set(Array.from(clusters).flatMap(hostNamesOf))];
  const known = source.known();
  const unknown = names.filter((name) => !known.has(name));
  const found = await lookUp(unknown, source.lookup, over);
  return {
    addresses: new Map(names.flatMap((name) => {
      const addresses = known.get(name) ?? found.addresses.get(name);
      return addresses === undefined ? [] : [[name, addresses] as const];
    })),
    problems: new Map(unknown.flatMap((name) => {
      return found.addresses.has(name) ? [] : [[name, found.problems.get(name) ?? 'no answer'] as const];
    })),
  };
}

/** Both grow until it is over, and may go on to. */
async function lookUp(names: readonly string[], lookup: Lookup, over: AbortSignal): Promise<FoundNames> {
  const [addresses, problems] = [new Map<string, readonly string[]>(), new Map<string, string>()];
  const queue = names.values();
  const work = async (): Promise<void> => {
    for (const name of queue) {
      if (over.aborted) return;
      try {
        // In the order in which they would be published.
        addresses.set(name, (await lookup(name)).addresses.toSorted());
      } catch (error) {
        problems.set(name, (error as Error).message);
      }
    }
  };
  const isDone = Promise.all(Array.from({ length: Math.min(atOnce, names.length) }, work));
  if (!over.aborted) await Promise.race([isDone, once(over, 'abort')]);
  return { addresses, problems };
}
