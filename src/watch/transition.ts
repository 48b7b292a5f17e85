// A server that came into another state, as an event.

import type { SeenServer, ServerState } from '../effective/seen.ts';
import type { EventType, NewEvent } from '../events/event.ts';

const typeOf: Readonly<Record<ServerState, EventType | undefined>> = {
  // It never answered: nothing has happened.
  unknown: undefined,
  up: 'server-up',
  suspect: 'server-suspect',
  down: 'server-down',
  recovering: 'server-recovering',
};

/** Undefined: there is nothing to tell. */
export function transitionEvent(cluster: string, server: string, seen: SeenServer): NewEvent | undefined {
  const { state, sinceMs, reason, role } = seen;
  const type = typeOf[state];
  if (type === undefined) return undefined;
  const why = reason === undefined ? '' : `: ${reason}`;
  return {
    type,
    atMs: sinceMs,
    cluster,
    server,
    message: `cluster ${JSON.stringify(cluster)}: ${server} is ${state}${why}`,
    ...(role !== undefined && { data: { role } }),
  };
}
