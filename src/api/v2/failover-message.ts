// Promotions as /api/v2 shows them.

import type { Plan } from '../../failover/plan.ts';
import { endedAtMsOf } from '../../failover/record.ts';
import type { PromotionRecord } from '../../failover/record.ts';
import type { PromotionMessage, PromotionPlanMessage } from './messages.ts';

export function buildPromotion(record: PromotionRecord): PromotionMessage {
  const { cluster, kind, way, by, from, to, step, startedAtMs, gapBytes, steps, pending, acknowledgedBy } = record;
  return {
    ...{ cluster, kind, way, by },
    from: from ?? null,
    to: to ?? null,
    step,
    started_at: timeOf(startedAtMs),
    ended_at: isoOrNull(endedAtMsOf(record)),
    gap_bytes: gapBytes ?? null,
    steps: steps.map((taken) => ({ step: taken.step, at: timeOf(taken.atMs), detail: taken.detail })),
    pending: [...pending],
    acknowledged_by: acknowledgedBy ?? null,
  };
}

export function buildPlan(plan: Plan): PromotionPlanMessage {
  const { kind, way, from, to, offset, gapBytes, candidates, excluded, refusal } = plan;
  const none = excluded.map((each) => ({ ...each, excluded: each.reason, forcible: each.isForcible }));
  const all = [...candidates.map((each) => ({ ...each, excluded: null, forcible: false })), ...none];
  return {
    ...{ kind, way },
    from: from ?? null,
    to: to ?? null,
    offset: offset ?? null,
    gap_bytes: gapBytes ?? null,
    candidates: all.map((each) => ({
      address: each.address,
      priority: each.priority,
      offset: each.offset ?? null,
      gap_bytes: each.gapBytes ?? null,
      excluded: each.excluded,
      forcible: each.forcible,
    })),
    refusal: refusal ? { code: refusal.code, reason: refusal.reason, forcible: refusal.isForcible } : null,
  };
}

/** As ISO 8601, in UTC. */
export function isoOrNull(atMs: number | undefined): string | null {
  return atMs === undefined ? null : timeOf(atMs);
}

function timeOf(atMs: number): string {
  return new Date(atMs).toISOString();
}
