// What the control plane says of what happened, by its own clock, as moments of a drill.

import type { EventMessage } from '../../src/api/v2/messages.ts';
import type { Moment } from './timeline.ts';

/** What is worth a line; of the rest there is none. */
const lines: Readonly<Partial<Record<EventMessage['type'], (event: EventMessage) => string>>> = {
  'server-suspect': () => 'suspected',
  'server-down': () => 'found down',
  'server-up': () => 'found up',
  'server-left-out': () => 'published: left out',
  'server-back': () => 'published: let in again',
  'primary-changed': ({ data }) => `published: ${String(data?.['to'])} takes the writes`,
  'failover-step': ({ data }) => `promotion: ${String(data?.['step'])}`,
  sentinel: ({ data }) => `Sentinel: ${String(data?.['event'])}`,
};

// Of the many that each of them says; each Sentinel says it.
const electionEvents = ['+sdown', '+odown', '+elected-leader', '+selected-slave', '+switch-master'];

/**
 * Of those from a moment on (Unix, ms).
 * @param server ADDRESS:PORT: what is seen of others is left out.
 */
export function momentsOf(events: readonly EventMessage[], server: string, fromMs: number): Moment[] {
  const moments = events.flatMap((event): Moment[] => {
    const atMs = Date.parse(event.at);
    // Their times are whole milliseconds.
    if (atMs < Math.floor(fromMs) || isOfAnother(event, server)) return [];
    const what = lines[event.type]?.(event);
    return what === undefined ? [] : [{ what, atMs: Math.max(atMs, fromMs) }];
  });
  return moments.filter(({ what }, index) => {
    return !what.startsWith('Sentinel:') || moments.findIndex((other) => other.what === what) === index;
  });
}

function isOfAnother({ type, server, data }: EventMessage, watched: string): boolean {
  if (type === 'sentinel') return !electionEvents.includes(String(data?.['event']));
  return type.startsWith('server-') && server !== watched;
}
