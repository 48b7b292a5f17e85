// The steps of a promotion whose primary is dead, or is given up: it is fenced first, so that no Envoy writes to it any
// more, whatever becomes of it.

import { isStanding } from './acts.ts';
import type { Acts as ServerActs } from './acts.ts';
import { rankCandidates } from './candidates.ts';
import type { Candidate } from './candidates.ts';
import { describeAcked } from './ground.ts';
import type { Ground } from './ground.ts';
import { areOfOneHistory } from './histories.ts';
import { hasFewKeys } from './identity.ts';
import { promote, repoint } from './promoting.ts';
import { advance, redescribe } from './record.ts';
import type { PromotionRecord, Step } from './record.ts';

/** Does what is to be done in the record's step; gives the record of the next one. Safe to repeat. */
export type StepAct = (record: PromotionRecord, ground: Ground) => Promise<PromotionRecord>;

export type StepActs = Readonly<Record<Exclude<Step, 'done' | 'aborted'>, StepAct>>;

export const failoverActs: StepActs = {
  detecting: async (record, { clock }) => advance(record, 'candidate', clock.wallMs(), describeCandidate(record)),
  candidate: async (record, { clock }) => {
    const detail = `${record.from ?? 'nobody'} is taken out of what Envoys are given`;
    return advance(record, 'fencing', clock.wallMs(), detail);
  },
  fencing,
  fenced,
  promoting,
  verified: async (record, { clock }) => {
    return advance(record, 'routed', clock.wallMs(), `Envoys are given ${record.to ?? 'nobody'} as the primary`);
  },
  routed,
  repointing,
};

// An Envoy that has acknowledged keeps transactions that are open, and a server may run later what it was sent before:
// who answers is cut from its clients.
async function fencing(record: PromotionRecord, { fence, acts, clock, limits }: Ground): Promise<PromotionRecord> {
  const acked = describeAcked(await fence.acked(limits.fenceMs));
  const { from } = record;
  const killed = from !== undefined && (await acts.killClients(from).then(() => true, () => false));
  const detail = killed ? `${acked}; the connections of its clients were ended` : acked;
  return advance(record, 'fenced', clock.wallMs(), detail);
}

async function fenced(record: PromotionRecord, ground: Ground): Promise<PromotionRecord> {
  const { acts, clock } = ground;
  const { kind, from } = record;
  // Nobody has been promoted yet.
  const pause = kind === 'failover' ? ground.pause() : undefined;
  if (pause !== undefined) return advance(record, 'aborted', clock.wallMs(), pause);
  if (kind === 'failover' && from !== undefined && (await isWellAgain(record, acts))) {
    return advance(record, 'aborted', clock.wallMs(), `${from} answers again, and is the primary as before`);
  }
  return choose(record, ground);
}

// Who came back without its keys is as dead as before: it is made a replica of the one that has them.
async function isWellAgain({ from = '', reference, referenceKeys: keys }: PromotionRecord, acts: ServerActs): Promise<boolean> {
  const looked = await acts.look(from);
  if (!isStanding(looked) || looked.role !== 'primary') return false;
  const isOther = reference !== undefined && looked.history !== undefined && !areOfOneHistory(reference, looked.history);
  return !isOther || !hasFewKeys({ keys }, looked);
}

async function promoting(record: PromotionRecord, ground: Ground): Promise<PromotionRecord> {
  const { clock } = ground;
  const { to = '' } = record;
  const problem = await promote(ground, to);
  if (problem === undefined) {
    // It may have been left over from an earlier promotion.
    const pending = record.pending.filter((server) => server !== to);
    return advance(record, 'verified', clock.wallMs(), `${to} says that it is the primary`, { pending });
  }
  // It may be the primary all the same: it must not be routed to, and is told otherwise when it is back.
  const pending = [...new Set([...record.pending, to])];
  const left = { ...record, pending };
  const reason = `${to} was not promoted: ${problem}`;
  if (record.kind === 'failover') return choose(left, ground, `${reason}; `);
  return advance(left, 'aborted', clock.wallMs(), reason, { pending });
}

async function routed(record: PromotionRecord, { fence, acts, clock, limits }: Ground): Promise<PromotionRecord> {
  const acked = await fence.acked(limits.fenceMs);
  const told = redescribe(record, `${record.to ?? ''}: ${describeAcked(acked)}`);
  // Once more: it may have come back meanwhile.
  if (record.from !== undefined) await acts.killClients(record.from).catch(() => undefined);
  return advance(told, 'repointing', clock.wallMs(), 'the others are told to follow it');
}

async function repointing(record: PromotionRecord, ground: Ground): Promise<PromotionRecord> {
  const { pending, detail } = await repoint(record, ground);
  return advance(record, 'done', ground.clock.wallMs(), detail, { pending });
}

/** Offsets may have gone on since the candidate was named. */
async function choose(record: PromotionRecord, ground: Ground, before = ''): Promise<PromotionRecord> {
  const { acts, clock, servers, rules } = ground;
  const { kind, from, pending, to, force } = record;
  const others = servers().filter((server) => server !== from && !pending.includes(server));
  const standings = (await Promise.all(others.map((server) => acts.look(server)))).filter(isStanding);
  const { candidates, excluded } = rankCandidates(standings, rules(record));
  const forced = excluded.find(({ address, isForcible }) => address === to && isForcible && force === true);
  const chosen = kind === 'failover' ? candidates[0] : (candidates.find(({ address }) => address === to) ?? forced);
  if (chosen === undefined) {
    const reasons = excluded.map(({ address, reason }) => `${address}: ${reason}`).join('; ');
    const nobody = kind === 'failover' ? 'nobody can be promoted' : `${to ?? ''} can't be promoted`;
    return advance(record, 'aborted', clock.wallMs(), `${before}${nobody} (${reasons || 'no replica answers'})`);
  }
  const { address, gapBytes } = chosen;
  return advance(record, 'promoting', clock.wallMs(), `${before}${describe(chosen)}`, { to: address, gapBytes });
}

function describeCandidate({ to = 'nobody', gapBytes }: PromotionRecord): string {
  return gapBytes === undefined ? to : `${to}, ${gapBytes} bytes behind`;
}

function describe({ address, offset, gapBytes }: Candidate): string {
  const gap = gapBytes === undefined ? 'how far it is behind is not known' : `${gapBytes} bytes behind`;
  return `${address}, offset ${offset ?? 'not told'}, ${gap}`;
}
