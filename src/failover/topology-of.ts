// What a promotion makes of who takes the writes of its cluster, and who there is. Pure.

import { isOver } from './record.ts';
import type { PromotionRecord } from './record.ts';

/** ADDRESS:PORT as Envoys dial them; without a primary nobody takes writes. */
export interface Topology {
  readonly primary: string | undefined;
  readonly servers: readonly string[];
}

/**
 * While it runs, the record says who is routed to; when it is over, who is not yet. Undefined: it has no say.
 * @param followed what stands without it.
 */
export function topologyOf(record: PromotionRecord, followed: Topology): Topology | undefined {
  const { step, kind, way, from, to, pending } = record;
  if (way === 'sentinel' || (isOver(record) && pending.length === 0)) return undefined;
  const servers = followed.servers.filter((server) => !pending.includes(server));
  const others = servers.filter((server) => server !== from);
  switch (step) {
    case 'detecting':
    case 'candidate':
    case 'aborted':
      return { primary: from, servers };
    case 'fencing':
    case 'fenced':
    case 'promoting':
    case 'verified':
      return kind === 'switchover' ? { primary: from, servers } : { primary: undefined, servers: others };
    case 'routed':
    case 'repointing':
      // It still answers reads, and has all: better it than nobody.
      return { primary: to, servers: kind === 'switchover' && others.length < 2 ? servers : others };
    case 'done':
      return { primary: to, servers };
  }
}
