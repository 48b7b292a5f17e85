// Why a type on a stream is not in sync, in words.

import type { StreamStatus, TypeStatus } from '../../xds/stream-status.ts';
import type { Unasked } from '../../xds/unasked.ts';
import { isoTime } from './iso-time.ts';

/** One line; null when the client runs the newest. The text of a refusal is the client's own. */
export function describeReason(type: TypeStatus, stream: StreamStatus): string | null {
  if (type.state === 'synced') return null;
  if (type.state === 'error') return type.lastNack?.message ?? 'refused';
  if (stream.unwrittenSinceMs !== undefined) {
    return `not read: the last response is still in our send buffer since ${isoTime(stream.unwrittenSinceMs)}`;
  }
  if (type.unansweredSinceMs !== undefined) return `sent, not answered since ${isoTime(type.unansweredSinceMs)}`;
  return `not sent: ${describeObstacle(type, stream)}`;
}

/** Why it is stale though all that it asked for is in force; null when it asks for all. */
export function describeUnasked(unasked: Unasked | undefined): string | null {
  if (unasked === undefined) return null;
  const { count, names, sinceMs } = unasked;
  const clusters = count === 1 ? 'a cluster' : `${count} clusters`;
  const others = count > names.length ? ` and ${count - names.length} more` : '';
  return `not asked for the endpoints of ${clusters} that it took at ${isoTime(sinceMs)}: ${names.join(', ')}${others}`;
}

/** Why a client waits that asked for nothing that is published. */
export function describeUnknownOnly(unknownTypes: readonly string[]): string {
  const asked = unknownTypes.length === 0 ? '' : `, but for ${unknownTypes.join(', ')}`;
  return `asked for nothing that is published${asked}`;
}

// All that was sent of this type is answered: what is missing waits for something else. First answers are not held
// back by make-before-break.
function describeObstacle({ state, pause }: TypeStatus, { types, hasSnapshot }: StreamStatus): string {
  if (!hasSnapshot) return 'nothing was committed yet';
  const isOtherUnanswered = types.some(({ unansweredSinceMs }) => unansweredSinceMs !== undefined);
  if (state === 'stale' && isOtherUnanswered) return 'held back until the other types on its stream are answered';
  if (pause !== undefined) return describePause(pause);
  const isOtherPaused = types.some((type) => type.pause !== undefined);
  return state === 'stale' && isOtherPaused ? 'held back until listeners are sent and answered' : 'about to be sent';
}

function describePause({ untilMs, everyMs }: NonNullable<TypeStatus['pause']>): string {
  const everyS = Math.round(everyMs / 100) / 10;
  return `held back until ${isoTime(untilMs)}: listeners go out at most every ${everyS} s`;
}
