// What a promotion makes of who takes the writes of its cluster, and who there is. Pure.

import type { Topology } from '../effective/topology.ts';
import type { PromotionRecord } from './record.ts';

/**
 * From its first act on the record alone says who is routed to; when it is over, it has no say. Servers that do not
 * follow the primary yet are left out in either case (`Strays` in follow.ts).
 * @param declared the servers of the cluster, in order.
 */
export function topologyOf(record: PromotionRecord, declared: readonly string[]): Topology | undefined {
  const { step, kind, way, from, to, pending } = record;
  if (way === 'sentinel') return undefined;
  const servers = declared.filter((server) => !pending.includes(server));
  const others = servers.filter((server) => server !== from);
  switch (step) {
    case 'fencing':
    case 'fenced':
    case 'promoting':
    case 'verified':
      return kind === 'switchover' ? { primary: from, servers } : { primary: undefined, servers: others };
    case 'routed':
    case 'repointing':
      // It still answers reads, and has all: better it than nobody.
      return { primary: to, servers: kind === 'switchover' && others.length < 2 ? servers : others };
    default:
      // Nothing has been done yet: what is seen goes on to say who is routed to, and that one may be held.
      return undefined;
  }
}
