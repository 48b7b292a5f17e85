// What very many events of one type at one moment come to: one that says how many they are, and names some. Pure.

import type { EventData, EventType, NewEvent } from './event.ts';

/** An event, and where it stands among all that were noted. */
export interface Noted {
  readonly event: NewEvent;
  readonly place: number;
}

/** Events of one type. */
export interface Moment {
  readonly type: EventType;
  /** The first of them, at least one, in order. */
  readonly first: readonly Noted[];
  /** So many came besides. */
  readonly more: number;
}

const maxNamed = 10;
const maxQuoted = 3;

/** The events that are to be told of the moment, `most` at most, 1 at least: each, or one for each cluster, or for all. */
export function tellMoment({ type, first, more }: Moment, most: number): Noted[] {
  if (first.length + more <= most) return [...first];
  const byCluster = Map.groupBy(first, ({ event }) => event.cluster);
  if (more > 0 || byCluster.size > most) return [together(type, first, more)];
  return Array.from(byCluster.values()).flatMap((noted) => (noted.length === 1 ? noted : together(type, noted, 0)));
}

// Where the first of them stands.
function together(type: EventType, noted: readonly Noted[], more: number): Noted {
  const events = noted.map(({ event }) => event);
  const count = events.length + more;
  const clusters = namesOf(events, ({ cluster }) => cluster);
  const servers = namesOf(events, ({ server }) => server);
  const quoted = events.slice(0, maxQuoted).map(({ message }) => message);
  const rest = count > quoted.length ? [`and ${count - quoted.length} more`] : [];
  const data: EventData = {
    count,
    ...(servers.length > 0 && { servers: servers.slice(0, maxNamed) }),
    ...(clusters.length > 1 && { clusters: clusters.slice(0, maxNamed) }),
  };
  const event: NewEvent = {
    type,
    atMs: events[0]?.atMs,
    cluster: clusters.length === 1 && more === 0 ? clusters[0] : undefined,
    message: `${count} at once: ${[...quoted, ...rest].join('; ')}`,
    data,
  };
  return { event, place: noted[0]?.place ?? 0 };
}

function namesOf(events: readonly NewEvent[], nameOf: (event: NewEvent) => string | undefined): string[] {
  return [...new Set(events.flatMap((event) => nameOf(event) ?? []))];
}
