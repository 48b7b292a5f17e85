// Which servers are taken out for their health, as far as that is safe: what is seen of a group of servers that take each
// other's place, turned into who is published as unhealthy. Pure: the time is given, and what was decided before.

import type { SeenServer } from './seen.ts';

/** What was decided of one group. */
export interface Verdict {
  /** By server: since when it is out (Unix, ms), and why. */
  readonly out: ReadonlyMap<string, Outage>;
  /** Servers that are down and stay published all the same, sorted. */
  readonly held: readonly string[];
  /** Why they are held; undefined: none is. */
  readonly alarm: Alarm | undefined;
  /** Since when there is no doubt any more (Unix, ms), while those that were held for it may be back at any moment. */
  readonly settlingSinceMs: number | undefined;
  /** When the last ones were let in again; those before the ones of one interval are of no interest. */
  readonly returnedAtMs: readonly number[];
  /** When to decide again though nothing else is seen; undefined: never. */
  readonly againAtMs: number | undefined;
}

export interface Outage {
  readonly sinceMs: number;
  readonly reason: string;
}

/**
 * `many`: too many went at once; `in-doubt`: of all that is watched; `settling`: that is just over; `last`: nobody would
 * be left.
 */
export type Alarm = 'many' | 'in-doubt' | 'settling' | 'last';

export interface Rules {
  /** What part of a group may go within one detection time, from 0 to 1. */
  readonly maxShare: number;
  /** How long it takes from a server's end to its being found down, and those of other servers that ended with it. */
  readonly detectionMs: number;
  /** What part of a group is let in again within `returnEveryMs`; one is always. */
  readonly returnShare: number;
  readonly returnEveryMs: number;
}

export const noVerdict: Verdict = {
  out: new Map(),
  held: [],
  alarm: undefined,
  settlingSinceMs: undefined,
  returnedAtMs: [],
  againAtMs: undefined,
};

/**
 * @param servers of the group, in a stable order.
 * @param seen of them; one that is not there is unknown. Who never answered is neither taken out nor let in.
 * @param isInDoubt whether the fault may be on our side.
 */
export function decide(
  before: Verdict,
  servers: readonly string[],
  seen: ReadonlyMap<string, SeenServer>,
  isInDoubt: boolean,
  rules: Rules,
  nowMs: number,
): Verdict {
  const still = new Map(servers.flatMap((server) => {
    const outage = before.out.get(server);
    return outage === undefined ? [] : [[server, outage] as const];
  }));
  const returned = letIn(before, still, servers, seen, rules, nowMs);
  for (const server of returned.servers) still.delete(server);
  // Those that stood in have been taken from the group: whoever went last is the likeliest to be back.
  const [newest] = [...still].sort(([, a], [, b]) => b.sinceMs - a.sinceMs);
  if (newest !== undefined && still.size === servers.length) still.delete(newest[0]);
  const down = servers.filter((server) => seen.get(server)?.state === 'down' && !still.has(server));
  const doubt = findDoubt(down, servers, seen, isInDoubt, rules);
  const settlingSinceMs = doubt === undefined ? findSettling(before, down, rules, nowMs) : undefined;
  const alarm = doubt ?? (settlingSinceMs === undefined ? undefined : 'settling');
  const settledAtMs = settlingSinceMs === undefined ? [] : [settlingSinceMs + rules.detectionMs];
  const againAtMs = [...settledAtMs, ...(returned.againAtMs === undefined ? [] : [returned.againAtMs])];
  return {
    ...(alarm === undefined ? takeOut(down, still, servers, seen) : { out: still, held: down.toSorted(), alarm }),
    settlingSinceMs,
    returnedAtMs: returned.atMs,
    againAtMs: againAtMs.length === 0 ? undefined : Math.min(...againAtMs),
  };
}

/** True when so much of all that is watched is silent at once that it may be us who hear nothing. */
export function isNetworkInDoubt(
  all: Iterable<SeenServer>,
  { maxShare, detectionMs }: Pick<Rules, 'maxShare' | 'detectionMs'>,
): boolean {
  const known = Array.from(all).filter(({ state }) => state !== 'unknown');
  const silent = known.filter(isSilent);
  const newestMs = Math.max(...silent.map(({ sinceMs }) => sinceMs));
  const together = silent.filter(({ sinceMs }) => newestMs - sinceMs <= detectionMs);
  // One server that is gone is no network.
  return together.length > 1 && together.length > known.length * maxShare;
}

