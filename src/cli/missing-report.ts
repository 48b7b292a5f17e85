// Who is not there and should be, as the commands print it.

import type { ExpectedMessage, GoneMessage, ReturningMessage } from '../api/v2/messages.ts';
import { toPrintable } from './printable.ts';
import { roughDuration } from './rough-duration.ts';

const maxLines = 100;

/** A line per node that went. */
export function renderGone(gone: readonly GoneMessage[]): string[] {
  const lines = gone.slice(-maxLines).map(({ node_id: nodeId, gone_since: goneSince, connected_since: cameSince }) => {
    const wasThere = roughDuration(Date.parse(goneSince) - Date.parse(cameSince));
    return toPrintable(`gone since ${goneSince} (was there ${wasThere}): ${nodeId}`);
  });
  return gone.length > maxLines ? [`${gone.length - maxLines} more have gone before:`, ...lines] : lines;
}

/** What was expected and is not so, by line. */
export function renderUnmet(expected: ExpectedMessage | null): string[] {
  if (expected === null) return [];
  const { at_least: atLeast, in_sync: inSync, missing } = expected;
  const lines: string[] = [];
  if (atLeast !== null && inSync < atLeast) lines.push(`expected at least ${atLeast} in sync: there are ${inSync}`);
  if (missing.length > 0) lines.push(toPrintable(`expected in sync, and not: ${missing.join(', ')}`));
  return lines;
}

/** That there may be more than those that are there; where nobody is, {@link describeNobody} says so. */
export function renderReturning(returning: ReturningMessage | null, thereCount: number): string[] {
  return returning === null || thereCount === 0 ? [] : [`${describeStart(returning)}: others may be yet to come back`];
}

/** In place of counts, when nobody is there. */
export function describeNobody(returning: ReturningMessage | null): string {
  return returning === null ? 'no clients' : `no clients yet, ${describeStart(returning)}`;
}

function describeStart({ started_ms_ago: agoMs }: ReturningMessage): string {
  return `started ${roughDuration(agoMs)} ago`;
}
