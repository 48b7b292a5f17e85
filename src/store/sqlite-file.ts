// The database file: made whole or not at all, checked without leaving a mark on it, then held by this process alone
// and brought up to date. A data directory in, an open database out. Of its tables it knows what their layout says.

import { accessSync, constants, mkdirSync, statSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { StoreError, UnusableFileError } from './log-store.ts';
import { damaged, explainReadError, explainWriteError } from './sqlite-error.ts';
import { runTransaction } from './sqlite-transaction.ts';
import { Workshop, removeOldWorkshops, syncDirectories } from './workshop.ts';

/** An open database and the absolute path of its file, for messages. */
export interface DatabaseFile {
  readonly path: string;
  readonly db: DatabaseSync;
}

/** What is inside: its tables, and how they read. */
export interface Layout {
  /** Of the tables; a file with a higher one was written by a newer program. */
  readonly version: number;
  /** The oldest that it can be made of. */
  readonly oldest: number;
  /** Makes an empty database into an empty store, marks included. */
  readonly schema: string;
  /** Throws an Error that says what is wrong with the tables of that version. Writes nothing. */
  readonly check: (db: DatabaseSync, version: number) => void;
  /** Makes the tables of an older version, checked, into these. Runs in a transaction. */
  readonly migrate: (db: DatabaseSync, version: number) => void;
}

/** "RECP" in ASCII: marks the file as ours (sqlite.org/pragma.html#pragma_application_id). */
export const applicationId = 0x52_45_43_50;

const fileName = 'controlplane.db';

// Before the first read, so that SQLite locks the file until it is closed and keeps no shared memory beside it.
const holdAlone = 'PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;';

/**
 * Opens `controlplane.db` in `dataDir` for this process alone, until the database is closed. Makes what is missing:
 * the directory with mode 0700, the file with 0600. Throws StoreError when the file is damaged, foreign, from a newer
 * program, in use or out of reach; it and its -wal are then byte for byte as they were. One of an older program is
 * brought up to date, or, when that fails, keeps all that it held.
 */
export function openDatabaseFile(dataDir: string, layout: Layout): DatabaseFile {
  const directory = resolve(dataDir);
  const path = join(directory, fileName);
  makeDirectory(directory);
  if (lookUp(path) === undefined) makeFile(path, layout);
  requireUsable(path);
  checkFile(path, layout);
  const db = holdFile(path);
  bringUpToDate(path, db, layout);
  removeOldWorkshops(directory, fileName);
  return { path, db };
}

function makeDirectory(directory: string): void {
  try {
    const firstMade = mkdirSync(directory, { recursive: true, mode: 0o700 });
    if (firstMade !== undefined) syncDirectories(directory, dirname(firstMade));
    accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new StoreError(`the data directory can't be used: ${(error as Error).message}`, { cause: error });
  }
}

// Another process may have made the file meanwhile; that one is then as good.
function makeFile(path: string, { schema }: Layout): void {
  // SQLite would take the changes in a -wal that was left behind for the new file's own.
  if ((lookUp(`${path}-wal`)?.size ?? 0) > 0) throw damaged(path, 'missing, though its -wal file is there');
  try {
    const workshop = new Workshop(path);
    try {
      fill(workshop.draft, schema);
      workshop.putInPlace();
    } finally {
      workshop.remove();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw explainWriteError(path, error);
  }
}

function fill(path: string, schema: string): void {
  const db = new DatabaseSync(path);
  try {
    db.exec(holdAlone + schema);
  } finally {
    db.close();
  }
}

function requireUsable(path: string): void {
  const found = lookUp(path);
  if (!found?.isFile()) throw new StoreError(`${path} is not a file`);
  // SQLite takes an empty file for a new database, and then deletes the -wal that may hold what was in it.
  if (found.size === 0) throw damaged(path, 'empty');
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
  } catch (error) {
    throw new StoreError(`${path} can't be used: ${(error as Error).message}`, { cause: error });
  }
}

/** Read-only, because the last connection to close would write the -wal into the file, whatever is in it. */
function checkFile(path: string, layout: Layout): void {
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(path, { readOnly: true });
    const version = readNumber(db, 'user_version');
    requireOurs(path, readNumber(db, 'application_id'), version, layout);
    const corruption = findCorruption(db);
    if (corruption !== undefined) throw new Error(corruption);
    layout.check(db, version);
  } catch (error) {
    throw explainReadError(path, error);
  } finally {
    db?.close();
  }
}

function requireOurs(path: string, id: number, version: number, layout: Layout): void {
  const remedy = 'it was left as it is';
  if (id !== applicationId) {
    const fault = `not a database of this program (application id ${id})`;
    throw new UnusableFileError(`${path} is ${fault}; ${remedy}: move it away`, fault);
  }
  if (version > layout.version) {
    const fault = `written by a newer version (schema ${version}, this one knows ${layout.version})`;
    throw new UnusableFileError(`${path} was ${fault}; ${remedy}: start that version`, fault);
  }
  if (version < layout.oldest) throw damaged(path, `schema ${version}`);
}

function holdFile(path: string): DatabaseSync {
  const db = new DatabaseSync(path, { open: false });
  try {
    db.open();
    db.exec(holdAlone);
    return db;
  } catch (error) {
    if (db.isOpen) db.close();
    throw explainReadError(path, error);
  }
}

function bringUpToDate(path: string, db: DatabaseSync, layout: Layout): void {
  try {
    const version = readNumber(db, 'user_version');
    if (version < layout.version) runTransaction(db, () => layout.migrate(db, version));
  } catch (error) {
    db.close();
    throw explainWriteError(path, error);
  }
}

/** The value of a pragma that gives one number. */
function readNumber(db: DatabaseSync, pragma: 'application_id' | 'user_version'): number {
  return Number(db.prepare(`PRAGMA ${pragma}`).get()?.[pragma]);
}

/** What SQLite finds wrong with the file, in one line, or undefined. */
function findCorruption(db: DatabaseSync): string | undefined {
  const { integrity_check: finding } = db.prepare('PRAGMA integrity_check(1)').get() ?? {};
  return finding === 'ok' ? undefined : String(finding);
}

function lookUp(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false });
}
