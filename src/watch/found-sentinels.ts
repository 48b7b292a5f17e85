// The Sentinels that are asked besides those that are declared: Sentinels come and go, and know of each other. Pure.

import type { SeenSentinel } from '../effective/seen.ts';

/** True for one that answers, and knows the group. */
export function hasOpinion(seen: SeenSentinel | undefined): boolean {
  return seen?.opinion !== undefined && seen.failure === undefined;
}

/**
 * Sentinels that are not declared and that more than half as many know of as are declared, themselves included.
 * @param seen of those that are asked.
 * @param before what was found before: it stays while fewer answer, which may be cut off from the others; and each
 * while it answers itself, as those that were reset (SENTINEL RESET) know nobody for a while.
 * @param ids run IDs by address, of all that ever said it: one that is declared by another address is not asked twice.
 */
export function findSentinels(
  declared: readonly string[],
  seen: ReadonlyMap<string, SeenSentinel>,
  before: readonly string[],
  ids: ReadonlyMap<string, string>,
): readonly string[] {
  const heard = [...seen].filter(([, each]) => hasOpinion(each));
  if (heard.length * 2 <= declared.length) return before;
  const knownBy = new Map<string, number>();
  const count = (address: string): void => void knownBy.set(address, (knownBy.get(address) ?? 0) + 1);
  for (const [address, { opinion }] of heard) new Set([address, ...(opinion?.sentinels ?? [])]).forEach(count);
  const there = new Set(declared.filter((address) => hasOpinion(seen.get(address))).map((address) => ids.get(address)));
  const isKnown = (address: string): boolean => (knownBy.get(address) ?? 0) * 2 > declared.length;
  const isTwin = (address: string): boolean => ids.has(address) && there.has(ids.get(address));
  return [...knownBy.keys()]
    .filter((address) => !declared.includes(address) && !isTwin(address))
    .filter((address) => isKnown(address) || (before.includes(address) && hasOpinion(seen.get(address))))
    .sort()
    .slice(0, maxFound);
}

const maxFound = 32;