function letIn(
  before: Verdict,
  out: ReadonlyMap<string, Outage>,
  servers: readonly string[],
  seen: ReadonlyMap<string, SeenServer>,
  { returnShare, returnEveryMs }: Rules,
  nowMs: number,
): { readonly servers: readonly string[]; readonly atMs: readonly number[]; readonly againAtMs: number | undefined } {
  const lately = before.returnedAtMs.filter((atMs) => isWithin(returnEveryMs, nowMs - atMs));
  const room = Math.max(1, Math.floor(servers.length * returnShare)) - lately.length;
  const ready = servers.filter((server) => out.has(server) && seen.get(server)?.state === 'up');
  const taken = ready.slice(0, Math.max(room, 0));
  const atMs = [...lately, ...taken.map(() => nowMs)];
  const [oldestMs] = atMs;
  const isAnyLeft = ready.length > taken.length;
  return { servers: taken, atMs, againAtMs: isAnyLeft && oldestMs !== undefined ? oldestMs + returnEveryMs : undefined };
}

/** Why nobody is taken out, though some are down; undefined: there is nothing against it. */
function findDoubt(
  down: readonly string[],
  servers: readonly string[],
  seen: ReadonlyMap<string, SeenServer>,
  isInDoubt: boolean,
  { maxShare, detectionMs }: Rules,
): Alarm | undefined {
  if (down.length === 0) return undefined;
  if (isInDoubt) return 'in-doubt';
  return haveManyGone(down, servers, seen, maxShare, detectionMs) ? 'many' : undefined;
}

// Of those that were cut off together one is seen before the other: the last ones are not worse for it.
function findSettling(
  { held, alarm, settlingSinceMs }: Verdict,
  down: readonly string[],
  { detectionMs }: Rules,
  nowMs: number,
): number | undefined {
  if (!down.some((server) => held.includes(server))) return undefined;
  const sinceMs = alarm === 'many' || alarm === 'in-doubt' ? nowMs : settlingSinceMs;
  return sinceMs !== undefined && isWithin(detectionMs, nowMs - sinceMs) ? sinceMs : undefined;
}

function takeOut(
  down: readonly string[],
  still: ReadonlyMap<string, Outage>,
  servers: readonly string[],
  seen: ReadonlyMap<string, SeenServer>,
): Pick<Verdict, 'out' | 'held' | 'alarm'> {
  // The one that was there last may come back first.
  const byEnd = down.toSorted((a, b) => sinceOf(seen, a) - sinceOf(seen, b));
  const left = servers.length - still.size;
  const going = left > down.length ? byEnd : byEnd.slice(0, left - 1);
  const out = new Map(still);
  for (const server of going) {
    const { sinceMs = 0, reason = 'down' } = seen.get(server) ?? {};
    out.set(server, { sinceMs, reason });
  }
  const held = byEnd.slice(going.length).sort();
  return { out, held, alarm: held.length === 0 ? undefined : 'last' };
}

// Those that are about to be found down count too: the first of many must not go before the others are seen to.
function haveManyGone(
  down: readonly string[],
  servers: readonly string[],
  seen: ReadonlyMap<string, SeenServer>,
  maxShare: number,
  detectionMs: number,
): boolean {
  const newestMs = Math.max(...down.map((server) => sinceOf(seen, server)));
  const together = servers.filter((server) => {
    const found = seen.get(server);
    return found !== undefined && isSilent(found) && Math.abs(newestMs - found.sinceMs) <= detectionMs;
  });
  return together.length > Math.max(servers.length * maxShare, 1);
}

// What lies ahead was written by a clock that was put back since, and keeps nobody waiting until it has come.
function isWithin(limitMs: number, passedMs: number): boolean {
  return passedMs >= 0 && passedMs < limitMs;
}

function isSilent({ state }: SeenServer): boolean {
  return state === 'down' || state === 'suspect';
}

function sinceOf(seen: ReadonlyMap<string, SeenServer>, server: string): number {
  return seen.get(server)?.sinceMs ?? 0;
}
