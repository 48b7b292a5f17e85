// What is remembered of a primary, so that no other one is taken for it: an address says nothing of who answers there now
// (docs/adr/0037). Pure.

import type { History, SeenServer } from '../effective/seen.ts';

/** As it said last; undefined: it does not say, or was not asked. */
export interface Identity {
  readonly runId?: string | undefined;
  readonly history?: History | undefined;
  /** Roughly how many it had, within a factor of two: it is not written down anew at each look. */
  readonly keys?: number | undefined;
}

// Who has fewer than a tenth of its keys after a start has lost them, whatever was written to it since.
const leastShare = 0.1;

/** Of a primary that is what it was, with what it says now. */
export function identityAfter(before: Identity, { runId, history, keys }: SeenServer): Identity {
  return {
    runId: runId ?? before.runId,
    history: history ?? before.history,
    keys: keys === undefined || isAlike(before.keys, keys) ? before.keys : keys,
  };
}

export function hasRestarted({ runId }: Identity, seen: SeenServer): boolean {
  return runId !== undefined && seen.runId !== undefined && runId !== seen.runId;
}

/** Whether it was started again, or has copied another server, and has not what it had. */
export function hasLostItsKeys(before: Identity, seen: SeenServer): boolean {
  const isRestarted = hasRestarted(before, seen);
  // What it has was written to it since, perhaps by our own clients, before anybody could look.
  if (isRestarted && seen.hasLoadedNothing === true) return hadKeys(before);
  // Who has no replicas for long takes another history too, and goes on with its keys.
  const isOther = before.history !== undefined && seen.history !== undefined && reachIn(before.history, seen) === undefined;
  return (isRestarted || isOther) && hasFewKeys(before, seen);
}

/** Whether one that came back empty in a run was started once more, with its keys. */
export function hasKeysAgain(before: Identity, emptyRunId: string, seen: SeenServer): boolean {
  const isOtherRun = seen.runId !== undefined && seen.runId !== emptyRunId;
  return isOtherRun && seen.keys !== undefined && !hasFewKeys(before, seen) && seen.hasLoadedNothing !== true;
}

/** Fewer than can be by chance. */
export function hasFewKeys({ keys = 0 }: Identity, seen: Pick<SeenServer, 'keys'>): boolean {
  return seen.keys !== undefined && seen.keys < keys * leastShare;
}

export function hadKeys({ keys = 0 }: Identity): boolean {
  return keys > 0;
}

/**
 * How far a server has what the primary had, as an offset; undefined: it has another history, or tells none. Whoever was
 * promoted keeps the identifier of before, and up to which offset it has that (Redis's master_replid2).
 */
export function reachIn(primary: History | undefined, { history }: SeenServer): number | undefined {
  if (primary === undefined || history === undefined) return undefined;
  if (history.id === primary.id) return history.offset ?? Infinity;
  return history.former?.id === primary.id ? history.former.end : undefined;
}

function isAlike(a: number | undefined, b: number): boolean {
  return a !== undefined && b >= a / 2 && b <= a * 2;
}
