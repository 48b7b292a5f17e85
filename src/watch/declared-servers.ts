// The servers that clusters declare, and what each is declared to be.

import { hostsOf } from '../inventory/cluster.ts';
import type { Cluster } from '../inventory/cluster.ts';
import type { Part } from './contradictions.ts';

export interface DeclaredServer {
  readonly cluster: string;
  /** True where it may be something else than Redis: what a prefix of HTTP paths leads to is a cluster like any other. */
  readonly mayBeOther: boolean;
  readonly host: string;
  readonly port: number;
  readonly part: Part;
}

/** In the order of the clusters, and in each as it is sorted. */
export function serversOf(clusters: Iterable<Cluster>): DeclaredServer[] {
  return Array.from(clusters).flatMap((cluster) =>
    hostsOf(cluster).map(({ address, port }): DeclaredServer => {
      return { cluster: cluster.name, mayBeOther: cluster.kind !== 'sharded', host: address, port, part: 'any' };
    }),
  );
}
