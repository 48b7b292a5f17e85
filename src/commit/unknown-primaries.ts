// Clusters that Sentinels are followed for, and of which nobody knows who takes the writes: they are asked before a
// commit, and what they do not say it tells. Pure.

import { withTopology } from '../effective/topology.ts';
import type { Followings, TroubleCode } from '../failover/following.ts';
import type { Clusters } from '../inventory/cluster.ts';
import type { Edits } from '../inventory/edits.ts';
import { sentinelOf } from '../model/failover-defaults.ts';
import type { Cluster } from '../model/objects.ts';
import type { Finding } from './desk.ts';

// Those that have nothing else to say will not say it by being waited for.
const final: ReadonlySet<TroubleCode> = new Set(['sentinel-quorum', 'sentinel-master-unknown', 'sentinel-stale']);

/** False for most edits. */
export function haveSentinels({ clusters }: Edits): boolean {
  return clusters.some(({ after }) => after !== undefined && sentinelOf(after) !== undefined);
}

/** Those that are worth waiting for, with the servers that are known of them. @param followings after the edits. */
export function findClustersToLearn(edits: Edits, before: Clusters, followings: Followings): Cluster[] {
  return clustersWithout(edits, before, followings).flatMap((cluster) => {
    const { topology, troubles = [] } = followings.get(cluster.name) ?? {};
    return troubles.some(({ code }) => final.has(code)) ? [] : [withTopology(cluster, topology)];
  });
}

/** Clusters that the edits bring, and that would answer nobody. @param followings after the edits. */
export function findUnknownPrimaries(edits: Edits, before: Clusters, followings: Followings): Finding[] {
  return clustersWithout(edits, before, followings).map(({ name }) => {
    const reasons = followings.get(name)?.troubles.map(({ message }) => message) ?? [];
    const why = reasons.length > 0 ? reasons : [`cluster ${JSON.stringify(name)}: its Sentinels have not answered`];
    return { code: 'primary-not-found', message: `${why.join('; ')}: without a primary it answers nobody` };
  });
}

function clustersWithout({ clusters }: Edits, before: Clusters, followings: Followings): Cluster[] {
  return clusters.flatMap(({ name, after }) => {
    const sentinel = after && sentinelOf(after);
    if (after === undefined || sentinel === undefined || followings.get(name)?.leader !== undefined) return [];
    const old = before.get(name);
    const known = old && sentinelOf(old);
    // It was told of when it was brought.
    return known !== undefined && JSON.stringify(known) === JSON.stringify(sentinel) ? [] : [after];
  });
}
