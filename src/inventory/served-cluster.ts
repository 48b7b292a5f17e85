// A cluster and the servers that it is to be served with, which need not be its own.

import { hostsOf } from './cluster.ts';
import type { Cluster, Host } from './cluster.ts';

export interface ServedCluster {
  readonly name: string;
  readonly prefix: string | undefined;
  readonly declared: Cluster;
  /** In a stable order; the same list while they stay. */
  readonly hosts: readonly Host[];
}

const servedByOwn = new WeakMap<Cluster, ServedCluster>();

/** The cluster with servers of its own: the same object every time. */
export function serve(declared: Cluster): ServedCluster {
  let served = servedByOwn.get(declared);
  if (served === undefined) servedByOwn.set(declared, (served = serveBy(declared, hostsOf(declared))));
  return served;
}

export function serveBy(declared: Cluster, hosts: readonly Host[]): ServedCluster {
  return { name: declared.name, prefix: declared.prefix, declared, hosts };
}
