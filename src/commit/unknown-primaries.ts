// Clusters that Sentinels are followed for, and of which nobody knows who takes the writes: they are asked before a
// commit, and what they do not say it tells. Pure.

import type { SeenServer } from '../effective/seen.ts';
import { withTopology } from '../effective/topology.ts';
import type { Observed } from '../failover/follow.ts';
import type { Following, Followings, TroubleCode } from '../failover/following.ts';
import { seenByName } from '../failover/named-servers.ts';
import type { Clusters } from '../inventory/cluster.ts';
import type { Edits } from '../inventory/edits.ts';
import { sentinelOf } from '../model/failover-defaults.ts';
import type { Cluster } from '../model/objects.ts';
import type { Finding } from './desk.ts';

// Those that have nothing else to say will not say it by being waited for.
const final: ReadonlySet<TroubleCode> = new Set(['sentinel-quorum', 'sentinel-master-unknown', 'sentinel-stale']);
// Nor whom they name, who says otherwise or is not reached, once all servers that they know were looked at.
const contradicting: ReadonlySet<TroubleCode> = new Set(['no-primary', 'primary-is-replica']);

/** What is seen now. */
type Sight = Pick<Observed, 'seen' | 'sentinels' | 'addresses'>;

/** False for most edits. */
export function haveSentinels({ clusters }: Edits): boolean {
  return clusters.some(({ after }) => after !== undefined && sentinelOf(after) !== undefined);
}

/** Those that are worth waiting for, with the servers that are known of them. @param followings after the edits. */
export function findClustersToLearn(edits: Edits, before: Clusters, followings: Followings, sight: Sight): Cluster[] {
  return clustersWithout(edits, before, followings).flatMap((cluster) => {
    const following = followings.get(cluster.name);
    return following !== undefined && isFinal(following, cluster, sight) ? [] : [withTopology(cluster, following?.topology)];
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

function isFinal({ topology, troubles }: Following, cluster: Cluster, { seen, sentinels, addresses }: Sight): boolean {
  if (troubles.some(({ code }) => final.has(code))) return true;
  if (cluster.kind !== 'replicated' || !troubles.some(({ code }) => contradicting.has(code))) return false;
  const { name } = cluster;
  const servers = seenByName(cluster, seen.get(name) ?? new Map(), sentinels.get(name) ?? new Map(), addresses);
  return topology.servers.every((server) => isSettled(servers.get(server)));
}

// One that is unknown for no reason waits for its first look; and one look that had no answer in time proves nothing.
function isSettled(server: SeenServer | undefined): boolean {
  if (server === undefined || server.state === 'suspect') return false;
  const { state, isUnheard = false, reason } = server;
  return state !== 'unknown' || isUnheard || (reason !== undefined && !reason.startsWith('timeout:'));
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
