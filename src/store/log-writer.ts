// Writes one entry into the tables of schema 4: into the log, and its fold into all others. At the cost of what it
// changes. Runs in a transaction that the caller has begun; throws SQLite's own errors.

import type { DatabaseSync, StatementSync } from 'node:sqlite';

import type { ClusterEdit } from '../inventory/cluster.ts';
import { listEdits } from '../inventory/edits.ts';
import type { ObjectEdit } from '../inventory/edits.ts';
import { isStandingVerb } from '../orders/order.ts';
import { hasServer } from '../orders/standing.ts';
import { findDrainingEdits, toDraining } from './draining-edits.ts';
import type { Draining } from './draining-edits.ts';
import { renderEntryBody } from './entry-row.ts';
import { LogBounds } from './log-bounds.ts';
import { addressesKey, notesKey, outagesKey, routesKey, secretKeyKey } from './log-schema.ts';
import type { DiscardEntry, DrainingEdit, Entry, KeptRoutes, OutageChanges } from './log-store.ts';
import type { LoggedCommit, NumberedEntry, OrderEntry, StageEntry } from './log-store.ts';
import { LogTrimmer } from './log-trimmer.ts';
import { renderRoutes } from './routes-row.ts';
import { storedTextOf } from './stored-object.ts';
import { summarize } from './summary.ts';
import type { Change } from './summary.ts';
import { weightOf } from './trimming.ts';

const statements = {
  log: 'INSERT INTO log (number, at_ms, author, type, total, body) VALUES (?, ?, ?, ?, ?, ?)',
  stage: `
    INSERT INTO staged (kind, name, content, author, at_ms) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET content = excluded.content, author = excluded.author, at_ms = excluded.at_ms`,
  unstage: 'DELETE FROM staged WHERE kind = ? AND name = ?',
  unstageSame: 'DELETE FROM staged WHERE kind = ? AND name = ? AND content IS ?',
  findCommitted: 'SELECT content FROM committed WHERE kind = ? AND name = ?',
  commit: `
    INSERT INTO committed (kind, name, content) VALUES (?, ?, ?)
    ON CONFLICT DO UPDATE SET content = excluded.content`,
  uncommit: 'DELETE FROM committed WHERE kind = ? AND name = ?',
  drain: `
    INSERT INTO draining (name, content, until_ms, was_catch_all, followed) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET content = excluded.content, until_ms = excluded.until_ms,
      was_catch_all = excluded.was_catch_all, followed = excluded.followed`,
  undrain: 'DELETE FROM draining WHERE name = ?',
  keep: `
    INSERT INTO meta (key, value) VALUES (?, ?)
    ON CONFLICT DO UPDATE SET value = excluded.value WHERE value IS NOT excluded.value`,
  forget: 'DELETE FROM meta WHERE key = ?',
  newestRevision: 'SELECT revision FROM revisions ORDER BY revision DESC LIMIT 1',
  revision: `
    INSERT INTO revisions (revision, at_ms, author, message, rollback_to, summary, entry) VALUES (?, ?, ?, ?, ?, ?, ?)`,
  order: `
    INSERT INTO orders (cluster, server, kind, author, at_ms, until_ms, message) VALUES (?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET kind = excluded.kind, author = excluded.author, at_ms = excluded.at_ms,
      until_ms = excluded.until_ms, message = excluded.message`,
  unorder: 'DELETE FROM orders WHERE cluster = ? AND server = ?',
  unorderOver: 'DELETE FROM orders WHERE until_ms <= ?',
  ordered: 'SELECT server FROM orders WHERE cluster = ?',
  change: 'INSERT INTO revision_changes (revision, kind, name, before) VALUES (?, ?, ?, ?)',
} as const;

/** What a commit changes, each object as its content. */
interface ContentChange extends Change {
  readonly before: string | undefined;
}

export interface Appended {
  readonly number: number;
  /** All that drains from now on. */
  readonly draining: Draining;
}

export class LogWriter {
  readonly #statements: Readonly<Record<keyof typeof statements, StatementSync>>;
  readonly #bounds: LogBounds;
  readonly #trimmer: LogTrimmer;

  constructor(db: DatabaseSync, keptRevisions: number) {
    const prepared = Object.entries(statements).map(([name, sql]) => [name, db.prepare(sql)]);
    this.#statements = Object.fromEntries(prepared);
    this.#bounds = new LogBounds(db);
    this.#trimmer = new LogTrimmer(db, keptRevisions);
  }

