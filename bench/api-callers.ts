// How much several callers at once get done.

import { ApiClient } from './api-client.ts';
import { compare } from './benchmark.ts';
import type { Benchmark, Effort } from './benchmark.ts';
import { Declarer } from './declared-clusters.ts';
import { startServer } from './server.ts';
import { commit, declare, runCallers, stageEndpoint } from './staging.ts';
import type { ApiVersion } from './staging.ts';
import { median } from './statistics.ts';

const callers = 8;
const callsPerChange: Readonly<Record<ApiVersion, number>> = { v1: 2, v2: 1 };

/** In calls a second. */
interface Rates {
  readonly staged: number;
  readonly committed: number;
}

/** Each call is durable when it is answered. A caller commits what it has staged, and what others have meanwhile. */
export const apiCallersBenchmark: Benchmark = {
  id: 'api-callers',
  table: 'Calls a second, /api/v2 : /api/v1',
  load: '8 callers, C 1,000, no stream',
  columns: ['stage calls', 'changes that are staged and committed'],
  async measure(effort) {
    const rates: Record<ApiVersion, Rates>[] = [];
    for (let turn = 0; turn < effort.turns; turn++) rates.push(await measureTurn(effort));
    const medianOf = (version: ApiVersion, key: keyof Rates): number => median(rates.map((each) => each[version][key]));
    return [
      compare(medianOf('v2', 'staged'), medianOf('v1', 'staged'), '/s'),
      compare(medianOf('v2', 'committed'), medianOf('v1', 'committed'), '/s'),
    ];
  },
};

async function measureTurn({ quick }: Effort): Promise<Record<ApiVersion, Rates>> {
  await using server = await startServer('ours');
  using api = new ApiClient(server.apiAddress);
  const declarer = new Declarer();
  const clusters = declarer.clusters('redis', 1_000, 3);
  await declare(api, clusters);
  const changes = quick ? 500 : 2_000;
  const measure = async (version: ApiVersion): Promise<Rates> => {
    // Callers that change one cluster at the same time would undo each other's work: there are more than callers.
    const stage = (index: number): Promise<unknown> => {
      return stageEndpoint(api, version, declarer, clusters, index % clusters.length);
    };
    await timeChanges(200, stage);
    const stageSeconds = await timeChanges(changes, stage);
    const commitSeconds = await timeChanges(changes, async (index) => {
      await stage(index);
      await commit(api, version);
    });
    return { staged: (changes * callsPerChange[version]) / stageSeconds, committed: changes / commitSeconds };
  };
  return { v1: await measure('v1'), v2: await measure('v2') };
}

async function timeChanges(count: number, work: (index: number) => Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  await runCallers(callers, Array(count).keys(), async (index) => void (await work(index)));
  return (performance.now() - startMs) / 1_000;
}
