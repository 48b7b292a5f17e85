// Keeps listeners apart that follow each other on a stream, whatever else decides what is sent.

import type { ResourceKind } from '../snapshot/resource.ts';
import type { ResourceSet } from '../snapshot/resource-set.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { isAnyChanged } from './listener-pacing.ts';
import type { ListenerPacing } from './listener-pacing.ts';
import type { Selection, SetSelector } from './make-before-break.ts';
import type { Watch } from './watch.ts';

/** Lets listeners wait that another selector would let go too soon after the last. */
export class PacedListeners implements SetSelector {
  readonly #inner: SetSelector;
  readonly #pacing: ListenerPacing;

  constructor(inner: SetSelector, pacing: ListenerPacing) {
    this.#inner = inner;
    this.#pacing = pacing;
  }

  begin(watch: Watch, nowMs: number): void {
    this.#inner.begin(watch, nowMs);
  }

  target(kind: ResourceKind, snapshot: Snapshot, nowMs: number): ResourceSet {
    return this.#inner.target(kind, snapshot, nowMs);
  }

  select(kind: ResourceKind, watch: Watch, snapshot: Snapshot, nowMs: number): Selection {
    const selection = this.#inner.select(kind, watch, snapshot, nowMs);
    const { set, isUrgent = false } = selection;
    const { lastSet } = watch;
    if (kind !== 'listener' || set === undefined || lastSet === undefined || isUrgent) return selection;
    const { nextAtMs } = this.#pacing;
    if (nextAtMs <= nowMs || !isPush(watch, lastSet, set)) return selection;
    // The stand-in for servers is there as soon as it is needed, and what the client asks for is what it has already.
    const meanwhile = set.unchangedSince(lastSet);
    return { set: watch.isSent(meanwhile) ? undefined : meanwhile, restAtMs: nextAtMs };
  }
}

// What the client asked for, and the parts of a set that was begun, are none.
function isPush(watch: Watch, lastSet: ResourceSet, set: ResourceSet): boolean {
  return watch.wasAnswered && lastSet !== set && watch.hasNews(set) && isAnyChanged(lastSet, set);
}
