// The next state, checked and rendered, and what its names weigh.

import type { Declared as Ground, Effective } from '../effective/effective.ts';
import type { Health } from '../effective/health-step.ts';
import type { Followed } from '../failover/follow.ts';
import type { DrainingCluster } from '../inventory/draining.ts';
import type { Edits } from '../inventory/edits.ts';
import { servedNames } from '../inventory/read-clusters.ts';
import type { Cluster } from '../model/objects.ts';
import type { Orders } from '../orders/standing.ts';
import type { KeptRoutes } from '../store/log-store.ts';
import type { Declared } from './declared.ts';
import type { GroupSnapshots } from './group-snapshots.ts';
import { addLoads, loadOf, subtractLoad } from './name-limits.ts';
import type { NameLoad } from './name-limits.ts';

/** Nothing of it is published yet. */
export interface Prepared {
  readonly declared: Declared;
  /** Those that stand, and are laid over it. */
  readonly orders: Orders;
  /** Who is followed where it is seen who takes the writes. */
  readonly followed: Followed;
  /** What is declared, with that in it. */
  readonly ground: Ground;
  /** What was decided of the health of servers. */
  readonly health: Health;
  /** With what was ordered and seen laid over it. */
  readonly effective: Effective;
  /** Of the clusters that are declared. */
  readonly load: NameLoad;
  readonly snapshots: GroupSnapshots;
  /** To be kept with the commit. */
  readonly draining: readonly DrainingCluster[];
  readonly routes: KeptRoutes;
}

/** What the names weigh after the edits, at the cost of what changed. @param last undefined: nothing is published. */
export function loadAfter(last: Prepared | undefined, { clusters }: Declared, edits: Edits): NameLoad {
  if (last === undefined) return loadOf(Array.from(clusters.values()).flatMap(servedNames));
  const before = last.declared.clusters;
  const steps = edits.clusters.map(({ name }) => [before.get(name), clusters.get(name)] as const);
  const added = loadOf(steps.flatMap(([old, now]) => namesBeside(now, old)));
  const removed = loadOf(steps.flatMap(([old, now]) => namesBeside(old, now)));
  return subtractLoad(addLoads(last.load, added), removed);
}

/** Of the names of all that an Envoy may hold. */
export function heldLoad({ declared, load }: Prepared): NameLoad {
  return addLoads(load, loadOf(declared.draining.flatMap(({ cluster }) => servedNames(cluster))));
}

/** The names that Envoys know one cluster by, and not the other. */
export function namesBeside(cluster: Cluster | undefined, other: Cluster | undefined): readonly string[] {
  if (cluster === undefined) return [];
  const known = other === undefined ? [] : servedNames(other);
  return servedNames(cluster).filter((name) => !known.includes(name));
}
