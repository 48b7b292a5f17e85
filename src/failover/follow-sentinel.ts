// Who takes the writes of a replicated cluster, by what its Sentinels say. Pure.

import type { SeenSentinel, SeenServer } from '../effective/seen.ts';
import type { ReplicatedCluster } from '../model/objects.ts';
import { beginFollowing } from './following.ts';
import type { Following } from './following.ts';

/** The same object while nothing is decided otherwise. */
export function followSentinel(
  before: Following | undefined,
  cluster: ReplicatedCluster,
  _servers: ReadonlyMap<string, SeenServer>,
  _sentinels: ReadonlyMap<string, SeenSentinel>,
  nowMs: number,
): Following {
  return before ?? beginFollowing(cluster, nowMs);
}
