// Why a type on a stream is not in sync, in words.

import type { StreamStatus, TypeStatus } from '../../xds/stream-status.ts';
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

// All that was sent of this type is answered: what is missing waits for something else. First answers are not held
// back by make-before-break.
function describeObstacle({ state }: TypeStatus, { types, hasSnapshot }: StreamStatus): string {
  if (!hasSnapshot) return 'nothing was committed yet';
  const isOtherUnanswered = types.some(({ unansweredSinceMs }) => unansweredSinceMs !== undefined);
  const isHeldBack = state === 'stale' && isOtherUnanswered;
  return isHeldBack ? 'held back until the other types on its stream are answered' : 'about to be sent';
}
