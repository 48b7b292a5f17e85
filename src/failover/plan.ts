// What a promotion would do now, and why it may not: by what the servers say when they are asked.

import type { History, SeenServer } from '../effective/seen.ts';
import { ownFailoverOf, sentinelOf } from '../model/failover-defaults.ts';
import type { ReplicatedCluster } from '../model/objects.ts';
import { serverNameOf } from '../net/address.ts';
import { isStanding } from './acts.ts';
import type { Acts } from './acts.ts';
import { rankCandidates } from './candidates.ts';
import type { Candidate, CandidateRules, Excluded } from './candidates.ts';
import type { PromotionKind, Way } from './record.ts';
import type { Standing } from './standing.ts';
import { longestSilenceMs } from './witnesses.ts';

export interface PromotionRequest {
  readonly kind: PromotionKind;
  /** ADDRESS:PORT; undefined: the best candidate. */
  readonly to?: string | undefined;
  /** Also what the rules exclude. */
  readonly force?: boolean | undefined;
}

/** What is known of a cluster. */
export interface Circumstances {
  readonly cluster: ReplicatedCluster;
  /** Who is taken for the primary, ADDRESS:PORT; undefined: nobody is known. */
  readonly leader: string | undefined;
  /** It came back empty, or is gone, and nothing is sent to it. */
  readonly isHeld: boolean;
  /** As the primary said it, when it was last followed; its offset may be old. */
  readonly history: History | undefined;
  /** Of its servers. */
  readonly seen: ReadonlyMap<string, SeenServer>;
  /** Servers that orders leave out. */
  readonly leftOut: ReadonlySet<string>;
  /** Servers that a promotion has left behind, and that do not follow yet. */
  readonly pending: readonly string[];
  /** How long the primary is silent (ms); 0: it is not. */
  readonly silentForMs: number;
}

/**
 * `no-primary`: there is none that a switchover could begin with; `primary-lives`, `primary-linked`: it does, to us or
 * to a replica, so that it must not be given up; `excluded`: by the rules for candidates; `no-candidate`: so is
 * everybody.
 */
export type RefusalCode =
  | 'sentinel-watches'
  | 'sentinel-chooses'
  | 'no-primary'
  | 'primary-lives'
  | 'primary-linked'
  | 'is-primary'
  | 'not-a-server'
  | 'excluded'
  | 'no-candidate';

export interface Refusal {
  readonly code: RefusalCode;
  /** One line, without the name of the cluster. */
  readonly reason: string;
  /** False: not even when it is forced. */
  readonly isForcible: boolean;
}

export interface Plan {
  readonly kind: PromotionKind;
  readonly way: Way;
  readonly from: string | undefined;
  /** Who would be promoted; undefined: nobody, or Sentinels choose. */
  readonly to: string | undefined;
  /** The best one first. */
  readonly candidates: readonly Candidate[];
  readonly excluded: readonly Excluded[];
  /** The primary's history, as it was last heard of. */
  readonly reference: History | undefined;
  readonly referenceKeys: number | undefined;
  /** Of `to`. */
  readonly offset: number | undefined;
  readonly gapBytes: number | undefined;
  /** Why it is not done; undefined: it may be. */
  readonly refusal: Refusal | undefined;
}

// As Sentinel has it: a link may be down for as long as the primary is, and ten times what makes it dead.
const linkGrace = 10;
const defaultDownAfterMs = 10_000;

/** Who may be promoted. @param reference of the old primary. */
export function rulesFor(
  { cluster, leftOut, silentForMs }: Pick<Circumstances, 'cluster' | 'leftOut' | 'silentForMs'>,
  reference: History | undefined,
  referenceKeys: number | undefined,
): CandidateRules {
  const { downAfterMs = defaultDownAfterMs, maxLag } = ownFailoverOf(cluster) ?? {};
  const longestLinkDownMs = silentForMs + linkGrace * downAfterMs;
  return { reference, referenceKeys, longestLinkDownMs, maxLagBytes: maxLag, leftOut };
}

export async function planPromotion(request: PromotionRequest, now: Circumstances, acts: Acts): Promise<Plan> {
  if (sentinelOf(now.cluster) !== undefined) return planBySentinel(request, now);
  const names = now.cluster.endpoints.map(serverNameOf);
  const looked = await Promise.all(names.map((server) => acts.look(server)));
  const standings = looked.filter(isStanding);
  const primary = standings.find(({ address }) => address === now.leader);
  const others = standings.filter(({ address }) => address !== now.leader && !now.pending.includes(address));
  const known = referenceOf(request.kind, now, primary);
  const ranking = rankCandidates(others, limitsOf(request.kind, now, primary, known));
  const refusals = [
    await findWatching(acts, standings),
    findPrimaryRefusal(request, now, primary, others),
    findTargetRefusal(request, now, ranking, names),
  ];
  const refusal = refusals.find((each) => each !== undefined && !(each.isForcible && request.force === true));
  const to = chosenOf(request, ranking);
  const way = request.kind === 'switchover' && primary?.product === 'dragonfly' ? 'takeover' : 'pause';
  return {
    kind: request.kind,
    way,
    from: now.leader,
    to: to?.address,
    ...ranking,
    reference: known.history,
    referenceKeys: known.keys,
    offset: to?.offset,
    gapBytes: to?.gapBytes,
    refusal,
  };
}

