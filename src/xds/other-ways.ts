// What is known of a stream's client beside the stream, and what the stream proves of it by what it holds.

import type { Dialect } from '../snapshot/dialect.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import type { View } from '../snapshot/view.ts';
import type { Watch } from './watch.ts';

/** Who is given something that others are not: clients that take their listeners from here, or those that do not. */
export type Holder = 'taker' | 'other';

/** What is known of the client of a stream from its other streams and from polling. */
export interface OtherWays {
  /** Whether it takes its listeners from here. */
  takesListeners(): boolean;
  /** Until when it may do so, though it has not asked for them, by the monotonic clock; 0: nothing speaks for it. */
  mayTakeUntilMs(): number;
  /** Whether what it came back with speaks against it. */
  isOther(): boolean;
  /** It has come back, with something of an earlier stream. */
  noteReturned(): void;
  /** It has come back with what only such clients hold. */
  noteHeld(holder: Holder): void;
}

/**
 * To be called before each first answer. After a restart the client's other streams, or its next poll, may come later
 * than this one: what it holds may prove before whether it takes listeners from here.
 */
export function noteHeld(otherWays: OtherWays, watch: Watch, snapshot: Snapshot, dialect: Dialect): void {
  if (watch.wasAnswered || !watch.isResumed) return;
  const declaredSet = snapshot.resources(watch.kind, dialect);
  const reachableSet = snapshot.resources(watch.kind, dialect, 'reachable');
  if (reachableSet === declaredSet) return;
  const declared = declaredSet.view(watch.subscription);
  const reachable = reachableSet.view(watch.subscription);
  if (isHeld(watch, reachable, declared)) otherWays.noteHeld('taker');
  // Without clusters that drain is anybody who came after they were removed (docs/adr/0011).
  else if (watch.kind === 'endpoint' && isHeld(watch, declared, reachable)) otherWays.noteHeld('other');
}

// Whether the client has something of `view` that it can't have of `other`. In state of the world a version stands for
// everything, in delta one for each name.
function isHeld(watch: Watch, view: View, other: View): boolean {
  const { acceptedVersion } = watch.delivery;
  if (acceptedVersion !== '') return acceptedVersion === view.version && acceptedVersion !== other.version;
  return view.differenceFrom(other.held).changed.some((resource) => watch.isHeld(resource));
}
