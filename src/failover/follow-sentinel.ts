// Who takes the writes of a replicated cluster, by what its Sentinels say (docs/adr/0036): whom most of them name, or
// have elected a leader to promote, once it says itself that it is the primary. Pure.

import type { SeenServer } from '../effective/seen.ts';
import { sentinelOf } from '../model/failover-defaults.ts';
import type { ReplicatedCluster } from '../model/objects.ts';
import { beginFollowing, isSameFollowing } from './following.ts';
import type { Following, Trouble } from './following.ts';
import { hasLostItsKeys, identityAfter } from './identity.ts';
import type { Identity } from './identity.ts';
import { countVoters, findElected } from './sentinel-count.ts';
import type { Count, Elected, Named, SeenByAddress } from './sentinel-count.ts';
import { describeContradiction, describeStale, findTroublesOfSentinels } from './sentinel-troubles.ts';

type Servers = ReadonlyMap<string, SeenServer>;

/** Who is the primary, and why, and what is strange of it. */
type Decision = Pick<Following, 'leader' | 'epoch' | 'why' | 'troubles'>;

/**
 * The same object while nothing is decided otherwise.
 * @param cluster that is followed by Sentinels.
 * @param servers as they are seen; one that is not there is unknown.
 */
export function followSentinel(
  last: Following | undefined,
  cluster: ReplicatedCluster,
  servers: Servers,
  sentinels: SeenByAddress,
  nowMs: number,
): Following {
  const before = last ?? beginFollowing(cluster, nowMs);
  const failover = sentinelOf(cluster);
  if (failover === undefined) return before;
  const name = `cluster ${JSON.stringify(cluster.name)}`;
  const source = `sentinel ${failover.master}`;
  // Epochs are counted by those Sentinels alone.
  const known = before.source === source ? before : { ...before, epoch: undefined };
  const count = countVoters(failover.sentinels, sentinels);
  const elected = findElected(failover.sentinels, sentinels);
  const { leader, epoch, why, troubles } = decide(name, known, count, elected, servers);
  const all = serversAfter(before, count.named, leader);
  const strays = straysAfter(before, leader, all, servers);
  const identity = identityOf(name, before, leader, servers);
  const next: Following = {
    ...before,
    ...identity.kept,
    leader,
    isHeld: false,
    source,
    epoch,
    why,
    sinceMs: leader === before.leader ? before.sinceMs : nowMs,
    strays: strays.length === 0 ? undefined : strays,
    topology: { primary: leader, servers: all.filter((server) => !strays.includes(server)) },
    troubles: [
      ...findTroublesOfSentinels(name, failover, sentinels, count, leader, elected !== undefined),
      ...troubles,
      ...identity.troubles,
      ...findOthers(name, leader, servers),
    ],
  };
  return isSameFollowing(before, next) ? before : next;
}

function decide(
  name: string,
  before: Following,
  { seats, named }: Count,
  elected: Elected | undefined,
  servers: Servers,
): Decision {
  const { leader, epoch, why } = before;
  const known = { leader, epoch, why };
  if (elected !== undefined && elected.epoch > Math.max(epoch ?? -1, named?.epoch ?? -1)) {
    if (elected.server === leader) return { ...known, troubles: [] };
    // The epoch is that of what was named: should nobody be promoted in the end, that holds again.
    if (saysPrimary(servers.get(elected.server))) {
      const election = `elected by ${elected.votes} of ${seats} Sentinels in epoch ${elected.epoch}`;
      return { leader: elected.server, epoch, why: `promoted by ${elected.leader}, ${election}`, troubles: [] };
    }
  }
  if (named === undefined) return { ...known, troubles: [] };
  if (epoch !== undefined && named.epoch < epoch) return { ...known, troubles: [describeStale(name, named, before)] };
  const seen = servers.get(named.primary);
  if (named.primary === leader) {
    const isReplica = isAnswering(seen) && seen.role === 'replica';
    const troubles = isReplica || seen?.state === 'down' ? [describeContradiction(name, named, seen, leader)] : [];
    return { ...known, epoch: named.epoch, troubles };
  }
  if (!saysPrimary(seen)) return { ...known, troubles: [describeContradiction(name, named, seen, leader)] };
  const who = `named by ${named.by.length} of ${seats} Sentinels`;
  return { leader: named.primary, epoch: named.epoch, why: `${who}, epoch ${named.epoch}`, troubles: [] };
}

// What one of those that agree knows is there: each finds replicas by itself, and some after the others. One that knows
// of none was reset, or has only just begun, and that is no truth.
function serversAfter(
  { topology, strays = [] }: Following,
  named: Named | undefined,
  leader: string | undefined,
): string[] {
  const found = named?.by.flatMap(({ opinion }) => opinion.replicas.map(({ address }) => address)) ?? [];
  const all = new Set(found.length === 0 ? [...topology.servers, ...strays] : found);
  for (const server of [named?.primary, leader]) if (server !== undefined) all.add(server);
  return [...all].sort();
}

// Who was the primary has writes that its successor never saw, and may take itself for one when it comes back: it is
// read from no more until it has taken what the successor has.
function straysAfter(
  before: Following,
  leader: string | undefined,
  all: readonly string[],
  servers: Servers,
): string[] {
  const were = new Set(before.strays);
  if (before.leader !== undefined) were.add(before.leader);
  return all.filter((server) => {
    const seen = servers.get(server);
    const isReplica = isAnswering(seen) && seen.role === 'replica' && seen.link !== 'down';
    return were.has(server) && server !== leader && !isReplica;
  });
}

// Redis's own manual warns of it: replicas copy a primary that was restarted without its data, whatever they had. It is
// Sentinel's to decide whether it stays the primary.
function identityOf(
  name: string,
  before: Following,
  leader: string | undefined,
  servers: Servers,
): { readonly kept: Identity; readonly troubles: readonly Trouble[] } {
  const seen = leader === undefined ? undefined : servers.get(leader);
  const { runId, history, keys }: Identity = leader === before.leader ? before : {};
  const kept = { runId, history, keys };
  if (!saysPrimary(seen)) return { kept, troubles: [] };
  if (!hasLostItsKeys(kept, seen)) return { kept: identityAfter(kept, seen), troubles: [] };
  const message = `${name}: primary ${leader} has come back without its keys: its replicas lose theirs too`;
  return { kept, troubles: [{ code: 'primary-empty', message }] };
}

function findOthers(name: string, leader: string | undefined, servers: Servers): Trouble[] {
  if (leader === undefined || !saysPrimary(servers.get(leader))) return [];
  const others = [...servers.keys()].filter((server) => server !== leader && saysPrimary(servers.get(server)));
  if (others.length === 0) return [];
  const says = others.length === 1 ? 'says' : 'say';
  const too = `${others.join(', ')} ${says} to be the primary too`;
  const message = `${name}: ${too}; writes go to ${leader}, which Sentinels name`;
  return [{ code: 'two-primaries', message }];
}

function isAnswering(seen: SeenServer | undefined): seen is SeenServer {
  return seen?.state === 'up' || seen?.state === 'recovering';
}

function saysPrimary(seen: SeenServer | undefined): seen is SeenServer {
  return isAnswering(seen) && seen.role === 'primary';
}
