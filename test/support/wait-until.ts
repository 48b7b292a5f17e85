// Waiting for a condition instead of for a time: tests assert what happens, never how fast.

import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 25;

/** Bound for what only takes this long when it is broken; far above what a busy two-core machine needs. */
export const GENEROUS_MS = 60_000;

export interface WaitOptions {
  /** Default {@link GENEROUS_MS}. */
  readonly withinMs?: number;
  /** Asked after each failed try: true ends the waiting early. */
  readonly abandonWhen?: () => boolean;
}

/**
 * Calls `probe` until it returns something truthy, and returns that. A probe that throws counts as "not yet".
 * Throws when the time is up or the waiting is abandoned, with `what` and what the last try gave.
 */
export async function waitUntil<T>(
  what: string,
  probe: () => T | Promise<T>,
  options: WaitOptions = {},
): Promise<NonNullable<T>> {
  const deadline = performance.now() + (options.withinMs ?? GENEROUS_MS);
  for (;;) {
    let last: unknown;
    try {
      const result = await probe();
      if (result) return result;
      last = result;
    } catch (error) {
      last = error;
    }
    if (options.abandonWhen?.() || performance.now() > deadline) {
      throw new Error(`waited in vain until ${what}; the last try gave: ${String(last)}`, { cause: last });
    }
    await sleep(POLL_MS);
  }
}
