// All that happened, numbered and kept: noted at once and at no cost to who tells it, then kept a moment later, many in
// one write, and told to those who follow.

import { withinBounds } from './bounded.ts';
import type { NewEvent, NumberedEvent } from './event.ts';
import type { EventFilter, EventStore } from './event-store.ts';
import { PendingEvents } from './pending-events.ts';

export interface EventLogParts {
  readonly store: EventStore;
  /** Told once when events can't be kept, and again after they could. */
  readonly onFailure: (error: unknown) => void;
  /** Told of each as it is kept: of few where very many came. */
  readonly onTold?: (event: NumberedEvent) => void;
  /** Wall-clock time (Unix, ms). */
  readonly nowMs?: () => number;
}

/** Some of the events. */
export interface EventPage {
  readonly events: readonly NumberedEvent[];
  /** Up to here all were looked through: what comes next is behind it. */
  readonly through: number;
}

export interface EventQuery extends EventFilter {
  /** Those behind this number; all, when none that high was given: numbers have begun again since. */
  readonly after: number;
  readonly limit: number;
}

// What happens together is kept together; and nobody who follows waits for longer than this.
const momentMs = 50;
// For what has come too fast to be told at once.
const laterMs = 1_000;

// Those that could not be kept are tried again with the next ones.
const maxUnkept = 1_000;

/** What who reads or follows needs of it. */
export type EventReader = Pick<EventLog, 'last' | 'read' | 'follow'>;

export class EventLog {
  readonly #parts: EventLogParts;
  readonly #nowMs: () => number;
  readonly #pending = new PendingEvents();
  readonly #followers = new Set<() => void>();
  /** That can be read. */
  #last: number;
  #lastGiven: number;
  #unkept: readonly NumberedEvent[] = [];
  #isFailing = false;
  #isClosed = false;
  #timer: NodeJS.Timeout | undefined;
  #timerAtMs = Infinity;
  // Batches are kept one after the other.
  #keeping: Promise<void> = Promise.resolve();

  private constructor(parts: EventLogParts, last: number) {
    this.#parts = parts;
    this.#nowMs = parts.nowMs ?? Date.now;
    this.#last = last;
    this.#lastGiven = last;
  }

  /** Goes on behind what the store has. @throws StoreError */
  static async open(parts: EventLogParts): Promise<EventLog> {
    return new EventLog(parts, await parts.store.lastEvent());
  }

  /** The number of the newest; 0: there is none. */
  get last(): number {
    return this.#last;
  }

  /** Takes an event; it is kept, and can be read, within some 100 ms, unless too many of its type have come. */
  readonly note = (event: NewEvent): void => {
    if (this.#isClosed) return;
    this.#pending.note({ ...event, atMs: event.atMs ?? this.#nowMs() }, performance.now());
    this.#planNext(momentMs);
  };

  /** Those that are kept still, oldest first. @throws StoreError */
  async read({ after: asked, limit, ...filter }: EventQuery): Promise<EventPage> {
    // Given, not only kept: one may be read a moment before it counts as kept.
    const after = asked > this.#lastGiven ? 0 : asked;
    const [last, unkept] = [this.#last, this.#unkept];
    const kept = await this.#parts.store.eventsAfter(after, limit, filter);
    const newest = kept.at(-1)?.id ?? after;
    const rest = unkept.filter((event) => event.id > newest && isWanted(event, filter));
    const events = [...kept, ...rest].slice(0, limit);
    const end = events.at(-1)?.id ?? after;
    return { events, through: events.length < limit ? Math.max(last, end) : end };
  }

  /** Calls `follower` each time that there are more, until the returned function is called. */
  follow(follower: () => void): () => void {
    this.#followers.add(follower);
    return () => this.#followers.delete(follower);
  }

  /** Keeps what was noted so far. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#keep();
  }

  /** The same, and takes nothing more; safe to repeat. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.flush();
  }

  #planNext(inMs: number): void {
    const atMs = performance.now() + inMs;
    if (atMs >= this.#timerAtMs) return;
    clearTimeout(this.#timer);
    this.#timerAtMs = atMs;
    this.#timer = setTimeout(() => void this.#keep(), inMs).unref();
  }

  // Never rejects.
  #keep(): Promise<void> {
    this.#timerAtMs = Infinity;
    const events = this.#pending.take(performance.now()).map((event) => this.#number(event));
    if (!this.#pending.isEmpty && !this.#isClosed) this.#planNext(laterMs);
    if (events.length > 0) this.#keeping = this.#keeping.then(() => this.#write(events));
    return this.#keeping;
  }

  #number({ causeMs: _cause, atMs = this.#nowMs(), ...event }: NewEvent): NumberedEvent {
    this.#lastGiven += 1;
    return { id: this.#lastGiven, atMs: Math.round(atMs), ...withinBounds(event) };
  }

  async #write(events: readonly NumberedEvent[]): Promise<void> {
    const all = [...this.#unkept, ...events];
    try {
      await this.#parts.store.keepEvents(all);
      this.#unkept = [];
      this.#isFailing = false;
    } catch (error) {
      this.#unkept = all.slice(-maxUnkept);
      if (!this.#isFailing) this.#parts.onFailure(error);
      this.#isFailing = true;
    }
    this.#last = events.at(-1)?.id ?? this.#last;
    for (const event of events) this.#parts.onTold?.(event);
    for (const follower of this.#followers) follower();
  }
}

function isWanted(event: NumberedEvent, { cluster, type }: EventFilter): boolean {
  return (cluster === undefined || event.cluster === cluster) && (type === undefined || event.type === type);
}
