// Looks again and again until something is so.

import { setTimeout as sleep } from 'node:timers/promises';

export interface LookOptions {
  readonly timeoutMs: number;
  /** Ends it before the time is up. */
  readonly signal?: AbortSignal;
}

// What is looked for is noticed this late at most, while a look is cheap.
const pauseMs = 10;

// With thousands of streams a look takes a while: it must not hold up the pushes it looks for.
const maxShareOfTime = 0.05;

/**
 * Resolves when `look` gives true, when the time is up, or when it is aborted; never rejects. It is called once at
 * least, unless there is no time.
 */
export async function lookUntil(look: () => boolean, { timeoutMs, signal }: LookOptions): Promise<void> {
  const deadlineMs = performance.now() + timeoutMs;
  let lookMs = 0;
  while (performance.now() < deadlineMs && signal?.aborted !== true) {
    const startMs = performance.now();
    if (look()) return;
    lookMs = performance.now() - startMs;
    const untilDeadlineMs = deadlineMs - performance.now();
    await pause(Math.min(Math.max(pauseMs, lookMs / maxShareOfTime), untilDeadlineMs), signal);
  }
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(ms, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    // Who aborts wants the pause to end, and nothing else ends it early.
    if (signal?.aborted !== true) throw error;
  }
}
