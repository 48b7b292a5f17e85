// The events in the database, beside the log: a row each, the newest kept.

import type { DatabaseSync, StatementSync } from 'node:sqlite';

import { keptEvents } from '../events/event-store.ts';
import type { EventFilter } from '../events/event-store.ts';
import { eventTypes } from '../events/event.ts';
import type { EventData, EventType, NumberedEvent } from '../events/event.ts';
import { parseJson, parseNumber, parseObject, parseOptional, parseText, readRow } from './fields.ts';
import type { Fields } from './fields.ts';

const statements = {
  last: 'SELECT id FROM events ORDER BY id DESC LIMIT 1',
  insert: 'INSERT INTO events (id, at_ms, type, cluster, body) VALUES (?, ?, ?, ?, ?)',
  trim: 'DELETE FROM events WHERE id <= ?',
  after: `
    SELECT id, at_ms, type, cluster, body FROM events
    WHERE id > ?1 AND (?2 IS NULL OR cluster = ?2) AND (?3 IS NULL OR type = ?3) ORDER BY id LIMIT ?4`,
} as const;

export class EventTable {
  readonly #statements: Readonly<Record<keyof typeof statements, StatementSync>>;

  constructor(db: DatabaseSync) {
    const prepared = Object.entries(statements).map(([name, sql]) => [name, db.prepare(sql)]);
    this.#statements = Object.fromEntries(prepared);
  }

  /** See EventStore, as all below. */
  last(): number {
    return Number(this.#statements.last.get()?.['id'] ?? 0);
  }

  keep(events: readonly NumberedEvent[]): void {
    for (const event of events) {
      const { id, atMs, type, cluster = null } = event;
      this.#statements.insert.run(id, atMs, type, cluster, renderBody(event));
    }
    this.#statements.trim.run(this.last() - keptEvents);
  }

  after(id: number, limit: number, { cluster = null, type = null }: Nullable<EventFilter> = {}): NumberedEvent[] {
    const rows = this.#statements.after.all(id, cluster, type, limit);
    return rows.map((row) => readRow('events', row['id'], () => parseEvent(row)));
  }
}

type Nullable<T> = { readonly [Key in keyof T]: T[Key] | null };

/** `{"server"?, "message", "data"?}` */
function renderBody({ server, message, data }: NumberedEvent): string {
  return JSON.stringify({ server, message, data });
}

function parseEvent(row: Fields): NumberedEvent {
  const { server, message, data } = parseObject(parseJson(row['body']));
  return {
    id: parseNumber('id', row['id']),
    atMs: parseNumber('at_ms', row['at_ms']),
    type: parseType(row['type']),
    cluster: parseOptional(parseText, 'cluster', row['cluster']),
    server: parseOptional(parseText, 'server', server),
    message: parseText('message', message),
    data: parseOptional((_field, value) => parseObject(value) as EventData, 'data', data),
  };
}

function parseType(value: unknown): EventType {
  const type = eventTypes.find((each) => each === value);
  if (type === undefined) throw new Error(`type is none of ${eventTypes.join(', ')}`);
  return type;
}
