// Whom to ask what they say of a Redis Cluster: its seeds, and of the nodes that are named those that say most. Pure.

import type { ClusterView } from '../effective/cluster-view.ts';
import { compareText } from '../model/compare-text.ts';

// Besides the seeds: what a cluster of a thousand nodes says comes to 250 kB from each.
const maxFound = 32;

/** ADDRESS:PORT of each, the seeds first. @param views of those that answer */
export function nodesToAsk(seeds: readonly string[], views: readonly ClusterView[]): string[] {
  // Whom most name is of the cluster, and not of another one to which a seed has gone.
  const counts = new Map<string, number>();
  const primaries = new Set<string>();
  for (const { nodes } of views) {
    for (const { address, slots } of nodes) {
      if (address === undefined) continue;
      counts.set(address, (counts.get(address) ?? 0) + 1);
      if (slots.length > 0) primaries.add(address);
    }
  }
  const found = Array.from(counts.keys()).sort((a, b) => {
    const byCount = (counts.get(b) ?? 0) - (counts.get(a) ?? 0);
    return byCount || Number(primaries.has(b)) - Number(primaries.has(a)) || compareText(a, b);
  });
  return [...seeds, ...found.filter((address) => !seeds.includes(address)).slice(0, maxFound)];
}
