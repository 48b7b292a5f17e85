// Reads the tables of schema 2 to 4, and checks what it reads. Throws an Error that names the table and the row when a
// row does not hold what it should, and SQLite's own errors.

import { isIP } from 'node:net';
import type { DatabaseSync, StatementSync } from 'node:sqlite';

import type { DrainingCluster } from '../inventory/draining.ts';
import type { Edits } from '../inventory/edits.ts';
import { toEdits } from '../inventory/edits.ts';
import { byKind, listOfKind, objectKinds } from '../model/kinds.ts';
import type { Cluster, Config, ObjectKind } from '../model/objects.ts';
import { compareServerRefs } from '../orders/standing.ts';
import type { Orders } from '../orders/standing.ts';
import { parseEntryRow } from './entry-row.ts';
import {
  parseBit,
  parseJson,
  parseKind,
  parseList,
  parseNumber,
  parseObject,
  parseOptional,
  parseText,
  readRow,
} from './fields.ts';
import type { Fields } from './fields.ts';
import { LogBounds } from './log-bounds.ts';
import { addressesKey, notesKey, outagesKey, routesKey, schemaVersion, secretKeyKey } from './log-schema.ts';
import type { KeptOutages, KeptRoutes, LogState, NumberedEntry, Revision, StagedObject } from './log-store.ts';
import { compareText, keyOf, nameOf } from './objects.ts';
import type { StoredObject } from './objects.ts';
import { parseOrderRow } from './order-row.ts';
import { parseRoutes } from './routes-row.ts';
import { parseContent } from './stored-object.ts';
import { parseSummary } from './summary.ts';

const statements = {
  committed: 'SELECT kind, name, content FROM committed',
  staged: 'SELECT kind, name, content, author, at_ms FROM staged',
  draining: 'SELECT name, content, until_ms, was_catch_all, followed FROM draining',
  meta: 'SELECT value FROM meta WHERE key = ?',
  metaBetween: 'SELECT key, value FROM meta WHERE key >= ? AND key < ?',
  newestRevision: 'SELECT revision, entry FROM revisions ORDER BY revision DESC LIMIT 1',
  isKept: 'SELECT 1 FROM revisions WHERE revision = ?',
  revisions: `
    SELECT revision, at_ms, author, message, rollback_to, summary FROM revisions
    WHERE revision < ? ORDER BY revision DESC LIMIT ?`,
  entries: `
    SELECT number, at_ms, author, type, body FROM log
    WHERE number > ? AND number >= ? AND total > ? ORDER BY number LIMIT ?`,
  // With MIN, SQLite takes `before` from the row that has it.
  changedSince: `
    SELECT kind, name, old.before AS content
    FROM (
      SELECT kind, name, before, MIN(revision) FROM revision_changes WHERE revision > ? GROUP BY kind, name
    ) AS old
    LEFT JOIN committed USING (kind, name)
    WHERE old.before IS NOT committed.content`,
} as const;

const ordersStatement = 'SELECT cluster, server, kind, author, at_ms, until_ms, message FROM orders';

export class LogReader {
  readonly #statements: Readonly<Record<keyof typeof statements, StatementSync>>;
  readonly #bounds: LogBounds;
  // Undefined: there are none in this schema.
  readonly #orders: StatementSync | undefined;

  constructor(db: DatabaseSync, version = schemaVersion) {
    const prepared = Object.entries(statements).map(([name, sql]) => [name, db.prepare(sql)]);
    this.#statements = Object.fromEntries(prepared);
    this.#bounds = new LogBounds(db);
    this.#orders = version < 3 ? undefined : db.prepare(ordersStatement);
  }

  readState(): LogState {
    const newest = this.#statements.newestRevision.get();
    const lastEntry = this.#bounds.end().number;
    const committed = this.#readCommitted();
    if (newest === undefined && objectKinds.some((kind) => committed[listOfKind[kind]].length > 0)) {
      throw new Error('table committed: rows before the first revision');
    }
    if (Number(newest?.['entry'] ?? 0) > lastEntry) throw new Error('table log: ends before the newest revision');
    return {
      lastEntry,
      revision: Number(newest?.['revision'] ?? 0),
      committed,
      staged: this.#readStaged(),
      draining: this.readDraining(),
      routes: this.#readRoutes(),
      orders: this.#readOrders(),
      ...this.#readSecretKey(),
      ...this.#readAddresses(),
      ...this.#readOutages(),
      ...this.#readNotes(),
    };
  }

  /** In order of name. */
  readDraining(): DrainingCluster[] {
    const rows = this.#statements.draining.all();
    const draining = rows.map((row) => readRow('draining', row['name'], () => parseDrainingRow(row)));
    return draining.sort((a, b) => compareText(a.cluster.name, b.cluster.name));
  }

  entriesAfter(number: number, limit: number): NumberedEntry[] {
    const rows = this.#statements.entries.all(number, this.#bounds.begin(), this.#bounds.floor(), limit);
    return rows.map((row) => readRow('log', row['number'], () => parseEntryRow(row)));
  }

