// Why a type on a stream is not in sync, in words.

import type { StreamStatus, TypeStatus } from '../../xds/stream-status.ts';
import { isoTime } from './iso-time.ts';

/** One line; null when the client runs the newest. The text of a refusal is the client's own. */
export function describeReason(type: TypeStatus, stream: StreamStatus): string | null {
  if (type.state === 'synced') return null;
  if (type.state === 'error') return type.lastNack?.message ?? 'refused';
  if (type.unansweredSinceMs !== undefined) return `sent, not answered since ${isoTime(type.unansweredSinceMs)}`;
  return `not sent: ${describeObstacle(type, stream)}`;
}

// All that was sent of this type is answered: what is missing waits for something else. First answers are held back
// by nothing but a client that does not read; later ones also by make-before-break.
function describeObstacle({ state }: TypeStatus, { types }: StreamStatus): string {
  const isOtherUnanswered = types.some(({ unansweredSinceMs }) => unansweredSinceMs !== undefined);
  if (state === 'not-sent') return isOtherUnanswered ? 'the client does not read' : 'nothing was committed yet';
  return isOtherUnanswered ? 'held back until the other types on its stream are answered' : 'about to be sent';
}
