// The store that forgets: the in-memory twin of sqlite-store.ts, for --data-dir= and for tests.

import type { Cluster, ClusterEdit } from '../inventory/cluster.ts';
import type { DrainingCluster } from '../inventory/draining.ts';
import type { KeptRoutes, Store } from './store.ts';

/** A store that is empty and keeps what it is given until the process ends; its calls never throw. */
export function createMemoryStore(): Store {
  const staged = new Map<string, Cluster>();
  let committed: Map<string, Cluster> | undefined;
  let drainingNow: readonly DrainingCluster[] = [];
  let routesNow: KeptRoutes | undefined;
  return {
    load: () => ({
      staged: [...staged.values()],
      committed: committed && [...committed.values()],
      draining: drainingNow,
      routes: routesNow,
    }),
    saveStaged: (edit) => applyEdit(staged, edit),
    saveCommit: (edits, draining = [], routes) => {
      committed ??= new Map();
      for (const edit of edits) applyEdit(committed, edit);
      drainingNow = draining;
      routesNow = routes;
    },
    close: () => undefined,
  };
}

function applyEdit(clusters: Map<string, Cluster>, { name, after }: ClusterEdit): void {
  if (after === undefined) clusters.delete(name);
  else clusters.set(name, after);
}
