// What a promotion stands on: ports to servers, Envoys, the disk and the clock.

import type { Acts } from './acts.ts';
import type { CandidateRules } from './candidates.ts';
import type { PromotionRecord } from './record.ts';

/** Knows what Envoys have taken of what is published. */
export interface Fence {
  /** Waits until every Envoy has taken the newest, or the time is up. Never rejects. */
  acked(limitMs: number): Promise<Acked>;
}

export interface Acked {
  readonly acked: number;
  readonly total: number;
  /** Who has not, by node id. */
  readonly missing: readonly string[];
}

export interface Clock {
  /** Wall-clock time (Unix, ms). */
  wallMs(): number;
  /** Monotonic (ms). */
  steadyMs(): number;
  wait(ms: number): Promise<void>;
}

/** In ms. */
export interface Limits {
  /** For every Envoy to take what is published. */
  readonly fenceMs: number;
  /** For a server that was promoted to say that it is the primary. */
  readonly verifyMs: number;
  /** Writes are paused for so long; all below together has to take less. */
  readonly pauseMs: number;
  /** For the replica to have all of a paused primary. */
  readonly equalMs: number;
  /** For every Envoy, while writes are paused. */
  readonly switchMs: number;
  /** For what was asked of the old primary to be answered before its clients are cut. */
  readonly quietMs: number;
  /** For Sentinels to fail over. */
  readonly sentinelMs: number;
}

export const defaultLimits: Limits = {
  fenceMs: 10_000,
  verifyMs: 2_000,
  pauseMs: 15_000,
  equalMs: 4_000,
  switchMs: 4_000,
  quietMs: 500,
  sentinelMs: 60_000,
};

export interface Ground {
  readonly acts: Acts;
  readonly fence: Fence;
  readonly clock: Clock;
  readonly limits: Limits;
  /** Durably, before what it is about to do; what is published follows it when it resolves. */
  readonly keep: (record: PromotionRecord) => Promise<void>;
  /** All servers of the cluster, as they are declared now, by ADDRESS:PORT. */
  readonly servers: () => readonly string[];
  /** Who may be promoted, as things stand. */
  readonly rules: (record: PromotionRecord) => CandidateRules;
  /** That nothing is to be promoted without being told to, in a few words; undefined: it may be. */
  readonly pause: () => string | undefined;
  /** Who is published as the primary. */
  readonly primary: () => string | undefined;
}

/** `3 of 4 Envoys have taken it; not: edge-1`. */
export function describeAcked({ acked, total, missing }: Acked): string {
  const shown = missing.slice(0, 5).join(', ');
  const more = missing.length > 5 ? ` and ${missing.length - 5} more` : '';
  return `${acked} of ${total} Envoys have taken it${missing.length === 0 ? '' : `; not: ${shown}${more}`}`;
}
