// The port through which events outlive the process, beside the log of src/store.

import type { EventType, NumberedEvent } from './event.ts';

/** What is not given does not matter. */
export interface EventFilter {
  readonly cluster?: string | undefined;
  readonly type?: EventType | undefined;
}

export interface EventStore {
  /** The number of the newest; 0: there is none. */
  lastEvent(): Promise<number>;
  /**
   * Keeps them, in order of number, whole or not at all, and of all that are kept the {@link keptEvents} newest. What it
   * resolves for survives the end of the process, but a loss of power only once something else was written.
   * @throws StoreError
   */
  keepEvents(events: readonly NumberedEvent[]): Promise<void>;
  /** Those behind this number that are still there, oldest first, `limit` of them at most. */
  eventsAfter(id: number, limit: number, filter?: EventFilter): Promise<readonly NumberedEvent[]>;
}

export const keptEvents = 10_000;
