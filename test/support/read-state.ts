// What a data directory holds that no daemon has open.

import { Staging } from '../../src/commit/staging.ts';
import type { Cluster } from '../../src/model/objects.ts';
import { openSqliteLogStore } from '../../src/store/sqlite-log-store.ts';

export interface StoredClusters {
  readonly staged: readonly Cluster[];
  readonly committed: readonly Cluster[];
  /** The newest; 0: nothing was ever committed. */
  readonly revision: number;
}

export async function readState(dataDir: string): Promise<StoredClusters> {
  const store = openSqliteLogStore(dataDir, { nowMs: Date.now() });
  try {
    const staging = new Staging(await store.load());
    const [staged, committed] = [staging.list('staged', 'cluster'), staging.list('committed', 'cluster')];
    return { staged, committed, revision: staging.revision };
  } finally {
    await store.close();
  }
}
