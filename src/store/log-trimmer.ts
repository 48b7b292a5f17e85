// Removes from the tables of schema 4 what is kept no more, some rows with each append. Runs in its transaction.

import type { DatabaseSync, StatementSync } from 'node:sqlite';

import { LogBounds } from './log-bounds.ts';
import { spareRemovals } from './trimming.ts';

const statements = {
  revisions: 'DELETE FROM revisions WHERE revision <= ?',
  oldestChange: 'SELECT revision FROM revision_changes ORDER BY revision LIMIT 1',
  changes: `
    DELETE FROM revision_changes WHERE (revision, kind, name) IN (
      SELECT revision, kind, name FROM revision_changes WHERE revision <= ? ORDER BY revision LIMIT ?)`,
  oldestEntries: 'SELECT number, total FROM log ORDER BY number LIMIT ?',
  entries: 'DELETE FROM log WHERE number <= ?',
} as const;

export class LogTrimmer {
  readonly #statements: Readonly<Record<keyof typeof statements, StatementSync>>;
  readonly #bounds: LogBounds;
  readonly #keptRevisions: number;

  constructor(db: DatabaseSync, keptRevisions: number) {
    const prepared = Object.entries(statements).map(([name, sql]) => [name, db.prepare(sql)]);
    this.#statements = Object.fromEntries(prepared);
    this.#bounds = new LogBounds(db);
    this.#keptRevisions = keptRevisions;
  }

  /** @param changes how many the entry that was just written brought: so many and a few more may go. */
  trim(newestRevision: number, changes: number): void {
    const newestGone = newestRevision - this.#keptRevisions;
    // A revision without its row does not count, so that rows of its changes may stay for a while.
    this.#statements.revisions.run(newestGone);
    const oldestChange = Number(this.#statements.oldestChange.get()?.['revision'] ?? Infinity);
    if (oldestChange <= newestGone) this.#statements.changes.run(newestGone, changes + spareRemovals);
    const lastEntryGone = this.#findLastEntryGone(1 + spareRemovals);
    if (lastEntryGone > 0) this.#statements.entries.run(lastEntryGone);
  }

  /** Of the oldest entries, so many at most, the last that is kept no more; 0: there is none. */
  #findLastEntryGone(limit: number): number {
    const [begin, floor] = [this.#bounds.begin(), this.#bounds.floor()];
    let last = 0;
    for (const { number, total } of this.#statements.oldestEntries.iterate(limit)) {
      if (Number(number) >= begin && Number(total) > floor) break;
      last = Number(number);
    }
    return last;
  }
}
