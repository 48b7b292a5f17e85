// Who takes the writes of a replicated cluster, by what its servers say of themselves: the primary is
// followed when exactly one server is right. Pure.

import type { SeenServer } from '../effective/seen.ts';
import { declaredTopology } from '../effective/topology.ts';
import type { ReplicatedCluster } from '../model/objects.ts';
import { beginFollowing, isSameFollowing } from './following.ts';
import type { Following, Trouble } from './following.ts';

type Servers = ReadonlyMap<string, SeenServer>;

/** What was decided, before who there is is laid beside it. */
type Decision = Pick<Following, 'troubles'> & Partial<Pick<Following, 'leader' | 'isHeld' | 'why'>>;

/**
 * The same object while nothing is decided otherwise.
 * @param servers as they are seen; one that is not there is unknown.
 */
export function followRoles(
  last: Following | undefined,
  cluster: ReplicatedCluster,
  servers: Servers,
  nowMs: number,
): Following {
  const before = last ?? beginFollowing(cluster, nowMs);
  const { leader = before.leader, isHeld = false, why = before.why, troubles } = decide(before, cluster, servers);
  const primary = isHeld ? undefined : leader;
  const next: Following = {
    ...before,
    ...identityOf(before, leader, isHeld, leader === undefined ? undefined : servers.get(leader)),
    leader,
    isHeld,
    source: 'roles',
    topology: { primary, servers: declaredTopology(cluster).servers },
    sinceMs: leader === before.leader ? before.sinceMs : nowMs,
    why,
    troubles,
  };
  return isSameFollowing(before, next) ? before : next;
}

function decide(before: Following, cluster: ReplicatedCluster, servers: Servers): Decision {
  const { leader } = before;
  if (leader === undefined) return { troubles: [] };
  const seen = servers.get(leader);
  const others = cluster.endpoints.length === 0 ? [] : declaredTopology(cluster).servers.filter((each) => each !== leader);
  const primaries = others.filter((server) => {
    const other = servers.get(server);
    return other !== undefined && saysPrimary(other);
  });
  if (seen === undefined || seen.state === 'unknown') return { isHeld: before.isHeld, troubles: before.troubles };
  if (saysPrimary(seen)) return keepPrimary(before, cluster, leader, seen, primaries);
  if (!isAnswering(seen)) return waitFor(before, cluster, leader, seen, primaries, others, servers);
  if (seen.role === 'replica') return followFrom(before, cluster, leader, seen, primaries, servers);
  return { isHeld: before.isHeld, troubles: before.troubles };
}

// It is there, and says that it is the primary.
function keepPrimary(
  before: Following,
  cluster: ReplicatedCluster,
  leader: string,
  seen: SeenServer,
  others: readonly string[],
): Decision {
  // Redis's own manual warns of it: replicas copy a primary that was restarted without its data, whatever they had.
  if (hasLostItsKeys(before, seen)) {
    const message =
      `cluster ${quote(cluster.name)}: primary ${leader} has come back empty, with another run id and history: nothing ` +
      'is sent to it; promote a replica that still has the keys, or the same server again if it is meant';
    return { isHeld: true, troubles: [{ code: 'primary-empty', message }] };
  }
  if (others.length === 0) return { troubles: [] };
  const message =
    `cluster ${quote(cluster.name)}: ${others.join(', ')} ${others.length === 1 ? 'says' : 'say'} to be the primary ` +
    `too; writes still go to ${leader}, which was it before`;
  return { troubles: [{ code: 'two-primaries', message }] };
}

