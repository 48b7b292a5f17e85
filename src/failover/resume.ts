// Where a promotion stands that was broken off, by the end of the control plane or by a step that could not be kept:
// whether its step is done once more, or all of it is undone. Whatever is done in a step may have been done, or not.

import { isStanding } from './acts.ts';
import type { StepActs } from './failover-steps.ts';
import type { Ground } from './ground.ts';
import { advance } from './record.ts';
import type { PromotionRecord } from './record.ts';
import { undo } from './switchover-steps.ts';

const brokenOff = 'it was broken off';

/** The record of the next step. @param acts what is done in each step when it comes in its turn. */
export async function goOn(record: PromotionRecord, acts: StepActs, ground: Ground): Promise<PromotionRecord> {
  const { step, kind, way } = record;
  const abort = (reason: string): PromotionRecord => advance(record, 'aborted', ground.clock.wallMs(), reason);
  if (step === 'done' || step === 'aborted') return record;
  if (step === 'detecting' || step === 'candidate') return abort(`${brokenOff} before anything was done`);
  if (kind !== 'switchover' || step === 'routed' || step === 'repointing') return acts[step](record, ground);
  if (way === 'sentinel') return abort(`${brokenOff}; Sentinels go on by themselves`);
  return settle(record, acts, ground);
}

// Nobody was routed to the new one, so that it has nothing alone; and the old one may have taken writes since, when its
// pause was over. It goes on, unless it is gone and the other is the primary already.
async function settle(record: PromotionRecord, acts: StepActs, ground: Ground): Promise<PromotionRecord> {
  const { from = '', to = '', way } = record;
  const [old, next] = await Promise.all([from, to].map((server) => ground.acts.look(server)));
  const isOldThere = old !== undefined && isStanding(old);
  const isPromoted = next !== undefined && isStanding(next) && next.role === 'primary';
  if (isPromoted && (!isOldThere || way === 'takeover')) {
    const detail = `${brokenOff}; ${to} is the primary, and has all of ${from}`;
    return acts.verified(advance(record, 'verified', ground.clock.wallMs(), detail), ground);
  }
  return undo(record, ground, brokenOff);
}