  /** See LogStore. @param draining all that drained before, as it is in the table. */
  append(expected: number, entry: Entry, draining: Draining): Appended | undefined {
    const last = this.#bounds.end();
    if (last.number !== expected) return undefined;
    if (entry.type === 'commit' && entry.revision !== this.#findNewestRevision() + 1) return undefined;
    const drainingNow = entry.type === 'commit' ? toDraining(entry.draining) : draining;
    const numbered = this.#number(entry, last.number + 1, draining, drainingNow);
    const { number, atMs, author, type } = numbered;
    const changes = this.#fold(numbered, drainingNow);
    const total = last.total + weightOf(numbered);
    this.#statements.log.run(number, atMs, author, type, total, renderEntryBody(numbered));
    this.#trimmer.trim(this.#findNewestRevision(), changes);
    return { number, draining: drainingNow };
  }

  /** See LogStore. */
  keepSecretKey(wrapped: string): void {
    this.#statements.keep.run(secretKeyKey, wrapped);
  }

  /** See LogStore. */
  keepAddresses(changes: ReadonlyMap<string, readonly string[] | undefined>): void {
    for (const [name, addresses] of changes) this.#keep(addressesKey + name, addresses);
  }

  /** See LogStore. */
  keepOutages(changes: OutageChanges): void {
    for (const [name, out] of changes) this.#keep(outagesKey + name, out && Object.fromEntries(out));
  }

  /** See LogStore. */
  keepNotes(changes: ReadonlyMap<string, string | undefined>): void {
    for (const [name, text] of changes) this.#keep(notesKey + name, text);
  }

  #keep(key: string, value: unknown): void {
    if (value === undefined) this.#statements.forget.run(key);
    else this.#statements.keep.run(key, JSON.stringify(value));
  }

  #number(entry: Entry, number: number, before: Draining, now: Draining): NumberedEntry {
    if (entry.type !== 'commit') return { ...entry, number };
    const committedContent = (name: string) => this.#findCommitted({ kind: 'cluster', name });
    return { ...entry, number, draining: findDrainingEdits(before, committedContent, now) };
  }

  /** Gives how many objects were changed for good. */
  #fold(entry: NumberedEntry, draining: Draining): number {
    switch (entry.type) {
      case 'stage':
        this.#stage(entry);
        return 0;
      case 'discard':
        this.#discard(entry);
        return 0;
      case 'commit':
        return this.#commit(entry, draining);
      case 'order':
        this.#order(entry);
        return 0;
    }
  }

  #stage({ edits, author, atMs }: StageEntry): void {
    for (const edit of listEdits(edits)) {
      const { kind, name } = edit;
      const content = contentAfter(edit);
      if (content === this.#findCommitted(edit)) this.#statements.unstage.run(kind, name);
      else this.#statements.stage.run(kind, name, content ?? null, author, atMs);
    }
  }

  #discard({ objects }: DiscardEntry): void {
    for (const { kind, name } of objects) this.#statements.unstage.run(kind, name);
  }

  #commit(entry: LoggedCommit & NumberedEntry, draining: Draining): number {
    const changes = listEdits(entry.edits)
      .map((edit) => this.#commitEdit(edit))
      .filter(({ before, after }) => before !== after);
    const { revision, atMs, author, message, rollbackTo = null, number } = entry;
    const summary = JSON.stringify(summarize(changes));
    this.#statements.revision.run(revision, atMs, author, message, rollbackTo, summary, number);
    for (const { kind, name, before = null } of changes) this.#statements.change.run(revision, kind, name, before);
    for (const edit of entry.draining) this.#drain(edit, draining);
    this.#keepRoutes(entry.routes);
    this.#statements.unorderOver.run(atMs);
    for (const edit of entry.edits.clusters) this.#endOrders(edit);
    return changes.length;
  }

  #order({ order, cluster, server, author, atMs, untilMs, message }: OrderEntry): void {
    const terms = [untilMs ?? null, message ?? null];
    this.#statements.unorderOver.run(atMs);
    if (isStandingVerb(order)) this.#statements.order.run(cluster, server, order, author, atMs, ...terms);
    else this.#statements.unorder.run(cluster, server);
  }

  // A server that is there no more has none.
  #endOrders({ name, after }: ClusterEdit): void {
    for (const { server } of this.#statements.ordered.all(name)) {
      if (after === undefined || !hasServer(after, String(server))) this.#statements.unorder.run(name, String(server));
    }
  }

  #commitEdit(edit: ObjectEdit): ContentChange {
    const { kind, name } = edit;
    const before = this.#findCommitted(edit);
    const after = contentAfter(edit);
    if (after === undefined) this.#statements.uncommit.run(kind, name);
    else if (after !== before) this.#statements.commit.run(kind, name, after);
    this.#statements.unstageSame.run(kind, name, after ?? null);
    return { kind, name, before, after };
  }

  #drain({ name, after }: DrainingEdit, draining: Draining): void {
    const cluster = draining.get(name)?.cluster;
    if (after === undefined || cluster === undefined) this.#statements.undrain.run(name);
    else {
      const { untilMs, wasCatchAll, followed = null } = after;
      this.#statements.drain.run(name, storedTextOf('cluster', cluster), untilMs, Number(wasCatchAll), followed);
    }
  }

  #keepRoutes(routes: KeptRoutes | undefined): void {
    if (routes === undefined) this.#statements.forget.run(routesKey);
    else this.#statements.keep.run(routesKey, renderRoutes(routes));
  }

  #findNewestRevision(): number {
    return Number(this.#statements.newestRevision.get()?.['revision'] ?? 0);
  }

  #findCommitted({ kind, name }: Pick<ObjectEdit, 'kind' | 'name'>): string | undefined {
    const row = this.#statements.findCommitted.get(kind, name);
    return row && String(row['content']);
  }
}

function contentAfter({ kind, after }: ObjectEdit): string | undefined {
  return after && storedTextOf(kind, after);
}