// It is there, and takes no writes any more.
function followFrom(
  before: Following,
  cluster: ReplicatedCluster,
  leader: string,
  seen: SeenServer,
  primaries: readonly string[],
  servers: Servers,
): Decision {
  const right = primaries.filter((server) => {
    const candidate = servers.get(server);
    return candidate !== undefined && (seen.follows === server || continues(candidate, seen, before));
  });
  const [found] = right;
  if (found !== undefined && right.length === 1) {
    return { leader: found, why: `${leader} is a replica now, and ${found} the primary`, troubles: [] };
  }
  const message =
    `cluster ${quote(cluster.name)}: ${leader}, which writes go to, is a replica` +
    `${seen.follows === undefined ? '' : ` of ${seen.follows}`}: they are answered READONLY; ${describe(primaries)}`;
  return { troubles: [{ code: 'primary-is-replica', message }] };
}

// It does not answer.
function waitFor(
  before: Following,
  cluster: ReplicatedCluster,
  leader: string,
  seen: SeenServer,
  primaries: readonly string[],
  others: readonly string[],
  servers: Servers,
): Decision {
  const right = primaries.filter((server) => continues(servers.get(server), undefined, before));
  const [found] = right;
  if (seen.state === 'down' && found !== undefined && right.length === 1) {
    return { leader: found, why: `${leader} is down, and ${found} was promoted`, troubles: [] };
  }
  // Where nobody listens Envoys find nobody either. To take it out loses nothing, and when it comes back it is looked at
  // before anything is sent to it: it may be empty.
  const isGone = seen.reason?.startsWith('refused') === true && isMissedBy(others, servers);
  const state = `cluster ${quote(cluster.name)}: primary ${leader} does not answer (${seen.reason ?? 'no reason known'})`;
  const rest = right.length > 1 ? `${right.join(', ')} say to be the primary` : describe(primaries);
  const troubles: Trouble[] = seen.state === 'down' ? [{ code: 'no-primary', message: `${state}; ${rest}` }] : [];
  return { isHeld: before.isHeld || isGone, troubles };
}

/** Its replicas have lost it too: one at least says so, and none that it is connected. */
function isMissedBy(others: readonly string[], servers: Servers): boolean {
  const seen = others.flatMap((server) => servers.get(server) ?? []);
  const links = seen.filter(isAnswering).map(({ link }) => link);
  return links.includes('down') && !links.includes('up');
}

/** Whether its history is that of the primary: the same, or it goes on where that one was left. */
function continues(candidate: SeenServer | undefined, leader: SeenServer | undefined, before: Following): boolean {
  const { history } = candidate ?? {};
  if (history === undefined) return false;
  const known = [before.history?.id, leader?.history?.id].filter((id) => id !== undefined);
  return known.some((id) => id === history.id || id === history.former?.id);
}

function hasLostItsKeys({ runId, history, hadKeys }: Following, seen: SeenServer): boolean {
  if (hadKeys !== true || seen.keys !== 0 || runId === undefined || seen.runId === undefined) return false;
  return seen.runId !== runId && seen.history?.id !== history?.id;
}

// Of one that is held the identity stays that of before: it is what it is held for.
function identityOf(
  before: Following,
  leader: string | undefined,
  isHeld: boolean,
  seen: SeenServer | undefined,
): Pick<Following, 'runId' | 'history' | 'hadKeys'> {
  const isOther = leader !== before.leader;
  const { runId, history, hadKeys } = isOther ? {} : before;
  if (isHeld || seen === undefined || !saysPrimary(seen)) return { runId, history, hadKeys };
  // An emptied database is no loss while it runs on.
  const hasKeys = seen.keys === undefined ? hadKeys : seen.keys > 0;
  return { runId: seen.runId ?? runId, history: seen.history ?? history, hadKeys: hasKeys };
}

function isAnswering({ state }: SeenServer): boolean {
  return state === 'up' || state === 'recovering';
}

function saysPrimary(seen: SeenServer): boolean {
  return isAnswering(seen) && seen.role === 'primary';
}

function describe(primaries: readonly string[]): string {
  if (primaries.length === 0) return 'no other server says to be the primary';
  const says = primaries.length === 1 ? 'says' : 'say';
  return `${primaries.join(', ')} ${says} to be the primary, and it is not known whose history that is`;
}

function quote(name: string): string {
  return JSON.stringify(name);
}
