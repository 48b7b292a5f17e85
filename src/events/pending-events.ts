// Events that were noted and are not told yet: few at a time, however many there are. What comes faster than it may be
// told waits, and is then told together. The time is given, by a clock that is not set.

import type { EventType, NewEvent } from './event.ts';
import { tellMoment } from './together.ts';
import type { Noted } from './together.ts';

// Of each type: a failover with three Sentinels tells some forty at once. Then one in so long, that the newest 10,000 are
// of hours, whatever happens.
const mostAtOnce = 100;
const everyMs = 5_000;

// More than so many of a type are told together, so that what comes next has its turn too.
const mostAlone = 50;

// Beyond that of a type they are only counted.
const maxRemembered = 1_000;

interface Pending {
  first: Noted[];
  more: number;
  /** How many may be told, as it was at `atMs`. */
  allowance: number;
  atMs: number;
}

export class PendingEvents {
  readonly #byType = new Map<EventType, Pending>();
  #noted = 0;

  /** True when nothing waits to be told. */
  get isEmpty(): boolean {
    return this.#byType.values().every(({ first }) => first.length === 0);
  }

  note(event: NewEvent, nowMs: number): void {
    this.#noted += 1;
    let pending = this.#byType.get(event.type);
    if (pending === undefined) {
      pending = { first: [], more: 0, allowance: mostAtOnce, atMs: nowMs };
      this.#byType.set(event.type, pending);
    }
    if (pending.first.length < maxRemembered) pending.first.push({ event, place: this.#noted });
    else pending.more += 1;
  }

  /** What may be told now, in the order in which it was noted; the rest waits. */
  take(nowMs: number): NewEvent[] {
    const taken = Array.from(this.#byType).flatMap(([type, pending]) => {
      const { first, more, atMs } = pending;
      if (first.length === 0) return [];
      const allowance = Math.min(pending.allowance + (nowMs - atMs) / everyMs, mostAtOnce);
      Object.assign(pending, { allowance, atMs: nowMs });
      if (allowance < 1) return [];
      const told = tellMoment({ type, first, more }, Math.min(Math.floor(allowance), mostAlone));
      Object.assign(pending, { first: [], more: 0, allowance: allowance - told.length });
      return told;
    });
    return taken.sort((a, b) => a.place - b.place).map(({ event }) => event);
  }
}
