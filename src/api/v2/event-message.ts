// An event as /api/v2 tells it.

import type { NumberedEvent } from '../../events/event.ts';
import type { EventMessage } from './messages.ts';

export function buildEventMessage({ id, atMs, type, cluster, server, message, data }: NumberedEvent): EventMessage {
  return {
    id,
    at: new Date(atMs).toISOString(),
    type,
    ...(cluster !== undefined && { cluster }),
    ...(server !== undefined && { server }),
    message,
    ...(data !== undefined && { data }),
  };
}
