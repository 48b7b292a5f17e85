// What is kept of commits on disk.

import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { ApiClient } from './api-client.ts';
import { show } from './benchmark.ts';
import type { Benchmark } from './benchmark.ts';
import { Declarer } from './declared-clusters.ts';
import { startServer } from './server.ts';
import { commit, declare, stageEndpoint } from './staging.ts';

const clusterCount = 10_000;
// With the first one there are as many revisions as are kept: one more, and it would take the load with it.
const commits = 999;

/** Of the pages that are in use: what the first load left free would hide what is added. */
export const apiGrowthBenchmark: Benchmark = {
  id: 'api-growth',
  table: 'The database grows by 1,000 revisions',
  load: 'one endpoint each, of C 10,000',
  columns: ['growth', 'before'],
  async measure() {
    await using server = await startServer('ours');
    using api = new ApiClient(server.apiAddress);
    const declarer = new Declarer();
    const clusters = declarer.clusters('redis', clusterCount, 3);
    await declare(api, clusters);
    const beforeMiB = measureUsed(server.stateDir);
    for (let index = 0; index < commits; index++) {
      await stageEndpoint(api, 'v2', declarer, clusters, index);
      await commit(api, 'v2');
    }
    return [show(measureUsed(server.stateDir) - beforeMiB, 'MiB', 20), show(beforeMiB, 'MiB')];
  },
};

/** Of a copy, since the server holds the file alone; nothing writes meanwhile. In MiB. */
function measureUsed(stateDir: string): number {
  const copy = mkdtempSync(join(tmpdir(), 'bench-copy-'));
  try {
    cpSync(stateDir, copy, { recursive: true });
    const db = new DatabaseSync(join(copy, 'controlplane.db'));
    const read = (pragma: string): number => Number(db.prepare(`PRAGMA ${pragma}`).get()?.[pragma]);
    const bytes = (read('page_count') - read('freelist_count')) * read('page_size');
    db.close();
    return bytes / 2 ** 20;
  } finally {
    rmSync(copy, { recursive: true });
  }
}
