// Promotions, and what one would do, for people.

import type { PromotionMessage, PromotionPlanMessage } from '../api/v2/messages.ts';
import { toPrintable } from './printable.ts';
import { renderTable } from './table.ts';

/** A line for the whole, then one for each step, with the time since it began. */
export function renderPromotion(promotion: PromotionMessage): string[] {
  const { steps, started_at: start } = promotion;
  const beganMs = Date.parse(start);
  const rows = steps.map(({ step, at, detail }) => {
    return [`+${((Date.parse(at) - beganMs) / 1_000).toFixed(3)} s`, step, detail].map(toPrintable);
  });
  return [toPrintable(describePromotion(promotion)), ...renderTable(rows).map((row) => `  ${row}`)];
}

/** In one line. */
export function describePromotion({ cluster, kind, by, from, to, step, pending, steps }: PromotionMessage): string {
  const head = `cluster ${cluster}: ${kind} by ${by} from ${from ?? 'nobody'} to ${to ?? 'whom Sentinels choose'}`;
  if (step === 'aborted') return `${head}: given up: ${steps.at(-1)?.detail ?? ''}`;
  if (step !== 'done') return `${head}: under way, at ${step}`;
  if (pending.length === 0) return `${head}: done`;
  return `${head}: done, but nothing is sent to ${pending.join(', ')} before it follows`;
}

export function renderPlan(cluster: string, plan: PromotionPlanMessage): string[] {
  const { kind, from, to, offset, gap_bytes: gap, candidates, refusal } = plan;
  const whom = to ?? (plan.way === 'sentinel' ? 'whom Sentinels choose' : 'nobody');
  const behind = to === null ? '' : `, offset ${offset ?? 'not told'}, ${describeGap(gap)}`;
  const head = `cluster ${cluster}: ${kind} from ${from ?? 'nobody'} to ${whom}${behind}`;
  const verdict =
    refusal === null
      ? 'it would be done; to have passed now is no promise'
      : `it would be refused: ${refusal.reason}${refusal.forcible ? ' (--force)' : ''}`;
  const rows = candidates.map(({ address, priority, offset: at, gap_bytes: lacks, excluded }) => {
    return [address, `${priority}`, `${at ?? '?'}`, `${lacks ?? '?'}`, excluded ?? 'candidate'];
  });
  const table = rows.length === 0 ? [] : renderTable([['ADDRESS', 'PRIORITY', 'OFFSET', 'GAP', 'WHY NOT'], ...rows]);
  return [head, verdict, ...table].map(toPrintable);
}

function describeGap(bytes: number | null): string {
  return bytes === null ? 'what it lacks is not known' : `${bytes} bytes behind`;
}
