// Who is left out of what Envoys are given, and by which layer.

import type { Desk } from '../../commit/desk.ts';
import type { ServerHealthMessage } from './messages.ts';

export type LeftOutBy = (cluster: string, server: string) => ServerHealthMessage['left_out_by'];

/** As it is now. The answer of it is undefined for who is published. */
export function findLeftOut(desk: Pick<Desk, 'orders' | 'outages'>): LeftOutBy {
  const [outages, ordered] = [desk.outages(), new Set(desk.orders().map(({ cluster, server }) => keyOf(cluster, server)))];
  return (cluster, server) => {
    if (ordered.has(keyOf(cluster, server))) return 'order';
    return outages.get(cluster)?.has(server) === true ? 'health' : undefined;
  };
}

function keyOf(cluster: string, server: string): string {
  return JSON.stringify([cluster, server]);
}
