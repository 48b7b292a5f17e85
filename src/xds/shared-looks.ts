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
  readonly fail: (reason: unknown) => void;
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
   * Resolves when `look` gives true, when the time is up, or when it is aborted; rejects with what `look` throws, and
   * with nothing else. `look` is called once a round, first in one that begins later, last when the time is up; not
   * at all when there is no time.
   */
  until(look: () => boolean, { timeoutMs, signal }: LookOptions): Promise<void> {
    if (timeoutMs <= 0 || signal?.aborted === true) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#waiting.delete(waiting);
        signal?.removeEventListener('abort', end);
      };
      const end = (): void => (leave(), resolve());
      const fail = (reason: unknown): void => (leave(), reject(reason));
      const waiting: Waiting = { look, deadlineMs: performance.now() + timeoutMs, end, fail };
      if (this.#waiting.size === 0) this.#nextRoundMs = Math.max(this.#nextRoundMs, performance.now() + pauseMs);
      this.#waiting.add(waiting);
      signal?.addEventListener('abort', end);
      this.#planNext();
    });
  }

  /** As {@link DiscoveryStream.isSettled}; one that is not settled is asked once a round. */
  isSettled(stream: DiscoveryStream): boolean {
    // Between rounds nobody would clear what is remembered, and a closed stream would stay with all that it holds.
    if (!this.#isLooking) return stream.isSettled();
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
      lookFor(waiting, isDue);
      busyMs += performance.now() - startMs;
    }
    this.#unsettled = new Set();
    this.#isLooking = false;
    const restMs = busyMs / maxShareOfTime;
    this.#nextRoundMs = isRound ? performance.now() + Math.max(pauseMs, restMs) : this.#nextRoundMs + restMs;
    this.#planNext();
  }
}

// One that fails must not end the round: nobody else would ever be looked for again.
function lookFor({ look, end, fail }: Waiting, isDue: boolean): void {
  try {
    if (look() || isDue) end();
  } catch (error) {
    fail(error);
  }
}

const looksByHub = new WeakMap<Pick<StreamHub, 'streams'>, SharedLooks>();

/** Those that all share who wait for streams of the hub. */
export function looksOf(hub: Pick<StreamHub, 'streams'>): SharedLooks {
  let looks = looksByHub.get(hub);
  if (looks === undefined) looksByHub.set(hub, (looks = new SharedLooks()));
  return looks;
}
