// The monotonic clock on a calendar.

/** A time by `performance.now()` as ISO 8601, in UTC. */
export function isoTime(monotonicMs: number): string {
  return new Date(performance.timeOrigin + monotonicMs).toISOString();
}
