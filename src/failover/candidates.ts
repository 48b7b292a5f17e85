// Who of the replicas may take the primary's place, in what order, and why the others may not. Pure.

import type { History } from '../effective/seen.ts';
import { areOfOneHistory } from './histories.ts';
import type { Standing } from './standing.ts';

export interface CandidateRules {
  /** The old primary as it was last heard of; undefined: it never was. */
  readonly reference: History | undefined;
  /** Its keys then. */
  readonly referenceKeys?: number | undefined;
  /** A link that is down for longer has missed too much; 0: links have to be up. */
  readonly longestLinkDownMs: number;
  /** A gap above it excludes; undefined: none does. */
  readonly maxLagBytes?: number | undefined;
  /** Servers that orders leave out: Envoys would not be given them. */
  readonly leftOut: ReadonlySet<string>;
  /** The servers have no histories that are told, and see to it themselves that nothing is lost (Dragonfly). */
  readonly isWithoutHistories?: boolean | undefined;
}

export interface Candidate {
  readonly address: string;
  readonly priority: number;
  /** In bytes; undefined: it does not tell. */
  readonly offset: number | undefined;
  /** What it lacks of what the old primary had when it was last heard of, in bytes; undefined: not known. */
  readonly gapBytes: number | undefined;
}

export interface Excluded extends Candidate {
  /** A few words, as `it is loading its data`. */
  readonly reason: string;
  /** False: not even when it is forced. */
  readonly isForcible: boolean;
}

export interface Ranking {
  /** The best one first. */
  readonly candidates: readonly Candidate[];
  /** In order of address. */
  readonly excluded: readonly Excluded[];
}

// What Redis has unless told otherwise.
const defaultPriority = 100;

/** @param servers all that answered, but the old primary. */
export function rankCandidates(servers: readonly Standing[], rules: CandidateRules): Ranking {
  const candidates: Candidate[] = [];
  const excluded: Excluded[] = [];
  for (const server of servers) {
    const candidate = describe(server, rules);
    const why = findExclusion(server, candidate, servers, rules);
    if (why === undefined) candidates.push(candidate);
    else excluded.push({ ...candidate, ...why });
  }
  return { candidates: candidates.sort(compare), excluded: excluded.sort((a, b) => compareText(a.address, b.address)) };
}

type Exclusion = Pick<Excluded, 'reason' | 'isForcible'>;

function findExclusion(
  server: Standing,
  { gapBytes, priority }: Candidate,
  all: readonly Standing[],
  rules: CandidateRules,
): Exclusion | undefined {
  const never = (reason: string): Exclusion => ({ reason, isForcible: false });
  const unless = (reason: string): Exclusion => ({ reason, isForcible: true });
  if (server.role !== 'replica') return never(`it says that it is ${nameOf(server.role)}`);
  if (rules.leftOut.has(server.address)) return never('an order leaves it out: take that back first');
  if (server.isLoading) return never('it is loading its data');
  if (server.isSyncing) return never('it is in the middle of a full synchronisation');
  if (priority === 0) return unless('its replica-priority is 0, which means never');
  return findLinkFault(server, rules, unless) ?? findDataFault(server, gapBytes, all, rules, unless);
}

function findLinkFault(
  { link, linkDownMs = Infinity }: Standing,
  { longestLinkDownMs }: CandidateRules,
  unless: (reason: string) => Exclusion,
): Exclusion | undefined {
  if (link === 'up') return undefined;
  if (link === undefined) return unless('it does not tell of its link to the primary');
  if (linkDownMs === Infinity) return unless('it was never linked to the primary, as far as it knows');
  if (longestLinkDownMs === 0) return unless('its link to the primary is down');
  if (linkDownMs <= longestLinkDownMs) return undefined;
  const [downS, mostS] = [linkDownMs, longestLinkDownMs].map((ms) => Math.round(ms / 1_000));
  return unless(`its link to the primary is down for ${downS} s, and may be for ${mostS} s`);
}

function findDataFault(
  { address, history, keys }: Standing,
  gapBytes: number | undefined,
  all: readonly Standing[],
  { reference, referenceKeys = 0, maxLagBytes, isWithoutHistories = false }: CandidateRules,
  unless: (reason: string) => Exclusion,
): Exclusion | undefined {
  if (isWithoutHistories) return undefined;
  if (history?.offset === undefined) return unless('it does not tell how far it has come');
  const offset = history.offset;
  const others = all.filter((each) => each.address !== address && each.role === 'replica');
  const areFurther = (reference?.offset ?? 0) > 1 || others.some((each) => (each.history?.offset ?? 0) > 1);
  // Who was sent all before the first write of the stream has it, at offset 0.
  const haveKeys = keys === 0 && (referenceKeys > 0 || others.some((each) => each.keys > 0));
  if (offset <= 1 && (areFurther || haveKeys)) {
    return unless('it has nothing (offset 0 or 1), and others have data');
  }
  if (reference !== undefined && !areOfOneHistory(reference, history)) {
    return unless("its history is not the primary's: offsets say nothing");
  }
  const isStranger = (other: Standing): boolean => {
    return other.history !== undefined && !areOfOneHistory(other.history, history);
  };
  const stranger = reference === undefined && others.find(isStranger);
  if (stranger) return unless(`it and ${stranger.address} have different histories, and the primary's is not known`);
  if (maxLagBytes === undefined) return undefined;
  if (gapBytes === undefined) return unless(`how far it is behind is not known, and it may be ${maxLagBytes} bytes`);
  return gapBytes > maxLagBytes ? unless(`it is ${gapBytes} bytes behind, and may be ${maxLagBytes}`) : undefined;
}

function describe(server: Standing, { reference }: CandidateRules): Candidate {
  const { address, priority = defaultPriority, history } = server;
  const offset = history?.offset;
  return { address, priority, offset, gapBytes: history && reference && findGap(history, reference) };
}

function findGap(own: History, reference: History): number | undefined {
  if (own.offset === undefined || reference.offset === undefined || !areOfOneHistory(own, reference)) return undefined;
  return Math.max(reference.offset - own.offset, 0);
}

function compare(a: Candidate, b: Candidate): number {
  return a.priority - b.priority || (b.offset ?? -1) - (a.offset ?? -1) || compareText(a.address, b.address);
}

function compareText(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

function nameOf(role: Standing['role']): string {
  return role === 'primary' ? 'the primary' : role === 'sentinel' ? 'a Sentinel' : 'nothing that is understood';
}
