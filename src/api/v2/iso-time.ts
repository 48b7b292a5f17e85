// The monotonic clock on a calendar.

import { wallClockMs } from '../../xds/wall-clock.ts';

/** A time by `performance.now()` as ISO 8601, in UTC. */
export function isoTime(monotonicMs: number): string {
  return new Date(wallClockMs(monotonicMs)).toISOString();
}