  revisions(before: number, limit: number): Revision[] {
    const rows = this.#statements.revisions.all(before, limit);
    return rows.map((row) => readRow('revisions', row['revision'], () => parseRevision(row)));
  }

  /** See LogStore. */
  editsBackTo(revision: number): Edits | undefined {
    if (this.#statements.isKept.get(revision) === undefined) return undefined;
    const edits = this.#statements.changedSince.all(revision).map((row) =>
      readRow('revision_changes', row['name'], () => {
        const object = parseRef(row);
        return { ...object, after: row['content'] === null ? undefined : parseContent(object, row['content']) };
      }),
    );
    return toEdits(edits.sort((a, b) => compareText(keyOf(a), keyOf(b))));
  }

  #readCommitted(): Config {
    const objects = byKind((): StoredObject[] => []);
    for (const row of this.#statements.committed.iterate()) {
      readRow('committed', row['name'], () => {
        const object = parseRef(row);
        objects[object.kind].push(parseContent(object, row['content']));
      });
    }
    const sorted = (kind: ObjectKind) => objects[kind].sort((a, b) => compareText(nameOf(a), nameOf(b)));
    return Object.fromEntries(objectKinds.map((kind) => [listOfKind[kind], sorted(kind)])) as unknown as Config;
  }

  #readStaged(): StagedObject[] {
    const rows = this.#statements.staged.all();
    const staged = rows.map((row) => readRow('staged', row['name'], () => parseStagedRow(row)));
    return staged.sort((a, b) => compareText(keyOf(a), keyOf(b)));
  }

  #readSecretKey(): Pick<LogState, 'secretKey'> {
    const row = this.#statements.meta.get(secretKeyKey);
    return row === undefined ? {} : { secretKey: String(row['value']) };
  }

  #readAddresses(): Pick<LogState, 'addresses'> {
    const entries = this.#readMeta(addressesKey, parseAddresses);
    return entries.length === 0 ? {} : { addresses: new Map(entries) };
  }

  #readOutages(): Pick<LogState, 'outages'> {
    const entries = this.#readMeta(outagesKey, parseOutages);
    return entries.length === 0 ? {} : { outages: new Map(entries) };
  }

  #readNotes(): Pick<LogState, 'notes'> {
    const entries = this.#readMeta(notesKey, (value) => parseText('value', value));
    return entries.length === 0 ? {} : { notes: new Map(entries) };
  }

  #readMeta<Value>(prefix: string, parse: (value: unknown) => Value): [name: string, value: Value][] {
    // Of these keys alone: '!' is what comes next to the blank at their end.
    const rows = this.#statements.metaBetween.all(prefix, prefix.trimEnd() + '!');
    return rows.map((row) => readRow('meta', row['key'], () => {
      return [parseText('key', row['key']).slice(prefix.length), parse(parseJson(row['value']))];
    }));
  }

  #readOrders(): Orders {
    const rows = this.#orders?.all() ?? [];
    return rows.map((row) => readRow('orders', row['server'], () => parseOrderRow(row))).sort(compareServerRefs);
  }

  #readRoutes(): KeptRoutes | undefined {
    const row = this.#statements.meta.get(routesKey);
    return row && readRow('meta', routesKey, () => parseRoutes(String(row['value'])));
  }
}

function parseRef({ kind, name }: Fields): { kind: ObjectKind; name: string } {
  return { kind: parseKind('kind', kind), name: parseText('name', name) };
}

function parseStagedRow(row: Fields): StagedObject {
  const object = parseRef(row);
  return {
    ...object,
    after: row['content'] === null ? undefined : parseContent(object, row['content']),
    author: parseText('author', row['author']),
    atMs: parseNumber('at_ms', row['at_ms']),
  };
}

function parseDrainingRow(row: Fields): DrainingCluster {
  const object = { kind: 'cluster', name: parseText('name', row['name']) } as const;
  return {
    cluster: parseContent(object, row['content']) as Cluster,
    untilMs: parseNumber('until_ms', row['until_ms']),
    wasCatchAll: parseBit('was_catch_all', row['was_catch_all']),
    followed: parseOptional(parseText, 'followed', row['followed']),
  };
}

function parseAddresses(value: unknown): readonly string[] {
  const addresses = parseList('value', value).map((each) => parseText('value', each));
  if (!addresses.every((each) => isIP(each) !== 0)) throw new Error('value has what is no IP address');
  return addresses;
}

function parseOutages(value: unknown): NonNullable<ReturnType<KeptOutages['get']>> {
  return new Map(
    Object.entries(parseObject(value)).map(([server, outage]) => {
      const { sinceMs, reason } = parseObject(outage);
      return [server, { sinceMs: parseNumber('sinceMs', sinceMs), reason: parseText('reason', reason) }];
    }),
  );
}

function parseRevision(row: Fields): Revision {
  return {
    revision: parseNumber('revision', row['revision']),
    atMs: parseNumber('at_ms', row['at_ms']),
    author: parseText('author', row['author']),
    message: parseText('message', row['message']),
    rollbackTo: parseOptional(parseNumber, 'rollback_to', row['rollback_to']),
    summary: parseSummary(row['summary']),
  };
}
