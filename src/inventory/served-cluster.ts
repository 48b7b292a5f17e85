// A cluster as Envoys know it, and the servers that it is to be served with, which need not be its own.

import { readModes } from '../model/reads.ts';
import type { ReadMode } from '../model/reads.ts';
import { hostsOf } from './cluster.ts';
import type { Cluster, Host } from './cluster.ts';
import { readClusterName, readHostsOf } from './read-clusters.ts';

export interface ServedCluster {
  readonly name: string;
  readonly prefix: string | undefined;
  readonly declared: Cluster;
  /** The reads that it is for, beside the cluster that takes all commands; undefined: it is that one. */
  readonly reads?: ReadMode | undefined;
  /** In a stable order; the same list while they stay. */
  readonly hosts: readonly Host[];
}

const servedByOwn = new WeakMap<Cluster, readonly ServedCluster[]>();

/**
 * What a declared cluster is served as, with servers of its own: first the cluster of its name, then those that its
 * reads go to. The same objects every time.
 */
export function serve(declared: Cluster): readonly ServedCluster[] {
  let served = servedByOwn.get(declared);
  if (served === undefined) servedByOwn.set(declared, (served = serveBy(declared, declared)));
  return served;
}

/** As {@link serve}, with the servers of another cluster. */
export function serveBy(declared: Cluster, taker: Cluster): readonly ServedCluster[] {
  const { name, prefix } = declared;
  const served = { name, prefix, declared, hosts: hostsOf(taker) };
  if (declared.kind !== 'replicated') return [served];
  const forReads = readModes.map((reads) => {
    return { name: readClusterName(name, reads), prefix: undefined, declared, reads, hosts: readHostsOf(taker, reads) };
  });
  return [served, ...forReads];
}
