// What separates what a stream holds from what it is to hold. Immutable, shared by streams in the same state.

import type { Resource } from './resource.ts';

/** What has to be sent for a holding to become a view. Lists are sorted by name, but for the one that may be long. */
export interface Difference {
  /** Resources that are new or have another version. */
  readonly changed: readonly Resource[];
  readonly changedNames: readonly string[];
  /**
   * Names that the client asked for, that do not exist, and of which it knows nothing: where a response can't say so, it
   * says the placeholder of the type. Empty in a type that has none. In no order.
   */
  readonly absent: readonly string[];
  /** Names that the client holds, or asked for and was not yet told about, and that do not exist: all that are not above. */
  readonly removed: readonly string[];
  /** A response that says it is at most so long, in bytes, but for its few fields that are no resources. */
  readonly sizeBound: number;
}

/** Every name of which it says something, changed ones first. */
export function namesOf({ changedNames, absent, removed }: Difference): readonly string[] {
  return absent.length + removed.length === 0 ? changedNames : [...changedNames, ...absent, ...removed];
}
