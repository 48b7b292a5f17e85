// How long it takes until the Envoys have what was published, counted from what led to it. For one publication at a time,
// and for those that come meanwhile together. Nothing is done when something is published: it is looked for later.

import type { NewEvent, OnEvent } from '../events/event.ts';
import { nameSome } from '../text/name-some.ts';
import { AckCount } from './ack-count.ts';
import type { AckResult } from './ack-count.ts';
import { looksOf } from './shared-looks.ts';
import type { StreamHub } from './stream-hub.ts';
import { cut } from './stream-log.ts';
import { wallClockMs } from './wall-clock.ts';

export interface AcksParts {
  /** Asked when something was published. */
  readonly hub: () => Pick<StreamHub, 'streams'>;
  readonly onEvent: OnEvent;
  /** How long is waited for those that do not answer. Default 10,000. */
  readonly timeoutMs?: number;
}

/** What was published, and why. */
interface Cause {
  readonly event: NewEvent;
  readonly causeMs: number;
  /** By the monotonic clock. */
  readonly publishedAtMs: number;
}

const maxNamed = 10;
const maxCauses = 100;

export class Acks {
  readonly #parts: AcksParts;
  readonly #closing = new AbortController();
  #causes: Cause[] = [];
  #isWaiting = false;

  constructor(parts: AcksParts) {
    this.#parts = parts;
  }

  /** To be told of each event, when what it led to is published: of those with a cause it is told who has it. */
  readonly note = (event: NewEvent): void => {
    const { causeMs } = event;
    if (causeMs === undefined || this.#causes.length >= maxCauses) return;
    this.#causes.push({ event, causeMs, publishedAtMs: performance.now() });
    if (!this.#isWaiting) void this.#wait();
  };

  /** Nothing is told any more; safe to repeat. */
  close(): void {
    this.#closing.abort();
  }

  // Never rejects. What is published meanwhile is waited for next, all together.
  async #wait(): Promise<void> {
    this.#isWaiting = true;
    const { timeoutMs = 10_000, onEvent } = this.#parts;
    const hub = this.#parts.hub();
    const { signal } = this.#closing;
    while (this.#causes.length > 0 && !signal.aborted) {
      const count = new AckCount(hub.streams);
      let causes: readonly Cause[] = [];
      const look = (): boolean => {
        if (!count.hasBegun) causes = this.#causes.splice(0);
        return count.look();
      };
      await looksOf(hub).until(look, { timeoutMs, signal });
      if (signal.aborted) break;
      count.end();
      const [first] = causes;
      const result = count.result();
      if (first !== undefined && result.acked + result.missing.length > 0) onEvent(ackedEvent(first, causes, result));
    }
    this.#isWaiting = false;
  }
}

/** @param first of the causes, which is told how long it took. */
function ackedEvent(first: Cause, causes: readonly Cause[], result: AckResult): NewEvent {
  const { acked, missing, lastAckAtMs } = result;
  // Nobody had to be sent anything: it is as good as published.
  const doneAtMs = Math.max(lastAckAtMs, first.publishedAtMs);
  const ms = Math.max(Math.round(wallClockMs(doneAtMs) - first.causeMs), 0);
  const total = acked + missing.length;
  const who = missing.length === 0 ? `${total}` : `${acked} of ${total}`;
  const rest = missing.length === 0 ? '' : `; not ${nameSome(missing.map(cut))}`;
  const what = nameSome(causes.map(({ event }) => event.message));
  const clusters = new Set(causes.map(({ event }) => event.cluster));
  return {
    type: 'acked',
    cluster: clusters.size === 1 ? first.event.cluster : undefined,
    message: `${who} ${total === 1 ? 'Envoy has' : 'Envoys have'} it ${ms} ms after: ${what}${rest}`,
    data: { ms, envoys: acked, missing: missing.length, ...(missing.length > 0 && { nodes: missing.slice(0, maxNamed) }) },
  };
}
