// The clusters that the reads of a replicated one go to have names of their own, which no other cluster may have, not
// even while it drains. Pure.

import type { Cluster, Clusters } from '../inventory/cluster.ts';
import { servedNames } from '../inventory/read-clusters.ts';
import { readModes } from '../model/reads.ts';

/**
 * One line for each name that would be there twice.
 * @param edited the clusters that are added or changed, of all that there will be.
 * @param draining the clusters that drain then.
 */
export function findTwinNames(edited: readonly Cluster[], clusters: Clusters, draining: readonly Cluster[]): string[] {
  const drains = new Map(draining.flatMap((cluster) => servedNames(cluster).map((name) => [name, cluster] as const)));
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

function describeDraining(cluster: Cluster, name: string, drains: ReadonlyMap<string, Cluster>): string[] {
  const other = drains.get(name);
  if (other === undefined || other.name === cluster.name) return [];
  const [own, twin, others] = [cluster.name, name, other.name].map((text) => JSON.stringify(text));
  const what = name === cluster.name ? '' : `its reads go to a cluster ${twin}, and `;
  const whose = other.name === name ? `a cluster ${twin}` : `the reads of ${others}`;
  return [`cluster ${own}: ${what}${whose}, removed lately, drains under this name`];
}
