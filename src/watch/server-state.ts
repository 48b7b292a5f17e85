// Whether a server is up: a state machine that is told how each look at it ended. Pure. Rules: docs/adr/0033.

import type { ServerState } from '../effective/seen.ts';

/**
 * How a look ended. `serving`: it answers commands; `not-serving`: it is there, and says that it does not (LOADING,
 * MASTERDOWN, BUSY); `none`: it does not answer, or answers what nobody understands; `unseen`: it lives, or may, and we
 * are not let see, or can't: for want of rights, of a secret, of a way into the network.
 */
export type Answer = 'serving' | 'not-serving' | 'none' | 'unseen';

export interface Outcome {
  readonly answer: Answer;
  /** In a few words; undefined: nothing to say. */
  readonly reason?: string | undefined;
}

/** In looks. */
export interface Thresholds {
  /** At least 1: so many that fail in turn make it down. */
  readonly downAfter: number;
  /** At least 1: so many good ones in turn bring it back, see {@link looksToReturn}. */
  readonly upAfter: number;
}

export interface Condition {
  readonly state: ServerState;
  /** Since when it is in this state: wall-clock time (Unix, ms). */
  readonly sinceMs: number;
  readonly reason?: string | undefined;
  /** Looks in turn that failed. */
  readonly failures: number;
  /** Good looks in turn. */
  readonly successes: number;
  /** How often it went down, less what was forgiven. */
  readonly falls: number;
}

// 64 times as many looks as after the first time; at 1 s that is two minutes.
const maxFalls = 7;

/** So many good looks in turn forgive one fall. */
export const looksToForgive = 300;

export function unknownSince(nowMs: number): Condition {
  return { state: 'unknown', sinceMs: nowMs, failures: 0, successes: 0, falls: 0 };
}

/** How many good looks in turn bring back a server that is down: twice as many for each time that it was before. */
export function looksToReturn(falls: number, { upAfter }: Thresholds): number {
  return upAfter * 2 ** (Math.min(Math.max(falls, 1), maxFalls) - 1);
}

/** The condition after one more look. @param nowMs of the wall clock. */
export function conditionAfter(
  before: Condition,
  { answer, reason }: Outcome,
  thresholds: Thresholds,
  nowMs: number,
): Condition {
  // Who can't see must not judge (fail static): neither a failure nor a success, and the end of a run of them.
  if (answer === 'unseen') return { ...before, reason, failures: 0, successes: 0 };
  const next = answer === 'serving' ? succeed(before, thresholds) : fail(before, answer, thresholds);
  const state = next.state ?? before.state;
  const counted = { ...before, reason, ...next };
  return state === before.state ? counted : { ...counted, state, sinceMs: nowMs };
}

type Step = Partial<Condition> & Pick<Condition, 'failures' | 'successes'>;

function succeed({ state, successes: before, falls }: Condition, thresholds: Thresholds): Step {
  const successes = before + 1;
  const run = { failures: 0, successes };
  if (state === 'up') return successes % looksToForgive === 0 ? { ...run, falls: Math.max(falls - 1, 0) } : run;
  if (state === 'unknown' || state === 'suspect') return { ...run, state: 'up' };
  const needed = looksToReturn(falls, thresholds);
  if (successes >= needed) return { ...run, state: 'up' };
  return { ...run, state: 'recovering', reason: `answers again, and is up after ${needed} good looks in turn` };
}

function fail({ state, failures: before, falls }: Condition, answer: Answer, { downAfter }: Thresholds): Step {
  // Nobody has ever heard of it: that may be our own fault.
  if (state === 'unknown' && answer === 'none') return { failures: 0, successes: 0 };
  const failures = before + 1;
  const run = { failures, successes: 0 };
  if (state === 'down' || state === 'recovering') return { ...run, state: 'down' };
  if (failures < downAfter) return { ...run, state: 'suspect' };
  return { ...run, state: 'down', falls: Math.min(falls + 1, maxFalls) };
}
