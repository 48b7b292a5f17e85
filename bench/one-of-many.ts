// The cost of a commit that changes one cluster, with many clusters and with few.

import { compare } from './benchmark.ts';
import type { Benchmark } from './benchmark.ts';
import { measureInTurns } from './load.ts';

/**
 * A single delta stream watches, so that the resources are rendered and encoded
 * while the push and its ACK name one resource only.
 */
export const oneOfManyBenchmark: Benchmark = {
  id: 'one-of-many',
  table: 'One of 10,000 clusters changes, against one of 100',
  load: 'delta ADS, N 1, C 10,000 : 100',
  columns: ['commit to its answer', 'commit to the stream', 'server CPU per commit'],
  async measure({ turns }) {
    const load = { protocol: 'delta', envoys: 1, settle: false, warmups: 200, commits: 1_000 } as const;
    const { ours: many } = await measureInTurns(['ours'], { ...load, clusters: 10_000 }, turns);
    const { ours: few } = await measureInTurns(['ours'], { ...load, clusters: 100 }, turns);
    return [
      compare(many.answerMs, few.answerMs, 'ms', 3),
      compare(many.arrivalMs, few.arrivalMs, 'ms', 3),
      compare(many.cpuMs, few.cpuMs, 'ms', 3),
    ];
  },
};
