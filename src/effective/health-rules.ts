// How far the health of servers decides of a cluster (docs/adr/0035).

import type { Cluster } from '../model/objects.ts';
import type { Rules } from './verdicts.ts';

export function healthRulesOf(_cluster: Cluster): Rules {
  return { maxShare: 0.5, detectionMs: 5_000, returnShare: 0.25, returnEveryMs: 1_000 };
}
