// From what was decided on the health of servers to what is now: at the cost of what is seen otherwise, and of those that
// are not whole. Pure.

import type { Cluster } from '../model/objects.ts';
import type { Seen } from './seen.ts';
import { decideFor, outagesOf, verdictsFrom } from './verdicts-by-cluster.ts';
import type { ClusterOutages, Outages, RulesOf, Verdicts } from './verdicts-by-cluster.ts';

export interface Health {
  readonly verdicts: Verdicts;
  /** Who is out; the same object while nobody goes and nobody comes back. */
  readonly outages: Outages;
  /** What it was decided by. */
  readonly seen: Seen;
}

/** Before anything is seen. @param outages of before the start: who was out stays out until it is seen to be up. */
export function healthFrom(outages: Outages): Health {
  return { verdicts: verdictsFrom(outages), outages, seen: new Map() };
}

/**
 * @param edited names of clusters that are otherwise than before, or have gone.
 * @param find a cluster as it would be published if all its servers were well; undefined: there is none.
 */
export function healthAfter(
  before: Health,
  seen: Seen,
  edited: Iterable<string>,
  find: (name: string) => Cluster | undefined,
  rulesOf: RulesOf,
  nowMs: number,
): Health {
  const names = new Set([...namesUnlike(before.seen, seen), ...before.verdicts.keys(), ...edited]);
  if (names.size === 0) return before;
  const concerned = new Map(Array.from(names, (name) => [name, find(name)] as const));
  const verdicts = decideFor(before.verdicts, concerned, seen, rulesOf, nowMs);
  const outages = outagesOf(verdicts);
  return { verdicts, outages: areSame(before.outages, outages) ? before.outages : outages, seen };
}

/** What has to be kept of `after` when `before` was; undefined: nothing any more. */
export function compareOutages(before: Outages, after: Outages): Map<string, ClusterOutages | undefined> {
  const names = [...new Set([...before.keys(), ...after.keys()])];
  const isSame = (name: string): boolean => textOf(before.get(name)) === textOf(after.get(name));
  return new Map(names.filter((name) => !isSame(name)).map((name) => [name, after.get(name)]));
}

// What is seen of a cluster is another map after each change.
function namesUnlike(before: Seen, after: Seen): string[] {
  const names = [...new Set([...before.keys(), ...after.keys()])];
  return names.filter((name) => before.get(name) !== after.get(name));
}

function areSame(before: Outages, after: Outages): boolean {
  return compareOutages(before, after).size === 0;
}

function textOf(out: ReadonlyMap<string, unknown> | undefined): string {
  return JSON.stringify([...(out ?? [])]);
}