interface Known {
  readonly history: History | undefined;
  readonly keys: number | undefined;
}

// One that came back empty has a history of its own: what counts is what it had.
function referenceOf(kind: PromotionKind, now: Circumstances, primary: Standing | undefined): Known {
  if (kind === 'switchover') return { history: primary?.history, keys: primary?.keys };
  const seen = now.leader === undefined ? undefined : now.seen.get(now.leader);
  const isAnother = now.isHeld && seen?.history?.id !== now.history?.id;
  const history = isAnother ? now.history : (seen?.history ?? now.history);
  return { history, keys: isAnother ? undefined : seen?.keys };
}

function limitsOf(
  kind: PromotionKind,
  now: Circumstances,
  primary: Standing | undefined,
  known: Known,
): CandidateRules {
  const rules = rulesFor(now, known.history, known.keys);
  if (kind !== 'switchover') return rules;
  return { ...rules, longestLinkDownMs: 0, isWithoutHistories: primary?.product === 'dragonfly' };
}

function planBySentinel({ kind, to }: PromotionRequest, { leader, cluster }: Circumstances): Plan {
  const name = JSON.stringify(sentinelOf(cluster)?.master);
  const refusal: Refusal | undefined =
    kind !== 'switchover'
      ? { code: 'sentinel-watches', reason: `Sentinels promote for ${name}: use switchover`, isForcible: false }
      : to !== undefined
        ? { code: 'sentinel-chooses', reason: 'Sentinels choose themselves whom they promote', isForcible: false }
        : undefined;
  const nobody = { to: undefined, offset: undefined, gapBytes: undefined, candidates: [], excluded: [] };
  return { kind, way: 'sentinel', from: leader, ...nobody, reference: undefined, referenceKeys: undefined, refusal };
}

// They would undo it, or do it again.
async function findWatching(acts: Acts, standings: readonly Standing[]): Promise<Refusal | undefined> {
  const found = await Promise.all(
    standings.map(async ({ address }) => {
      const how = await acts.findSentinels(address);
      return how && `${address}: ${how}`;
    }),
  );
  const first = found.find((each) => each !== undefined);
  if (first === undefined) return undefined;
  const reason = `Sentinels watch it, and would undo it (${first}): declare failover by sentinel, or end them`;
  return { code: 'sentinel-watches', reason, isForcible: false };
}

function findPrimaryRefusal(
  { kind }: PromotionRequest,
  { leader, isHeld }: Circumstances,
  primary: Standing | undefined,
  others: readonly Standing[],
): Refusal | undefined {
  const lives = primary?.role === 'primary';
  if (kind === 'switchover') {
    if (lives && !isHeld) return undefined;
    const what = leader === undefined ? 'nobody is known to be the primary' : lives
      ? `nothing is sent to ${leader}, which came back empty`
      : `${leader} does not say that it is the primary`;
    return { code: 'no-primary', reason: `${what}: use promote`, isForcible: false };
  }
  if (lives && !isHeld) {
    const reason = `${leader ?? ''} lives, and is the primary: use switchover, which loses nothing`;
    return { code: 'primary-lives', reason, isForcible: kind === 'promote' };
  }
  const linked = primary === undefined ? others.find((each) => isLinkedTo(each, leader, others)) : undefined;
  if (linked === undefined) return undefined;
  const whom = leader ?? 'the primary';
  const reason = `${linked.address} is still linked to ${whom}, which lives, and is out of reach from here`;
  return { code: 'primary-linked', reason, isForcible: kind === 'promote' };
}

function isLinkedTo(replica: Standing, leader: string | undefined, all: readonly Standing[]): boolean {
  const { role, link, isSyncing, follows, silentMs } = replica;
  if (role !== 'replica') return false;
  if (all.some(({ address }) => address === follows && address !== leader)) return false;
  return isSyncing || (link === 'up' && (silentMs ?? 0) <= longestSilenceMs);
}

function findTargetRefusal(
  { to }: PromotionRequest,
  { leader, pending }: Circumstances,
  { candidates, excluded }: Pick<Plan, 'candidates' | 'excluded'>,
  servers: readonly string[],
): Refusal | undefined {
  if (to === undefined) {
    if (candidates.length > 0) return undefined;
    const reasons = excluded.map(({ address, reason }) => `${address}: ${reason}`).join('; ');
    const reason = `nobody can be promoted (${reasons || 'no replica answers'})`;
    return { code: 'no-candidate', reason, isForcible: false };
  }
  if (to === leader) return { code: 'is-primary', reason: `${to} is the primary already`, isForcible: false };
  if (!servers.includes(to)) return { code: 'not-a-server', reason: `${to} is no server of it`, isForcible: false };
  if (candidates.some(({ address }) => address === to)) return undefined;
  const found = excluded.find(({ address }) => address === to);
  const reason = found?.reason ?? (pending.includes(to) ? 'it does not follow the primary yet' : 'it does not answer');
  return { code: 'excluded', reason: `${to} can't be promoted: ${reason}`, isForcible: found?.isForcible ?? false };
}

function chosenOf(
  { to, force }: PromotionRequest,
  { candidates, excluded }: Pick<Plan, 'candidates' | 'excluded'>,
): Candidate | undefined {
  if (to === undefined) return candidates[0];
  const forced = excluded.find(({ address, isForcible }) => address === to && isForcible && force === true);
  return candidates.find(({ address }) => address === to) ?? forced;
}
