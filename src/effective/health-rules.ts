// How far the health of servers decides of a cluster (docs/adr/0035).

import { watchOf } from '../model/watch-defaults.ts';
import type { Cluster } from '../model/objects.ts';
import { parseDuration } from '../text/duration.ts';
import type { Rules } from './verdicts.ts';

// Looks are not on the minute, and the last one may have just been when a server ends.
const slack = 1.5;

/** By how its servers are watched; undefined: they are not. */
export function healthRulesOf(cluster: Cluster): Rules | undefined {
  const terms = watchOf(cluster);
  if (terms === undefined) return undefined;
  const lookMs = parseDuration(terms.interval, Infinity) + parseDuration(terms.timeout, Infinity);
  const [maxShare, detectionMs] = [terms.max_down_percent / 100, lookMs * terms.down_after * slack];
  return { maxShare, detectionMs, returnShare: 0.25, returnEveryMs: 1_000 };
}
