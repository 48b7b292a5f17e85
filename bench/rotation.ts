// What a changed password costs, beside a changed endpoint.

import { compare } from './benchmark.ts';
import type { Benchmark, Effort } from './benchmark.ts';
import { buildFanoutLoad, describeLoad } from './fanout.ts';
import { combine, measureInTurns } from './load.ts';
import type { Measurement } from './load.ts';

/** Both on servers of their own, turn by turn. A password is in its cluster, which is sent again with its endpoints. */
export const rotationBenchmarks: readonly Benchmark[] = (['sotw', 'delta'] as const).map((protocol) => {
  const row = { protocol, envoys: 1_000, clusters: 10 };
  return {
    id: `rotation-${protocol}`,
    table: 'A password of servers changes : an endpoint changes',
    load: describeLoad(row),
    columns: ['commit to last stream', 'server CPU per commit'],
    async measure(effort: Effort) {
      const load = buildFanoutLoad(row, effort);
      const [passwords, endpoints]: [Measurement[], Measurement[]] = [[], []];
      for (let turn = 0; turn < effort.turns; turn++) {
        passwords.push((await measureInTurns(['ours'], { ...load, change: 'password' }, 1)).ours);
        endpoints.push((await measureInTurns(['ours'], load, 1)).ours);
      }
      const [password, endpoint] = [combine(passwords), combine(endpoints)];
      return [compare(password.arrivalMs, endpoint.arrivalMs, 'ms', 1.2), compare(password.cpuMs, endpoint.cpuMs, 'ms')];
    },
  };
});
