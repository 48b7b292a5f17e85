// What the streams of a client ask for by name, in short: there may be thousands of streams with thousands of names.

import type { Subscription } from '../../snapshot/subscription.ts';
import type { TypeMessage } from './messages.ts';

const maxNames = 100;

// Of streams that ask for more, together, it is not found out which names are the same.
const maxCompared = 20_000;

export function buildNamesMessage(all: readonly Subscription[]): TypeMessage['names'] {
  // Interned: streams that want the same share one.
  const subscriptions = [...new Set(all)];
  return {
    wildcard: subscriptions.some(({ wildcard }) => wildcard),
    count: countNames(subscriptions),
    names: firstNames(subscriptions),
  };
}

function countNames(subscriptions: readonly Subscription[]): number {
  const sum = subscriptions.reduce((count, { names }) => count + names.size, 0);
  if (subscriptions.length <= 1 || sum > maxCompared) return sum;
  return new Set(subscriptions.flatMap(({ names }) => [...names])).size;
}

const firstBySubscription = new WeakMap<Subscription, readonly string[]>();

function firstNames(subscriptions: readonly Subscription[]): readonly string[] {
  const [only, ...others] = subscriptions;
  if (only === undefined) return [];
  if (others.length > 0) return smallest(subscriptions.values().flatMap((each) => firstNames([each])));
  let names = firstBySubscription.get(only);
  if (names === undefined) firstBySubscription.set(only, (names = smallest(only.names)));
  return names;
}

/** The first of `names` when sorted, each once. */
function smallest(names: Iterable<string>): readonly string[] {
  let kept = new Set<string>();
  let last: string | undefined;
  for (const name of names) {
    if (last !== undefined && name > last) continue;
    kept.add(name);
    if (kept.size < 2 * maxNames) continue;
    kept = new Set([...kept].sort().slice(0, maxNames));
    last = [...kept].at(-1);
  }
  return [...kept].sort().slice(0, maxNames);
}
