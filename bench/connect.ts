// A whole fleet connects at once, as after a restart of the control plane.

import { compare } from './benchmark.ts';
import type { Benchmark } from './benchmark.ts';
import { measureInTurns } from './load.ts';

const envoys = 10_000;

/** All dials start together; the last initial answer counts. Ours against the peer. */
export const connectBenchmark: Benchmark = {
  id: 'connect',
  table: 'A fleet connects at once, ours : go-control-plane',
  load: 'SotW ADS, N 10,000, C 10',
  columns: ['first dial to last initial answer', 'server CPU', 'resident memory'],
  async measure({ turns }) {
    const load = { protocol: 'sotw', envoys, clusters: 10, warmups: 0, commits: 1, dialers: envoys } as const;
    const { ours, peer } = await measureInTurns(['ours', 'peer'], load, turns);
    return [
      compare(ours.initialMs, peer.initialMs, 'ms', 1),
      compare(ours.initialCpuMs, peer.initialCpuMs, 'ms'),
      compare(ours.connectedMiB, peer.connectedMiB, 'MiB'),
    ];
  },
};
