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

/** @param hosts by default the cluster's own. */
export function serve(declared: Cluster, hosts: readonly Host[] = hostsOf(declared)): ServedCluster {
  return { name: declared.name, prefix: declared.prefix, declared, hosts };
}
