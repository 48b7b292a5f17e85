// Who takes the writes of a replicated cluster, by what its servers say of themselves: another primary is followed when
// exactly one is right, and nothing is sent to one that came back empty. What is not certain changes nothing, and is told
// (docs/adr/0037). Pure.

import type { SeenServer } from '../effective/seen.ts';
import { declaredTopology } from '../effective/topology.ts';
import type { ReplicatedCluster } from '../model/objects.ts';
import { beginFollowing, isSameFollowing } from './following.ts';
import type { Following } from './following.ts';
import { hadKeys, hasFewKeys, hasKeysAgain, hasLostItsKeys, hasRestarted, identityAfter, reachIn } from './identity.ts';
import { sayBusy, sayEmpty, sayReplica, saySilent, sayTwo, sayUncounted } from './role-troubles.ts';
import { areAllLost, isAnswering, isAnyLinked, isLost, isRefused, saysPrimary } from './witnesses.ts';

type Servers = ReadonlyMap<string, SeenServer>;

// What seems to be older was seen after a clock was put back.
const oldestLookMs = 5_000;

/** What is looked at for one decision. */
interface Scene {
  readonly before: Following;
  readonly name: string;
  readonly leader: string;
  readonly servers: Servers;
  /** Without the leader, in order. */
  readonly others: readonly string[];
  /** Those of them that say to be the primary. */
  readonly primaries: readonly string[];
}

/** What became of it; fields that are left out stay, but nobody is held. */
type Decision = Pick<Following, 'troubles'> & Partial<Pick<Following, 'leader' | 'isHeld' | 'emptyRunId' | 'why'>>;

/**
 * The same object while nothing is decided otherwise.
 * @param cluster as it is declared.
 * @param servers as they are seen; one that is not there is unknown.
 */
export function followRoles(
  last: Following | undefined,
  cluster: ReplicatedCluster,
  servers: Servers,
  nowMs: number,
): Following {
  const declared = declaredTopology(cluster).servers;
  const isThere = last?.leader === undefined || declared.includes(last.leader);
  const before = last !== undefined && isThere ? last : beginFollowing(cluster, nowMs);
  const { leader } = before;
  if (leader === undefined) return before;
  const others = declared.filter((each) => each !== leader);
  const primaries = others.filter((each) => saysPrimary(servers.get(each)));
  const scene = { before, name: cluster.name, leader, servers, others, primaries };
  const next = followingAfter(scene, decide(scene), declared, nowMs);
  // Then there is something to say of that one.
  if (next.leader !== leader) return followRoles(next, cluster, servers, nowMs);
  return isSameFollowing(before, next) ? before : next;
}

function decide(scene: Scene): Decision {
  const { before, leader, servers } = scene;
  const { isHeld, emptyRunId, troubles } = before;
  const stay = { isHeld, emptyRunId, troubles };
  const seen = servers.get(leader);
  if (seen === undefined || isOlder(seen, before)) return stay;
  if (saysPrimary(seen)) return keepPrimary(scene, seen);
  if (isAnswering(seen)) return seen.role === 'replica' ? followFrom(scene, seen) : stay;
  // It may not have been looked at yet.
  return seen.state === 'unknown' && seen.reason === undefined ? stay : waitFor(scene, seen);
}

// Who declares a primary has mostly just made it that, and knows more than a look of before. Of who does not answer
// nothing is older.
function isOlder({ state, answeredAtMs = Infinity }: SeenServer, { why, sinceMs }: Following): boolean {
  const olderMs = sinceMs - answeredAtMs;
  return why === 'declared' && state === 'up' && olderMs > 0 && olderMs < oldestLookMs;
}

// It is there, and says that it is the primary.
function keepPrimary(scene: Scene, seen: SeenServer): Decision {
  const { before, name, leader, servers, primaries } = scene;
  const [found, ...more] = findRight(scene, seen);
  const isOne = found !== undefined && more.length === 0;
  const { emptyRunId } = before;
  // Redis's own manual warns of it: replicas copy a primary that was started without its data, whatever they had.
  if (emptyRunId === undefined ? hasLostItsKeys(before, seen) : !hasKeysAgain(before, emptyRunId, seen)) {
    if (isOne) return { leader: found, why: `${leader} came back empty, and ${found} has what it had`, troubles: [] };
    const whoHasKeys = scene.others.filter((server) => isAnswering(servers.get(server)) && hasKeys(scene, server));
    const troubles = [sayEmpty(name, leader, whoHasKeys)];
    return { isHeld: true, emptyRunId: seen.runId ?? emptyRunId ?? '', troubles };
  }
  if (before.isHeld && hadKeys(before) && seen.keys === undefined) {
    return { isHeld: true, troubles: [sayUncounted(name, leader)] };
  }
  // Somebody promoted another one while it was away.
  if (isOne && hasRestarted(before, seen) && before.rivals?.includes(found) !== true && isAhead(before, servers, found, seen)) {
    return { leader: found, why: `${leader} was started again, and ${found} was promoted meanwhile`, troubles: [] };
  }
  const rivals = primaries.filter((server) => !isActiveReplica(servers.get(server)));
  return { troubles: rivals.length === 0 ? [] : [sayTwo(name, leader, rivals)] };
}

