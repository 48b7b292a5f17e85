// How soon listeners may follow each other on a stream. Each push of them makes Envoy build all routes anew,
// keep the old ones for its drain time and close connections (ADR 0006): commits that come fast merge into one.

import type { Sent } from './delivery.ts';
import type { Watch } from './watch.ts';

/** Between two pushes of listeners on one stream. */
export interface ListenerPause {
  /** Also when the client answers at once. */
  readonly minMs: number;
  /** Also when the client takes long to answer, or never does. */
  readonly maxMs: number;
}

// So much longer than it took the client to answer the last one: at least half of its time is for other work.
const pausePerAnswer = 2;

/** What is known of one stream's listeners. Times by the monotonic clock. */
export class ListenerPacing {
  readonly #pause: ListenerPause;
  readonly #inForceBoundMs: number;
  #tookMs = 0;

  /** @param inForceBoundMs how long at least one that was not answered is waited for. */
  constructor(pause: ListenerPause, inForceBoundMs: number) {
    this.#pause = pause;
    this.#inForceBoundMs = inForceBoundMs;
  }

  /** How long after one push the next may come, once that was answered. */
  get pauseMs(): number {
    return Math.min(Math.max(this.#tookMs * pausePerAnswer, this.#pause.minMs), this.#pause.maxMs);
  }

  noteAnswered({ sentAtMs }: Sent, nowMs: number): void {
    this.#tookMs = nowMs - sentAtMs;
  }

  /** When the next push may come; what was sent last because the client asked for it, and was answered, is none. */
  nextAtMs({ delivery: { latest, unansweredSinceMs } }: Watch): number {
    if (latest === undefined) return 0;
    if (unansweredSinceMs === undefined) {
      return latest.publishedAtMs === undefined ? 0 : latest.sentAtMs + this.pauseMs;
    }
    return latest.sentAtMs + Math.min(Math.max(this.#inForceBoundMs, this.pauseMs), this.#pause.maxMs);
  }
}
