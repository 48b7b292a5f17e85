// One promotion as it is kept, before each of its steps: a failover that the control plane makes by itself, or a
// switchover or promotion that an operator told. Whoever starts next goes on from it (docs/adr/0038). Pure.

import type { History } from '../effective/seen.ts';

/** In this order; a promotion that changes nothing any more is `done`, one that was given up `aborted`. */
export const steps = [
  'detecting',
  'candidate',
  'fencing',
  'fenced',
  'promoting',
  'verified',
  'routed',
  'repointing',
  'done',
  'aborted',
] as const;

export type Step = (typeof steps)[number];

/**
 * `failover`: the primary is dead; `switchover`: planned, and loses no write; `promote`: an operator says that the
 * primary is to be given up.
 */
export const promotionKinds = ['failover', 'switchover', 'promote'] as const;

export type PromotionKind = (typeof promotionKinds)[number];

/**
 * How a switchover is made. `pause`: writes are paused until the replica has them all; `takeover`: Dragonfly does it
 * itself; `sentinel`: a Sentinel is told to, and is followed.
 */
export const ways = ['pause', 'takeover', 'sentinel'] as const;

export type Way = (typeof ways)[number];

/** Times are wall-clock time (Unix, ms). */
export interface StepTaken {
  readonly step: Step;
  readonly atMs: number;
  /** One line. */
  readonly detail: string;
}

/** Servers are ADDRESS:PORT as Envoys dial them. */
export interface PromotionRecord {
  readonly cluster: string;
  readonly kind: PromotionKind;
  readonly way: Way;
  /** Who told it; `controlplane` of a failover. */
  readonly by: string;
  /** The primary of before; undefined: there was none. */
  readonly from?: string | undefined;
  /** Who takes its place; undefined: Sentinels choose. */
  readonly to?: string | undefined;
  /** Also what the rules for candidates exclude. */
  readonly force?: boolean | undefined;
  readonly step: Step;
  readonly startedAtMs: number;
  /** Oldest first; the last one is `step`. */
  readonly steps: readonly StepTaken[];
  /** The old primary as it was last heard of, or when it was paused. */
  readonly reference?: History | undefined;
  readonly referenceKeys?: number | undefined;
  /** How many bytes of it the new one did not have; undefined: not known. */
  readonly gapBytes?: number | undefined;
  /**
   * Servers that may take themselves for primary, or follow who is none, and could not be told otherwise yet: they are
   * not routed to until they follow the primary.
   */
  readonly pending: readonly string[];
  /** By whom its cool-down was ended. */
  readonly acknowledgedBy?: string | undefined;
}

/** What is kept of one cluster. */
export interface KeptPromotions {
  /** Nothing is promoted by itself until it is resumed. */
  readonly paused?: { readonly by: string; readonly atMs: number } | undefined;
  /** Oldest first; only the last one may be open. */
  readonly records: readonly PromotionRecord[];
}

export const nothingKept: KeptPromotions = { records: [] };

// Of one cluster; older ones are told by the events.
const maxRecords = 10;

export function isOver({ step }: Pick<PromotionRecord, 'step'>): boolean {
  return step === 'done' || step === 'aborted';
}

/** When it was over; undefined: it is not. */
export function endedAtMsOf(record: PromotionRecord): number | undefined {
  return isOver(record) ? record.steps.at(-1)?.atMs : undefined;
}

/** The record one step on. */
export function advance(
  record: PromotionRecord,
  step: Step,
  atMs: number,
  detail: string,
  more: Partial<Pick<PromotionRecord, 'to' | 'reference' | 'gapBytes' | 'pending'>> = {},
): PromotionRecord {
  return { ...record, ...more, step, steps: [...record.steps, { step, atMs, detail }] };
}

/** Its last step said in other words. */
export function redescribe(record: PromotionRecord, detail: string): PromotionRecord {
  const steps = record.steps.map((taken, index) => (index === record.steps.length - 1 ? { ...taken, detail } : taken));
  return { ...record, steps };
}

/** With the record in place of the last one if that is the same promotion, or after it. */
export function withRecord(kept: KeptPromotions, record: PromotionRecord): KeptPromotions {
  const last = kept.records.at(-1);
  const isSame = last !== undefined && last.startedAtMs === record.startedAtMs && last.kind === record.kind;
  const others = isSame ? kept.records.slice(0, -1) : kept.records;
  return { ...kept, records: [...others, record].slice(-maxRecords) };
}

/** As text that {@link parseKept} reads back. */
export function formatKept(kept: KeptPromotions): string {
  return JSON.stringify(kept);
}

/** @throws Error that says in a few words what is wrong. */
export function parseKept(text: string): KeptPromotions {
  const { paused, records } = JSON.parse(text) as Partial<KeptPromotions>;
  if (!Array.isArray(records)) throw new Error('it has no records');
  for (const record of records as readonly Partial<PromotionRecord>[]) requireRecord(record);
  return { ...(paused && { paused }), records };
}

function requireRecord(record: Partial<PromotionRecord>): void {
  const { cluster, kind, way, step, startedAtMs, steps: taken, pending } = record;
  if (typeof cluster !== 'string' || typeof startedAtMs !== 'number') throw new Error('a record has no name or time');
  if (!Array.isArray(taken) || !Array.isArray(pending)) throw new Error('a record has no steps, or nobody pending');
  const isKnown = promotionKinds.some((each) => each === kind) && ways.some((each) => each === way);
  if (!isKnown || !steps.some((each) => each === step)) {
    throw new Error(`a record is of no known kind, way or step: ${String(kind)}, ${String(way)}, ${String(step)}`);
  }
}
