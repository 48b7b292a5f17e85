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
  const tooFew = atLeast !== null && inSync < atLeast ? [`expected at least ${atLeast} in sync: there are ${inSync}`] : [];
  return missing.length === 0 ? tooFew : [...tooFew, toPrintable(`expected in sync, and not: ${missing.join(', ')}`)];
}

/** That there may be more than those that are there; where nobody is, another line says so: see {@link describeStart}. */
export function renderReturning(returning: ReturningMessage | null, thereCount: number): string[] {
  return returning === null || thereCount === 0 ? [] : [`${describeStart(returning)}: others may be yet to come back`];
}

/** For the end of a sentence. */
export function describeStart({ started_ms_ago: agoMs }: ReturningMessage): string {
  return `started ${roughDuration(agoMs)} ago`;
}
