// Whether a primary is dead: it does not answer us for long enough, and none of its replicas has a link to it. Replicas
// are the witnesses: as long as one is linked, the primary lives, and it is we who do not reach it. Pure.

import type { SeenServer } from '../effective/seen.ts';
import { longestSilenceMs } from './witnesses.ts';

/** How long it does not answer, by the monotonic clock (ms). */
export interface Detection {
  /** Undefined: it answers. */
  readonly failingSinceMs: number | undefined;
  readonly lookedAtMs: number;
  /** Who; another one is looked at anew. */
  readonly primary: string | undefined;
}

/**
 * `well`: it answers, or nothing is known of it; `failing`: not for long enough; `unreachable`: it does not answer us,
 * and nobody says that it is dead, or somebody that it is not; `dead`.
 */
export type Verdict =
  | { readonly state: 'well' }
  | { readonly state: 'failing'; readonly forMs: number }
  | { readonly state: 'unreachable'; readonly forMs: number; readonly detail: string }
  | { readonly state: 'dead'; readonly forMs: number; readonly witnesses: readonly string[] };

export interface Watched {
  /** Of the cluster, by ADDRESS:PORT. */
  readonly servers: ReadonlyMap<string, SeenServer>;
  readonly primary: string;
  /** It was the primary before we began to watch it: then that it never answered since says something too. */
  readonly isKnown: boolean;
  /** How long it has to be silent (ms). */
  readonly downAfterMs: number;
}

export interface Now {
  /** Monotonic (ms). */
  readonly steadyMs: number;
  /** Of the wall clock (Unix, ms), by which servers are seen. */
  readonly wallMs: number;
}

export const nothingDetected: Detection = {
  failingSinceMs: undefined,
  lookedAtMs: -Infinity,
  primary: undefined,
};

// Who stood still (SIGSTOP, a machine that slept) has seen nothing meanwhile: it begins anew.
const longestGapMs = 10_000;

/** To be asked at least each {@link longestGapMs}. */
export function detect(before: Detection, watched: Watched, now: Now): { detection: Detection; verdict: Verdict } {
  const { servers, primary, isKnown, downAfterMs } = watched;
  const seen = servers.get(primary);
  const lookedAtMs = now.steadyMs;
  if (seen === undefined || !isSilent(seen, isKnown)) {
    return { detection: { failingSinceMs: undefined, lookedAtMs, primary }, verdict: { state: 'well' } };
  }
  const stoodStill = now.steadyMs - before.lookedAtMs > longestGapMs;
  const isNew = stoodStill || before.primary !== primary;
  const failingSinceMs = isNew ? now.steadyMs : (before.failingSinceMs ?? now.steadyMs);
  const forMs = now.steadyMs - failingSinceMs;
  const detection = { failingSinceMs, lookedAtMs, primary };
  if (seen.state === 'suspect' || forMs < downAfterMs) return { detection, verdict: { state: 'failing', forMs } };
  return { detection, verdict: judge(seen, witnessesOf(watched, forMs, now.wallMs), forMs) };
}

function judge(primary: SeenServer, witnesses: readonly (readonly [string, SeenServer])[], forMs: number): Verdict {
  const unreachable = (detail: string): Verdict => ({ state: 'unreachable', forMs, detail });
  // What answers is not dead.
  if (isBusy(primary)) return unreachable(`it answers, and does not serve (${primary.reason ?? 'no reason given'})`);
  const linked = witnesses.filter(([, seen]) => isLinked(seen)).map(([address]) => address);
  if (linked.length > 0) return unreachable(`unreachable from here, and still linked to by ${linked.join(', ')}`);
  if (witnesses.length === 0) return unreachable('unreachable from here, and no replica can be asked whether it lives');
  return { state: 'dead', forMs, witnesses: witnesses.map(([address]) => address) };
}

/** Replicas that answered since the primary does not, and tell of their link to it. */
function witnessesOf({ servers, primary }: Watched, forMs: number, wallMs: number): (readonly [string, SeenServer])[] {
  return Array.from(servers).filter(([address, seen]) => {
    const { state, role, link, answeredAtMs = -Infinity, follows } = seen;
    if (address === primary || state !== 'up' || role !== 'replica' || link === undefined) return false;
    // A replica of a replica has a link to that one.
    if (follows !== undefined && follows !== primary && servers.has(follows)) return false;
    return wallMs - answeredAtMs < forMs;
  });
}

// A full synchronisation comes from a primary that lives.
function isLinked({ link, silentMs = 0, isSyncing = false }: SeenServer): boolean {
  return isSyncing || (link === 'up' && silentMs <= longestSilenceMs);
}

function isSilent({ state, isUnheard = false }: SeenServer, isKnown: boolean): boolean {
  return state === 'suspect' || state === 'down' || (isUnheard && isKnown);
}

// As watchers say it of who answers LOADING, MASTERDOWN or BUSY.
function isBusy({ reason = '' }: SeenServer): boolean {
  return reason.startsWith('busy:');
}
