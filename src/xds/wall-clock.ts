// From the monotonic clock, by which everything is timed, to the wall clock, which people read.

// The wall clock is read in whole milliseconds: a smaller difference is no step of it, and one moment has one text.
const smallestStepMs = 100;

let offsetMs = performance.timeOrigin;

/**
 * Milliseconds since 1970 of a moment by the monotonic clock (`performance.now()`); right also when the wall clock was
 * set meanwhile.
 */
export function wallClockMs(monotonicMs: number): number {
  const nowOffsetMs = Date.now() - performance.now();
  if (Math.abs(nowOffsetMs - offsetMs) > smallestStepMs) offsetMs = nowOffsetMs;
  return offsetMs + monotonicMs;
}
