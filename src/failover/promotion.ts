// Runs a promotion step by step: each is kept before it is done, so that whoever starts next knows what may have been.

import { failoverActs } from './failover-steps.ts';
import type { StepActs } from './failover-steps.ts';
import type { Ground } from './ground.ts';
import { isOver } from './record.ts';
import type { PromotionRecord } from './record.ts';
import { goOn } from './resume.ts';
import { pauseActs, sentinelActs, takeoverActs } from './switchover-steps.ts';

const actsByWay = { pause: pauseActs, takeover: takeoverActs, sentinel: sentinelActs } as const;

/** Resolves with the record that is over. Rejects when it can't be kept: then it stops where it is. */
export async function runPromotion(first: PromotionRecord, ground: Ground): Promise<PromotionRecord> {
  let record = first;
  for (;;) {
    await ground.keep(record);
    if (isOver(record)) return record;
    record = await step(record, ground);
  }
}

/** The same of one that was open when the control plane ended. */
export async function resumePromotion(kept: PromotionRecord, ground: Ground): Promise<PromotionRecord> {
  return runPromotion(await goOn(kept, actsOf(kept), ground), ground);
}

function step(record: PromotionRecord, ground: Ground): Promise<PromotionRecord> {
  const { step: name } = record;
  return name === 'done' || name === 'aborted' ? Promise.resolve(record) : actsOf(record)[name](record, ground);
}

function actsOf({ kind, way }: PromotionRecord): StepActs {
  return kind === 'switchover' ? actsByWay[way] : failoverActs;
}
