// What a stream of one type is sent: streams of one Envoy come in any order, and each has its own pace.

import type { Dialect } from '../snapshot/dialect.ts';
import type { ResourceKind } from '../snapshot/resource.ts';
import type { ResourceSet } from '../snapshot/resource-set.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import type { Selection, SetSelector } from './make-before-break.ts';
import { noteHeld } from './other-ways.ts';
import type { OtherWays } from './other-ways.ts';
import type { Watch } from './watch.ts';

/** A stream of one type has no order to keep: it is sent the newest at once. */
export class NewestAtOnce implements SetSelector {
  readonly #dialect: Dialect;
  readonly #otherWays: OtherWays;
  // What each set of listeners routes to.
  readonly #clustersOf = new WeakMap<ResourceSet, ResourceSet>();
  // What those that were sent last route to.
  #routed: ResourceSet | undefined;

  constructor(dialect: Dialect, otherWays: OtherWays) {
    this.#dialect = dialect;
    this.#otherWays = otherWays;
  }

  begin({ isResumed }: Watch): void {
    if (isResumed) this.#otherWays.noteReturned();
  }

  target(kind: ResourceKind, snapshot: Snapshot, nowMs: number): ResourceSet {
    const isReachable = this.#otherWays.takesListeners() || nowMs < this.#otherWays.mayTakeUntilMs();
    return snapshot.resources(kind, this.#dialect, isReachable ? 'reachable' : 'declared');
  }

  select(kind: ResourceKind, watch: Watch, snapshot: Snapshot, nowMs: number): Selection {
    noteHeld(this.#otherWays, watch, snapshot, this.#dialect);
    const set = this.target(kind, snapshot, nowMs);
    const isLasting = this.#otherWays.takesListeners() || set === snapshot.resources(kind, this.#dialect);
    const restAtMs = isLasting ? undefined : this.#otherWays.mayTakeUntilMs();
    if (kind !== 'listener') return { set, restAtMs };
    return { set, restAtMs, isUrgent: this.#isClusterGone(watch, set, snapshot) };
  }

  // On other streams clusters go when they have drained, whatever listeners wait for.
  #isClusterGone({ lastSet }: Watch, listeners: ResourceSet, snapshot: Snapshot): boolean {
    const declared = snapshot.resources('cluster', this.#dialect);
    if (!this.#clustersOf.has(listeners)) this.#clustersOf.set(listeners, declared);
    // A set that was not chosen here has no other routes than the one before it: newer ones wait for their pause.
    const routed = (lastSet && this.#clustersOf.get(lastSet)) ?? this.#routed;
    this.#routed = routed;
    if (routed === undefined || routed === declared) return false;
    const clusters = snapshot.resources('cluster', this.#dialect, 'reachable');
    return routed.sum !== clusters.sum && clusters.retaining(routed) !== clusters;
  }
}
