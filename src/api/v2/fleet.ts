// Whether everybody is there and in sync: one judgement for the status, a commit that waits and the exit codes.

import { clientState } from '../../xds/client.ts';
import type { Client } from '../../xds/client.ts';
import { checkExpectation } from '../../xds/expectation.ts';
import type { Expectation } from '../../xds/expectation.ts';
import { returnTimeMs } from '../../xds/presence.ts';
import { isoTime } from './iso-time.ts';
import type { ExpectedMessage, ReturningMessage } from './messages.ts';

/** A start that found something committed, so that there may be a fleet that knows of it. */
export interface Start {
  /** By the monotonic clock. */
  readonly atMs: number;
  /** How long a fleet of which nobody comes back counts as missing; 0: not at all. */
  readonly goneTimeMs: number;
}

export interface Fleet {
  readonly isInSync: boolean;
  readonly returning: ReturningMessage | null;
  readonly expected: ExpectedMessage | null;
}

/**
 * @param clients all that count.
 * @param goneCount how many went and are not forgotten.
 */
export function judgeFleet(
  clients: readonly Client[],
  goneCount: number,
  start: Start | undefined,
  expectation: Expectation | undefined,
): Fleet {
  const returning = buildReturning(start, clients.length > 0);
  const expected = expectation === undefined ? null : buildExpected(expectation, clients);
  const isComplete = expected?.is_met ?? (goneCount === 0 && returning === null);
  return { isInSync: isComplete && clients.every((client) => clientState(client) === 'synced'), returning, expected };
}

/** Until when a commit waits for who may come back, by the monotonic clock. */
export function returningUntilMs(start: Start | undefined): number {
  return start === undefined ? 0 : start.atMs + Math.min(returnTimeMs, start.goneTimeMs);
}

// While some are there, the others are given the time that Envoy takes to try again; while nobody is, there is more
// amiss than that.
function buildReturning(start: Start | undefined, isSomebodyThere: boolean): ReturningMessage | null {
  if (start === undefined) return null;
  const untilMs = isSomebodyThere ? returningUntilMs(start) : start.atMs + start.goneTimeMs;
  const agoMs = performance.now() - start.atMs;
  return performance.now() < untilMs ? { started: isoTime(start.atMs), started_ms_ago: Math.round(agoMs) } : null;
}

function buildExpected(expectation: Expectation, clients: readonly Client[]): ExpectedMessage {
  const { inSync, missing, isMet } = checkExpectation(expectation, clients);
  const { atLeast = null, nodeIds } = expectation;
  return { at_least: atLeast, expect: nodeIds, in_sync: inSync, missing, is_met: isMet };
}
