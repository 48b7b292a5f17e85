// One endpoint among many clusters, changed through /api/v2 and through /api/v1.

import { DeltaEnvoy } from '../test/support/xds/delta-envoy.ts';
import { ApiClient } from './api-client.ts';
import { compare } from './benchmark.ts';
import type { Benchmark, Effort } from './benchmark.ts';
import { Declarer } from './declared-clusters.ts';
import { startServer } from './server.ts';
import { commit, declare, stageEndpoint } from './staging.ts';
import type { ApiVersion } from './staging.ts';
import { median } from './statistics.ts';

const clusterCount = 10_000;

/** From the first call, in ms. */
interface Times {
  readonly answerMs: number;
  readonly arrivalMs: number;
}

/** The two take turns on one server, change by change. */
export const apiChangeBenchmark: Benchmark = {
  id: 'api-change',
  table: 'One of 10,000 clusters changes, /api/v2 : /api/v1',
  load: 'one PATCH : DELETE and POST, then a commit; delta ADS, N 1',
  columns: ['first call to answer of the commit', 'first call to the stream'],
  async measure(effort) {
    const turns: Record<ApiVersion, Times>[] = [];
    for (let turn = 0; turn < effort.turns; turn++) turns.push(await measureTurn(effort));
    const medianOf = (version: ApiVersion, key: keyof Times): number => median(turns.map((turn) => turn[version][key]));
    return [
      compare(medianOf('v2', 'answerMs'), medianOf('v1', 'answerMs'), 'ms', 1.5),
      compare(medianOf('v2', 'arrivalMs'), medianOf('v1', 'arrivalMs'), 'ms', 1.5),
    ];
  },
};

async function measureTurn({ quick }: Effort): Promise<Record<ApiVersion, Times>> {
  const [warmups, changes] = quick ? [100, 200] : [200, 1_000];
  await using server = await startServer('ours');
  using api = new ApiClient(server.apiAddress);
  const declarer = new Declarer();
  const clusters = declarer.clusters('redis', clusterCount, 3);
  await declare(api, clusters);
  using envoy = new DeltaEnvoy(server.xdsAddress);
  await envoy.when(() => envoy.endpoints.size === clusterCount);
  const times: Record<ApiVersion, Times[]> = { v1: [], v2: [] };
  for (let index = 0; index < warmups + changes; index++) {
    for (const version of ['v1', 'v2'] as const) {
      const startMs = performance.now();
      const { address } = await stageEndpoint(api, version, declarer, clusters, index);
      const arrival = envoy.when((message) => message.includes(address));
      await commit(api, version);
      const answerMs = performance.now() - startMs;
      const arrivalMs = (await arrival) - startMs;
      if (index >= warmups) times[version].push({ answerMs, arrivalMs });
    }
  }
  return { v1: combine(times.v1), v2: combine(times.v2) };
}

function combine(times: readonly Times[]): Times {
  return {
    answerMs: median(times.map(({ answerMs }) => answerMs)),
    arrivalMs: median(times.map(({ arrivalMs }) => arrivalMs)),
  };
}
