// Looks at streams again and again for everybody who waits for them: in rounds that all share.

import type { DiscoveryStream } from './discovery-stream.ts';
import type { StreamHub } from './stream-hub.ts';
import { nextTurn } from './turns.ts';

export interface LookOptions {
  readonly timeoutMs: number;
  /** Ends it before the time is up. */
  readonly signal?: AbortSignal | undefined;
}

interface Waiting {
  readonly look: () => boolean;
  readonly deadlineMs: number;
  readonly end: () => void;
}

// What is waited for is noticed this late at most, while a round is cheap.
const pauseMs = 10;

// With thousands of streams a round takes a while: it must not hold up the pushes that it looks for, however many wait.
const maxShareOfTime = 0.05;

export class SharedLooks {
  readonly #waiting = new Set<Waiting>();
  // Those that are found to be so in this round.
  #unsettled = new Set<DiscoveryStream>();
  #nextRoundMs = 0;
  #isLooking = false;
  #timer: NodeJS.Timeout | undefined;

  /** How many wait. */
  get count(): number {
    return this.#waiting.size;
  }

  /**
   * Resolves when `look` gives true, when the time is up, or when it is aborted; never rejects. `look` is called once a
   * round, first in one that begins later, last when the time is up; not at all when there is no time.
   */
  until(look: () => boolean, { timeoutMs, signal }: LookOptions): Promise<void> {
    if (timeoutMs <= 0 || signal?.aborted === true) return Promise.resolve();
    return new Promise((resolve) => {
      const end = (): void => {
        this.#waiting.delete(waiting);
        signal?.removeEventListener('abort', end);
        resolve();
      };
      const waiting: Waiting = { look, deadlineMs: performance.now() + timeoutMs, end };
      if (this.#waiting.size === 0) this.#nextRoundMs = Math.max(this.#nextRoundMs, performance.now() + pauseMs);
      this.#waiting.add(waiting);
      signal?.addEventListener('abort', end);
      this.#planNext();
    });
  }

  /** As {@link DiscoveryStream.isSettled}. To be called in a look: one that is not settled is asked once a round. */
  isSettled(stream: DiscoveryStream): boolean {
    if (this.#unsettled.has(stream)) return false;
    const isSettled = stream.isSettled();
    if (!isSettled) this.#unsettled.add(stream);
    return isSettled;
  }

  #planNext(): void {
    if (this.#isLooking) return;
    clearTimeout(this.#timer);
    if (this.#waiting.size === 0) return;
    const nextMs = Math.min(this.#nextRoundMs, ...Array.from(this.#waiting, ({ deadlineMs }) => deadlineMs));
    this.#timer = setTimeout(() => void this.#look(), Math.max(0, Math.ceil(nextMs - performance.now())));
  }

  // Who begins to wait meanwhile may wait for what has changed since the round began, and has to wait for the next one.
  // Between two rounds only those whose time is up get their last look.
  async #look(): Promise<void> {
    this.#isLooking = true;
    this.#unsettled = new Set();
    const isRound = performance.now() >= this.#nextRoundMs;
    let busyMs = 0;
    for (const waiting of [...this.#waiting]) {
      await nextTurn();
      const startMs = performance.now();
      const isDue = startMs >= waiting.deadlineMs;
      if (!this.#waiting.has(waiting) || (!isDue && !isRound)) continue;
      if (waiting.look() || isDue) waiting.end();
      busyMs += performance.now() - startMs;
    }
    this.#unsettled = new Set();
    this.#isLooking = false;
    const restMs = busyMs / maxShareOfTime;
    this.#nextRoundMs = isRound ? performance.now() + Math.max(pauseMs, restMs) : this.#nextRoundMs + restMs;
    this.#planNext();
  }
}

const looksByHub = new WeakMap<Pick<StreamHub, 'streams'>, SharedLooks>();

/** Those that all share who wait for streams of the hub. */
export function looksOf(hub: Pick<StreamHub, 'streams'>): SharedLooks {
  let looks = looksByHub.get(hub);
  if (looks === undefined) looksByHub.set(hub, (looks = new SharedLooks()));
  return looks;
}
