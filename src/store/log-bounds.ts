// Where the log ends, and where what is kept of it begins: rows before that may still be there, and do not count.

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { maxLogWeight } from './trimming.ts';

export interface LogEnd {
  /** Of the last entry; 0: there is none. */
  readonly number: number;
  /** What all entries weigh, those that are gone too. */
  readonly total: number;
}

export class LogBounds {
  readonly #end: StatementSync;
  readonly #oldestRevision: StatementSync;

  constructor(db: DatabaseSync) {
    this.#end = db.prepare('SELECT number, total FROM log ORDER BY number DESC LIMIT 1');
    this.#oldestRevision = db.prepare('SELECT revision, entry FROM revisions ORDER BY revision LIMIT 1');
  }

  end(): LogEnd {
    const row = this.#end.get();
    return { number: Number(row?.['number'] ?? 0), total: Number(row?.['total'] ?? 0) };
  }

  /** The number of the first entry that may be kept: none is dropped before a revision is. */
  begin(): number {
    const row = this.#oldestRevision.get();
    return row === undefined || row['revision'] === 1 ? 1 : Number(row['entry']);
  }

  /** Entries whose `total` is above this are kept. */
  floor(): number {
    return this.end().total - maxLogWeight;
  }
}
