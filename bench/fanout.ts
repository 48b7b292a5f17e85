// From a commit to the last Envoy: time, CPU and memory, beside the peer.

import { compare } from './benchmark.ts';
import type { Benchmark, Effort } from './benchmark.ts';
import { measureInTurns } from './load.ts';
import type { Load, Protocol } from './load.ts';

/** A row's loads and its limits, as ratios to the peer. */
interface FanoutRow {
  readonly protocol: Protocol;
  readonly envoys: number;
  readonly clusters: number;
  readonly time: number;
  readonly cpu: number;
  readonly memory: number;
}

const rows: readonly FanoutRow[] = [
  { protocol: 'sotw', envoys: 1_000, clusters: 10, time: 0.7, cpu: 0.65, memory: 1.2 },
  { protocol: 'sotw', envoys: 1_000, clusters: 100, time: 0.4, cpu: 0.28, memory: 1.1 },
  { protocol: 'sotw', envoys: 10_000, clusters: 10, time: 0.65, cpu: 0.5, memory: 0.9 },
  { protocol: 'delta', envoys: 1_000, clusters: 10, time: 0.7, cpu: 0.65, memory: 1.2 },
  { protocol: 'delta', envoys: 1_000, clusters: 100, time: 0.45, cpu: 0.42, memory: 1.0 },
  { protocol: 'delta', envoys: 10_000, clusters: 10, time: 0.55, cpu: 0.45, memory: 0.8 },
];

/** One benchmark per row, ours against the peer. */
export const fanoutBenchmarks: readonly Benchmark[] = rows.map((row) => ({
  id: `${row.protocol}-${row.envoys}-${row.clusters}`,
  table: 'One endpoint changes, ours : go-control-plane',
  load: describeLoad(row),
  columns: ['commit to last stream', 'server CPU per commit', 'resident memory'],
  async measure(effort: Effort) {
    const { ours, peer } = await measureInTurns(['ours', 'peer'], buildFanoutLoad(row, effort), effort.turns);
    return [
      compare(ours.arrivalMs, peer.arrivalMs, 'ms', row.time),
      compare(ours.cpuMs, peer.cpuMs, 'ms', row.cpu),
      compare(ours.memoryMiB, peer.memoryMiB, 'MiB', row.memory),
    ];
  },
}));

/** Warm-ups enough for compiled code, commits for steady medians; fewer for a large fleet, which takes longer. */
export function buildFanoutLoad(
  { protocol, envoys, clusters }: Pick<Load, 'protocol' | 'envoys' | 'clusters'>, { quick }: Effort,
): Load {
  const [warmups, commits] = quick ? [10, 5] : envoys > 1_000 ? [5, 15] : [10, 30];
  return { protocol, envoys, clusters, warmups, commits };
}

/** Such as `SotW ADS, N 1,000, C 10`. */
export function describeLoad({ protocol, envoys, clusters }: Pick<Load, 'protocol' | 'envoys' | 'clusters'>): string {
  const [mode, version] = protocol.split('-');
  const name = `${mode === 'delta' ? 'delta' : 'SotW'} ADS${version === undefined ? '' : ` ${version}`}`;
  return `${name}, N ${envoys.toLocaleString('en')}, C ${clusters.toLocaleString('en')}`;
}
