// A step of a promotion, as an event.

import type { NewEvent } from '../events/event.ts';
import type { PromotionRecord, StepTaken } from './record.ts';

/** `ms`: since the step before it, `total_ms`: since the promotion began. */
export function stepEvent(record: PromotionRecord, { step, atMs, detail }: StepTaken): NewEvent {
  const { cluster, kind, by, from = '', to = '', startedAtMs, steps } = record;
  const last = steps.findLast((each) => each.atMs <= atMs && each.step !== step);
  return {
    type: 'failover-step',
    atMs,
    cluster,
    message: `cluster ${JSON.stringify(cluster)}: ${kind}: ${step}: ${detail}`,
    data: { kind, step, by, from, to, ms: atMs - (last?.atMs ?? startedAtMs), total_ms: atMs - startedAtMs },
  };
}
