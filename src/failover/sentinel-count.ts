// What Sentinels agree on, counted: whom they name, and whom they elected to promote somebody. The rule, and why no
// minority can switch anything, is in docs/adr/0036. Pure.

import type { SeenSentinel, SentinelOpinion } from '../effective/seen.ts';

export type SeenByAddress = ReadonlyMap<string, SeenSentinel>;

/** A Sentinel that answers, and knows the group. */
export interface Voter {
  /** ADDRESS:PORT. */
  readonly sentinel: string;
  readonly opinion: SentinelOpinion;
}

export interface Count {
  /** As many as are declared. */
  readonly seats: number;
  /** Who is counted, each once. */
  readonly voters: readonly Voter[];
  /** Where most agree on. */
  readonly named: Named | undefined;
}

export interface Named {
  readonly primary: string;
  /** The highest of those who name it. */
  readonly epoch: number;
  readonly by: readonly Voter[];
}

/** Somebody is about to be promoted, by whom most have voted for. */
export interface Elected {
  readonly server: string;
  readonly epoch: number;
  /** ADDRESS:PORT of the Sentinel that leads the failover. */
  readonly leader: string;
  readonly votes: number;
}

/** @param seen those that are declared, and those that were found besides. */
export function countVoters(declared: readonly string[], seen: SeenByAddress): Count {
  const seats = declared.length;
  const voters = votersAmong(declared, seen);
  if (isMost(declared.filter((each) => isAnswering(seen.get(each))).length, seats)) {
    return { seats, voters, named: findNamed(voters, seats, () => true) };
  }
  // Most of those that are declared are gone. Others may have taken their places, and then count by Sentinel's own
  // rule: more than half of all that they know of have to agree, so that none that were cut off from the others do.
  const found = [...seen.keys()].filter((each) => !declared.includes(each)).sort();
  const all = votersAmong([...declared, ...found].filter((each) => seen.get(each)?.id !== undefined), seen);
  const named = findNamed(all, seats, (by) => {
    return isMost(by.length, Math.max(...by.map(({ opinion }) => opinion.sentinels.length + 1)));
  });
  return named === undefined ? { seats, voters, named } : { seats, voters: all, named };
}

/**
 * Whom a leader promotes that was elected by most of the declared Sentinels. They say of the old primary that it is the
 * primary until the leader has heard from the new one, which takes a second; the vote is their word as well.
 */
export function findElected(declared: readonly string[], seen: SeenByAddress): Elected | undefined {
  const all = [...seen].flatMap(([leader, { id, selected, failure }]): Elected[] => {
    if (id === undefined || selected === undefined || failure !== undefined) return [];
    const votes = countVotes(declared, seen, id, selected.epoch);
    return isMost(votes, declared.length) ? [{ ...selected, leader, votes }] : [];
  });
  return all.sort((a, b) => b.epoch - a.epoch)[0];
}

export function isAnswering<T extends SeenSentinel>(seen: T | undefined): seen is T {
  return seen?.answeredAtMs !== undefined && seen.failure === undefined;
}

function countVotes(declared: readonly string[], seen: SeenByAddress, leader: string, epoch: number): number {
  const voters = new Set(
    declared.flatMap((address) => {
      const { id = address, votes = [] } = seen.get(address) ?? {};
      return votes.some((vote) => vote.leader === leader && vote.epoch === epoch) ? [id] : [];
    }),
  );
  return voters.size;
}

// One that is reached at two addresses is one; who does not say who it is is taken for another.
function votersAmong(addresses: readonly string[], seen: SeenByAddress): Voter[] {
  const ids = new Set<string>();
  return addresses.flatMap((sentinel): Voter[] => {
    const each = seen.get(sentinel);
    if (!isAnswering(each)) return [];
    const id = each.id ?? sentinel;
    if (ids.has(id)) return [];
    ids.add(id);
    return each.opinion === undefined ? [] : [{ sentinel, opinion: each.opinion }];
  });
}

function findNamed(
  voters: readonly Voter[],
  seats: number,
  isEnough: (by: readonly Voter[]) => boolean,
): Named | undefined {
  for (const primary of new Set(voters.map(({ opinion }) => opinion.primary))) {
    const by = voters.filter(({ opinion }) => opinion.primary === primary);
    if (!isMost(by.length, seats) || !isEnough(by)) continue;
    return { primary, epoch: Math.max(...by.map(({ opinion }) => opinion.epoch)), by };
  }
  return undefined;
}

function isMost(count: number, of: number): boolean {
  return count * 2 > of;
}