// It is there, and takes no writes any more.
function followFrom(scene: Scene, seen: SeenServer): Decision {
  const { before, name, leader, primaries } = scene;
  const { follows } = seen;
  const whom = primaries.filter((server) => server === follows);
  const [found, ...more] = findRight({ ...scene, primaries: whom.length > 0 ? whom : primaries }, seen);
  if (found !== undefined && more.length === 0) {
    return { leader: found, why: `${leader} is a replica now, and ${found} the primary`, troubles: [] };
  }
  const { isHeld, emptyRunId } = before;
  return { isHeld, emptyRunId, troubles: [sayReplica(name, leader, follows, primaries)] };
}

// It does not answer.
function waitFor(scene: Scene, seen: SeenServer): Decision {
  const { before, name, leader, servers, others, primaries } = scene;
  const right = findRight(scene, seen);
  const [found] = right;
  // Where nobody listens Envoys find nobody either: to take it out loses nothing, and when it comes back it is looked at
  // before anything is sent to it. It may be empty.
  const isGone = isRefused(seen) && areAllLost(others, servers, leader);
  const isAway = isGone || isLost(seen);
  if (isAway && found !== undefined && right.length === 1 && !isAnyLinked(others, servers, before)) {
    return { leader: found, why: `${leader} does not answer, and ${found} was promoted`, troubles: [] };
  }
  const { emptyRunId } = before;
  const isHeld = before.isHeld || isGone;
  if (emptyRunId !== undefined) return { isHeld, emptyRunId, troubles: before.troubles };
  if (seen.reason?.startsWith('busy') === true) return { isHeld, troubles: [sayBusy(name, leader, seen.reason)] };
  const isTold = isHeld || isLost(seen);
  return { isHeld, troubles: isTold ? [saySilent(name, leader, seen.reason, isHeld, primaries)] : [] };
}

/**
 * The primaries that have what the leader had. Where histories are told they alone say it; where they are not, as of
 * Dragonfly, it is the one that the leader follows now.
 */
function findRight({ before, leader, servers, primaries }: Scene, seen: SeenServer): readonly string[] {
  return primaries.filter((server) => {
    const candidate = servers.get(server);
    if (candidate === undefined || hasFewKeys(before, candidate)) return false;
    // KeyDB: each of two takes writes, and the other's.
    if (isActiveReplica(candidate)) return candidate.follows === leader;
    // Of one that was a replica since before it was looked at, the history is that of its primary.
    const history = before.history ?? (seen.role === 'replica' ? seen.history : undefined);
    if (history !== undefined || candidate.history !== undefined) return reachIn(history, candidate) !== undefined;
    return seen.role === 'replica' && seen.follows === server;
  });
}

/** Whether it has more of the history than the leader, which was started again, has of it now. */
function isAhead({ history }: Following, servers: Servers, server: string, leader: SeenServer): boolean {
  const other = servers.get(server);
  const reach = other && reachIn(history, other);
  return reach !== undefined && reach > (reachIn(history, leader) ?? -1);
}

function hasKeys({ before, servers }: Scene, server: string): boolean {
  const seen = servers.get(server);
  return seen?.keys !== undefined && seen.keys > 0 && !hasFewKeys(before, seen);
}

function isActiveReplica(seen: SeenServer | undefined): boolean {
  return saysPrimary(seen) && seen?.follows !== undefined;
}

function followingAfter(scene: Scene, decision: Decision, declared: readonly string[], nowMs: number): Following {
  const { before, servers, primaries } = scene;
  const { leader = scene.leader, isHeld = false, emptyRunId, why = before.why, troubles } = decision;
  const isOther = leader !== scene.leader;
  const seen = servers.get(leader);
  // Of one that is held what is remembered stays: it is what it is measured by.
  const { runId, history, keys } = isOther ? {} : before;
  const known = { runId, history, keys };
  const identity = isHeld || seen === undefined || !saysPrimary(seen) ? known : identityAfter(known, seen);
  const strays = straysAfter(scene, leader, declared);
  const isLeftOut = (server: string): boolean => strays.includes(server) || (isHeld && server === leader);
  return {
    ...before,
    ...identity,
    leader,
    isHeld,
    emptyRunId: isHeld ? emptyRunId : undefined,
    rivals: primaries.filter((server) => server !== leader),
    strays,
    source: 'roles',
    topology: { primary: isHeld ? undefined : leader, servers: declared.filter((server) => !isLeftOut(server)) },
    sinceMs: isOther ? nowMs : before.sinceMs,
    why,
    troubles,
  };
}

// Who was the primary has writes that its successor never saw, until it has taken what that one has.
function straysAfter({ before, leader: last, servers }: Scene, leader: string, declared: readonly string[]): string[] {
  const were = new Set([...(before.strays ?? []), ...(leader === last ? [] : [last])]);
  return declared.filter((server) => {
    const seen = servers.get(server);
    const isReplica = isAnswering(seen) && seen?.role === 'replica' && seen.link !== 'down';
    return were.has(server) && server !== leader && !isReplica && !isActiveReplica(seen);
  });
}
