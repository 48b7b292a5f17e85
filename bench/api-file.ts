// A whole file applied at once, and taken back.

import { formatConfig } from '../src/config-file/format-config.ts';
import { parseConfigText } from '../src/config-file/parse-config-text.ts';
import type { ConfigFormat } from '../src/config-file/parse-config-text.ts';
import { DeltaEnvoy } from '../test/support/xds/delta-envoy.ts';
import { ApiClient } from './api-client.ts';
import { compare } from './benchmark.ts';
import type { Benchmark, Effort } from './benchmark.ts';
import { Declarer } from './declared-clusters.ts';
import type { DeclaredCluster } from './declared-clusters.ts';
import { startServer } from './server.ts';
import { commit, declare, stageByV1 } from './staging.ts';
import { median } from './statistics.ts';

const clusterCount = 2_000;

/** In ms; to the stream, but for the parse. */
interface Times {
  readonly parseMs: number;
  /** The file put, and committed. */
  readonly applyMs: number;
  /** Its commit alone. */
  readonly commitMs: number;
  /** The same clusters by v1, its commit alone. */
  readonly v1CommitMs: number;
  readonly rollbackMs: number;
}

interface Bench {
  readonly api: ApiClient;
  readonly envoy: DeltaEnvoy;
}

/** On one server after the other, in rounds of clusters that were not there before; the first round is a warm-up. */
export const apiFileBenchmarks: readonly Benchmark[] = (['json', 'yaml'] as const).map((format) => ({
  id: `api-file-${format}`,
  table: 'A file of 2,000 clusters of 5 endpoints, applied : v1\'s commit of them and the parse of the file',
  load: `${format === 'json' ? 'JSON' : 'YAML'}; delta ADS, N 1`,
  columns: ['PUT and commit to the stream', 'its rollback : its commit, to the stream'],
  async measure({ turns, quick }: Effort) {
    const times: Times[] = [];
    for (let turn = 0; turn < turns; turn++) times.push(...(await measureTurn(format, quick ? 4 : 6)));
    const medianOf = (key: keyof Times): number => median(times.map((each) => each[key]));
    process.stderr.write(`  parse ${medianOf('parseMs').toFixed(0)} ms, commit by v1 ${medianOf('v1CommitMs').toFixed(0)} ms\n`);
    return [
      compare(medianOf('applyMs'), medianOf('v1CommitMs') + medianOf('parseMs'), 'ms', 2),
      compare(medianOf('rollbackMs'), medianOf('commitMs'), 'ms', 1.5),
    ];
  },
}));

async function measureTurn(format: ConfigFormat, rounds: number): Promise<Times[]> {
  await using server = await startServer('ours');
  using api = new ApiClient(server.apiAddress);
  const declarer = new Declarer();
  const base = declarer.clusters('base', 1, 5);
  await declare(api, base);
  using envoy = new DeltaEnvoy(server.xdsAddress);
  await envoy.when(() => envoy.endpoints.size === base.length);
  const times: Times[] = [];
  for (let round = 0; round < rounds; round++) {
    const byFile = declarer.clusters(`file-${round}`, clusterCount, 5);
    const byV1 = declarer.clusters(`call-${round}`, clusterCount, 5);
    times.push(await measureRound({ api, envoy }, format, base, byFile, byV1));
  }
  return times.slice(1);
}

async function measureRound(
  { api, envoy }: Bench, format: ConfigFormat,
  base: readonly DeclaredCluster[], byFile: readonly DeclaredCluster[], byV1: readonly DeclaredCluster[],
): Promise<Times> {
  const text = [...formatConfig({ clusters: [...base, ...byFile], listeners: [] }, format)].join('');
  const isApplied = (): boolean => envoy.endpoints.size === base.length + clusterCount;
  const isBack = (): boolean => envoy.clusters.size === base.length;
  const timeTo = async (isThere: () => boolean, work: () => Promise<void>): Promise<number> => {
    const startMs = performance.now();
    const [endMs] = await Promise.all([envoy.when(isThere), work()]);
    return endMs - startMs;
  };
  const rollBack = (): Promise<void> => api.call('POST', '/api/v2/rollback', { force: true });

  const parseStartMs = performance.now();
  parseConfigText(text, format);
  const parseMs = performance.now() - parseStartMs;

  const putStartMs = performance.now();
  await api.call('PUT', '/api/v2/config', text, `application/${format}`);
  const putMs = performance.now() - putStartMs;
  const commitMs = await timeTo(isApplied, () => commit(api, 'v2'));
  const rollbackMs = await timeTo(isBack, rollBack);

  await stageByV1(api, byV1);
  const v1CommitMs = await timeTo(isApplied, () => commit(api, 'v1'));
  await timeTo(isBack, rollBack);
  return { parseMs, applyMs: putMs + commitMs, commitMs, v1CommitMs, rollbackMs };
}
