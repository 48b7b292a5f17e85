// The same commit observed by v2 streams, which go-control-plane v0.14 no longer serves.

import { compare } from './benchmark.ts';
import type { Benchmark } from './benchmark.ts';
import { buildFanoutLoad, describeLoad } from './fanout.ts';
import { measureInTurns } from './load.ts';

const loads = [
  { protocol: 'sotw-v2', envoys: 1_000, clusters: 10 },
  { protocol: 'sotw-v2', envoys: 1_000, clusters: 100 },
] as const;

/** Our v2 streams against our v3 streams. */
export const v2Benchmarks: readonly Benchmark[] = loads.map((load) => ({
  id: `${load.protocol}-${load.envoys}-${load.clusters}`,
  table: 'v2 streams, ours : our v3 streams',
  load: describeLoad(load),
  columns: ['commit to last stream', 'server CPU per commit', 'resident memory'],
  async measure(effort) {
    const v2 = (await measureInTurns(['ours'], buildFanoutLoad(load, effort), effort.turns)).ours;
    const v3Load = buildFanoutLoad({ ...load, protocol: 'sotw' }, effort);
    const v3 = (await measureInTurns(['ours'], v3Load, effort.turns)).ours;
    return [
      compare(v2.arrivalMs, v3.arrivalMs, 'ms'),
      compare(v2.cpuMs, v3.cpuMs, 'ms'),
      compare(v2.memoryMiB, v3.memoryMiB, 'MiB'),
    ];
  },
}));
