// How far the health of servers decides of a cluster (docs/adr/0035).

import { watchOf } from '../model/watch-defaults.ts';
import type { Cluster } from '../model/objects.ts';
import { parseDuration } from '../text/duration.ts';
import type { Rules } from './verdicts.ts';

// Looks are not on the minute, and the last one may have just been when a server ends.
const slack = 1.5;

/** By how its servers are watched. */
export function healthRulesOf(cluster: Cluster): Rules {
  const { interval, timeout, down_after: downAfter } = watchOf(cluster) ?? { interval: '1s', timeout: '500ms', down_after: 3 };
  const lookMs = parseDuration(interval, Infinity) + parseDuration(timeout, Infinity);
  return { maxShare: 0.5, detectionMs: lookMs * downAfter * slack, returnShare: 0.25, returnEveryMs: 1_000 };
}
