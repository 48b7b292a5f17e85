// The clusters that the reads of a replicated one go to have names of their own, which no other cluster may have, not
// even while it drains. Pure.

import type { Cluster, Clusters } from '../inventory/cluster.ts';
import type { DrainingCluster } from '../inventory/draining.ts';
import { ownerOfLeftReads } from '../inventory/left-reads.ts';
import { servedNames } from '../inventory/read-clusters.ts';
import { readModes } from '../model/reads.ts';

/**
 * One line for each name that would be there twice.
 * @param edited the clusters that are added or changed, of all that there will be.
 * @param draining what drains then.
 */
export function findTwinNames(
  edited: readonly Cluster[],
  clusters: Clusters,
  draining: readonly DrainingCluster[],
): string[] {
  const drains = new Map(draining.flatMap((each) => servedNames(each.cluster).map((name) => [name, each] as const)));
  const problems = edited.flatMap((cluster) => [
    ...servedNames(cluster).flatMap((name) => {
      const other = name === cluster.name ? undefined : clusters.get(name);
      return [...(other === undefined ? [] : [describe(cluster, name)]), ...describeDraining(cluster, name, drains)];
    }),
    ...ownersOf(cluster.name, clusters).map((owner) => describe(owner, cluster.name)),
  ]);
  return [...new Set(problems)];
}

/** The replicated clusters whose reads go to a cluster of this name. */
function ownersOf(name: string, clusters: Clusters): Cluster[] {
  return readModes.flatMap((mode) => {
    const owner = name.endsWith(`/${mode}`) ? clusters.get(name.slice(0, -`/${mode}`.length)) : undefined;
    return owner?.kind === 'replicated' ? [owner] : [];
  });
}

function describe(owner: Cluster, name: string): string {
  const [whose, twin] = [owner.name, name].map((text) => JSON.stringify(text));
  return `cluster ${whose}: its reads go to a cluster ${twin}, which is declared too`;
}

function describeDraining(cluster: Cluster, name: string, drains: ReadonlyMap<string, DrainingCluster>): string[] {
  const drained = drains.get(name);
  if (drained === undefined) return [];
  const other = ownerOfLeftReads(drained) ?? drained.cluster.name;
  const [own, twin, others] = [cluster.name, name, other].map((text) => JSON.stringify(text));
  const what = name === cluster.name ? '' : `its reads go to a cluster ${twin}, and `;
  const whose = other === name ? `a cluster ${twin}` : `the reads of ${others}`;
  return [`cluster ${own}: ${what}${whose}, removed lately, drains under this name`];
}
