// Clusters as they are committed and seen, for whom promotes.

import type { Seen } from '../effective/seen.ts';
import type { Cluster } from '../model/objects.ts';
import type { Clusters } from './failovers.ts';
import type { Followings } from './following.ts';

/** What is asked of the control plane. */
interface Source {
  readonly declarations: { get(view: 'committed', kind: 'cluster', name: string): Cluster | undefined };
  followings(): Followings;
  health(): Seen;
  orders(): readonly { readonly cluster: string; readonly server: string }[];
}

/**
 * @param find undefined while there is none: what is under way is published from the first moment on.
 * @param committed as they are then.
 */
export function clustersOf(find: () => Source | undefined, committed: readonly Cluster[] = []): Clusters {
  return {
    find: (name) => {
      const source = find();
      const before = source === undefined ? committed.find((each) => each.name === name) : undefined;
      const cluster = before ?? source?.declarations.get('committed', 'cluster', name);
      return cluster?.kind === 'replicated' ? cluster : undefined;
    },
    followings: () => find()?.followings() ?? new Map(),
    seen: () => find()?.health() ?? new Map(),
    leftOut: (name) => {
      const orders = find()?.orders() ?? [];
      return new Set(orders.filter(({ cluster }) => cluster === name).map(({ server }) => server));
    },
  };
}
