// What is declared, with who is seen to take the writes of each cluster, and who is seen to be there: what orders, names
// and health are laid over. Pure, and at the cost of what changed.

import { keysUnlike } from '../collections/keys-unlike.ts';
import type { ClusterEdit } from '../inventory/cluster.ts';
import type { Declared } from './effective.ts';
import { withTopology } from './topology.ts';
import type { Topologies } from './topology.ts';

export interface GroundStep {
  readonly ground: Declared;
  /** From the last ground to it. */
  readonly edits: readonly ClusterEdit[];
}

/**
 * @param last undefined: nothing was published.
 * @param edited clusters of `declared` that are declared otherwise than before, and those that have gone.
 */
export function groundAfter(
  last: Declared | undefined,
  declared: Declared,
  edited: readonly ClusterEdit[],
  topologies: { readonly before: Topologies; readonly after: Topologies },
): GroundStep {
  const { clusters, draining } = declared;
  const names = last === undefined
    ? new Set(clusters.keys())
    : new Set([...edited.map(({ name }) => name), ...keysUnlike(topologies.before, topologies.after)]);
  const edits = Array.from(names).flatMap((name) => {
    const cluster = clusters.get(name);
    const after = cluster && withTopology(cluster, topologies.after.get(name));
    return last !== undefined && last.clusters.get(name) === after ? [] : [{ name, after }];
  });
  const changes = edits.map(({ name, after }) => [name, after] as const);
  return { ground: { clusters: (last?.clusters ?? clusters).with(changes), draining }, edits };
}
