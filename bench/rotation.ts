// What a changed password or certificate of servers costs, beside a changed endpoint.

import { compare } from './benchmark.ts';
import type { Benchmark, Effort } from './benchmark.ts';
import { buildFanoutLoad, describeLoad } from './fanout.ts';
import { combine, measureInTurns } from './load.ts';
import type { Measurement, Protocol } from './load.ts';

const rows = [
  ['password', 'sotw'],
  ['password', 'delta'],
  ['certificate', 'sotw'],
  ['certificate', 'delta'],
] as const satisfies readonly (readonly [string, Protocol])[];

/**
 * Both on servers of their own, turn by turn. A password is in its cluster, which is sent again with its endpoints; a
 * certificate goes by itself.
 */
export const rotationBenchmarks: readonly Benchmark[] = rows.map(([change, protocol]) => {
  const row = { protocol, envoys: 1_000, clusters: 10 };
  return {
    id: `rotation-${change}-${protocol}`,
    table: 'A secret of servers changes : an endpoint changes',
    load: `${change}; ${describeLoad(row)}`,
    columns: ['commit to last stream', 'server CPU per commit'],
    async measure(effort: Effort) {
      const load = buildFanoutLoad(row, effort);
      const [secrets, endpoints]: [Measurement[], Measurement[]] = [[], []];
      for (let turn = 0; turn < effort.turns; turn++) {
        secrets.push((await measureInTurns(['ours'], { ...load, change }, 1)).ours);
        endpoints.push((await measureInTurns(['ours'], load, 1)).ours);
      }
      const [secret, endpoint] = [combine(secrets), combine(endpoints)];
      return [compare(secret.arrivalMs, endpoint.arrivalMs, 'ms', 1.2), compare(secret.cpuMs, endpoint.cpuMs, 'ms')];
    },
  };
});
