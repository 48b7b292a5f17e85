// What a stream that never reads costs in memory.

import { show } from './benchmark.ts';
import type { Benchmark } from './benchmark.ts';
import { measureInTurns } from './load.ts';

/** One Envoy stops reading after its first state, beside one that goes on; the warm-up is not counted. */
export const stalledReaderBenchmark: Benchmark = {
  id: 'stalled-reader',
  table: 'One stream never reads',
  load: 'SotW ADS, 10,000 commits, C 10',
  columns: ['growth of resident memory', 'resident memory'],
  async measure({ turns }) {
    const load = {
      protocol: 'sotw', envoys: 1, stalled: 1, clusters: 10, settle: false, warmups: 5_000, commits: 10_000,
    } as const;
    const { ours } = await measureInTurns(['ours'], load, turns);
    return [show(ours.memoryMiB - ours.warmMiB, 'MiB', 20), show(ours.memoryMiB, 'MiB')];
  },
};
