// The log on disk, one SQLite file: an entry and its fold are in the write-ahead log and synced when append resolves.

import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';

import { toDraining } from './draining-edits.ts';
import { EventTable } from './event-table.ts';
import { HeldFiles } from './held-files.ts';
import { LogReader } from './log-reader.ts';
import { eventsSchema, ordersSchema, schema, schemaVersion } from './log-schema.ts';
import { StoreError, defaultKeptRevisions } from './log-store.ts';
import type { LogStore } from './log-store.ts';
import { LogWriter } from './log-writer.ts';
import { migrateSchema1 } from './migrate-schema-1.ts';
import { readSchema1 } from './schema-1.ts';
import { explainReadError, explainWriteError } from './sqlite-error.ts';
import { openDatabaseFile } from './sqlite-file.ts';
import type { Layout } from './sqlite-file.ts';
import { runTransaction } from './sqlite-transaction.ts';
import { Workshop } from './workshop.ts';

export interface SqliteLogOptions {
  /** Wall-clock time (Unix, ms): what an earlier release left is noted as done now. */
  readonly nowMs: number;
  /** At least 1. */
  readonly keptRevisions?: number | undefined;
}

/**
 * Opens the store in `dataDir`, made when missing, and holds it until it is closed or the process ends, however it
 * ends. One of an earlier release is taken over. Names must be well-formed Unicode. Throws StoreError when the file
 * can't be used; see {@link openDatabaseFile}.
 */
export function openSqliteLogStore(dataDir: string, options: SqliteLogOptions): LogStore {
  const { nowMs, keptRevisions = defaultKeptRevisions } = options;
  const { path, db } = openDatabaseFile(dataDir, layoutAt(nowMs));
  const files = new HeldFiles(path);
  const reader = new LogReader(db);
  const writer = new LogWriter(db, keptRevisions);
  const events = new EventTable(db);
  // As the table has it: a commit gives all that drains, most of it as it was.
  let draining = read(path, () => toDraining(reader.readDraining()));

  const write = <T>(work: () => T): T => {
    try {
      if (db.isOpen) files.requireInPlace();
      const result = runTransaction(db, work);
      files.note();
      return result;
    } catch (error) {
      throw explainWriteError(path, error);
    }
  };

  return {
    load: async () => read(path, () => reader.readState()),
    append: async (expected, entry) => {
      const appended = write(() => writer.append(expected, entry, draining));
      draining = appended?.draining ?? draining;
      return appended?.number;
    },
    entriesAfter: async (number, limit) => read(path, () => reader.entriesAfter(number, limit)),
    revisions: async (before, limit) => read(path, () => reader.revisions(before, limit)),
    editsBackTo: async (revision) => read(path, () => reader.editsBackTo(revision)),
    keepSecretKey: async (wrapped) => write(() => writer.keepSecretKey(wrapped)),
    keepOutages: async (changes) => write(() => writer.keepOutages(changes)),
    keepNotes: async (changes) => write(() => writer.keepNotes(changes)),
    keepAddresses: async (changes) => write(() => writer.keepAddresses(changes)),
    lastEvent: async () => read(path, () => events.last()),
    keepEvents: async (batch) => withoutSync(db, () => write(() => events.keep(batch))),
    eventsAfter: async (id, limit, filter) => read(path, () => events.after(id, limit, filter)),
    backup: async (file) => writeBackup(db, resolve(file)),
    close: async () => {
      if (db.isOpen) db.close();
    },
  };
}

function layoutAt(nowMs: number): Layout {
  return {
    version: schemaVersion,
    oldest: 1,
    schema,
    check: (db, version) => {
      if (version === 1) readSchema1(db);
      else new LogReader(db, version).readState();
      if (version >= 4) new EventTable(db).last();
    },
    migrate: (db, version) => {
      if (version === 1) migrateSchema1(db, nowMs);
      else db.exec(`${version < 3 ? ordersSchema : ''} ${eventsSchema} PRAGMA user_version = ${schemaVersion};`);
    },
  };
}

// In the write-ahead log, and synced with the next write that is: to wait for the disk would hold up what is published.
function withoutSync(db: DatabaseSync, work: () => void): void {
  db.exec('PRAGMA synchronous = NORMAL');
  try {
    work();
  } finally {
    db.exec('PRAGMA synchronous = FULL');
  }
}

function read<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw explainReadError(path, error);
  }
}

// At once, some 2 ms per MB. The backup that node:sqlite makes in another thread fails when it meets a transaction.
function writeBackup(db: DatabaseSync, file: string): void {
  try {
    if (existsSync(file)) throw isThere(file);
    const workshop = new Workshop(file);
    try {
      db.prepare('VACUUM INTO ?').run(workshop.draft);
      workshop.putInPlace();
    } finally {
      workshop.remove();
    }
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'EEXIST' ? isThere(file) : explainWriteError(file, error);
  }
}

function isThere(file: string): StoreError {
  return new StoreError(`${file} is there already: a backup replaces nothing`);
}
