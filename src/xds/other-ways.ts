// What is known of a stream's client beside the stream, and what the stream proves of it by what it holds.

import type { Dialect } from '../snapshot/dialect.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import type { Watch } from './watch.ts';

/** What is known of the client of a stream from its other streams and from polling. */
export interface OtherWays {
  /** Whether it takes its listeners from here. */
  takesListeners(): boolean;
  /** It holds what only such clients are given. */
  noteTaken(): void;
}

/**
 * To be called before each first answer. After a restart the client's other streams, or its next poll, may come later
 * than this one: what it holds may prove before that it takes listeners from here.
 */
export function noteHeld(otherWays: OtherWays, watch: Watch, snapshot: Snapshot, dialect: Dialect): void {
  if (watch.wasAnswered || !watch.isResumed) return;
  if (isHeldByTakersOnly(watch, snapshot, dialect)) otherWays.noteTaken();
}

// In state of the world a version stands for everything, in delta one for each name.
function isHeldByTakersOnly(watch: Watch, snapshot: Snapshot, dialect: Dialect): boolean {
  const declaredSet = snapshot.resources(watch.kind, dialect);
  const reachableSet = snapshot.resources(watch.kind, dialect, 'reachable');
  if (reachableSet === declaredSet) return false;
  const declared = declaredSet.view(watch.subscription);
  const reachable = reachableSet.view(watch.subscription);
  const { acceptedVersion } = watch.delivery;
  if (acceptedVersion !== '') return acceptedVersion === reachable.version && acceptedVersion !== declared.version;
  return reachable.differenceFrom(declared.held).changed.some((resource) => watch.isHeld(resource));
}
