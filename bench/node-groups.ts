// What node groups cost in memory.

import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

import { DeltaEnvoy } from '../test/support/xds/delta-envoy.ts';
import { ApiClient } from './api-client.ts';
import { compare } from './benchmark.ts';
import type { Benchmark } from './benchmark.ts';
import { Declarer } from './declared-clusters.ts';
import { startServer } from './server.ts';
import { declare } from './staging.ts';
import { median } from './statistics.ts';

const sharedClusters = 1_000;
const groupCount = 100;
const envoyCount = 100;

// By then nothing is left to send, and what only the start needed is collected.
const restMs = 5_000;

/** Each group has a cluster of its own beside what all have, and so has the one group that they are compared with. */
export const nodeGroupsBenchmark: Benchmark = {
  id: 'node-groups',
  table: '100 node groups, against one',
  load: 'delta ADS, N 100, C 1,000 for all and 1 for each group',
  columns: ['resident memory'],
  async measure({ turns }) {
    const [many, one]: [number[], number[]] = [[], []];
    for (let turn = 0; turn < turns; turn++) {
      many.push(await measureMiB(groupCount));
      one.push(await measureMiB(1));
    }
    return [compare(median(many), median(one), 'MiB', 1.3)];
  },
};

async function measureMiB(count: number): Promise<number> {
  await using server = await startServer('ours');
  using api = new ApiClient(server.apiAddress);
  const declarer = new Declarer();
  const own = declarer.clusters('own', count, 5).map((cluster, index) => ({ ...cluster, groups: [groupOf(index, count)] }));
  await declare(api, [...declarer.clusters('redis', sharedClusters, 5), ...own]);
  using envoys = new DisposableStack();
  for (let index = 0; index < envoyCount; index++) {
    const group = groupOf(index, count);
    const envoy = envoys.use(new DeltaEnvoy(server.xdsAddress, { group, takesListeners: true }));
    await envoy.when(() => envoy.endpoints.size === sharedClusters + 1 && envoy.listenersAndRoutes.size >= 2);
  }
  await sleep(restMs);
  const [, kib] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8')) ?? [];
  return Number(kib) / 1024;
}

function groupOf(index: number, count: number): string {
  return `group-${index % count}`;
}
