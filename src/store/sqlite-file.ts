// The database file: made whole or not at all, checked without leaving a mark on it,
// then held by this process alone. A data directory in, an open database out.

import { accessSync, closeSync, constants, fsyncSync, linkSync, mkdirSync } from 'node:fs';
import { mkdtempSync, openSync, readdirSync, rmSync, statSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { damaged, explainReadError, explainWriteError } from './sqlite-error.ts';
import { applicationId, findCorruption, readNumber, readState, schema, schemaVersion } from './sqlite-schema.ts';
import { StoreError } from './store.ts';

/** An open database and the absolute path of its file, for messages. */
export interface DatabaseFile {
  readonly path: string;
  readonly db: DatabaseSync;
}

const fileName = 'controlplane.db';

// Folders in which a file is made. One that is so old was left behind by a process that was killed.
const workshopName = /^\.new-[A-Za-z0-9]{6}$/;
const workshopLifeMs = 600_000;

// Before the first read, so that SQLite locks the file until it is closed and keeps no shared memory beside it.
const holdAlone = 'PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;';

/**
 * Opens `controlplane.db` in `dataDir` for this process alone, until the database is closed. Makes what is missing:
 * the directory with mode 0700, the file with 0600. Throws StoreError when the file is damaged, foreign, from a newer
 * program, in use or out of reach; it and its -wal are then byte for byte as they were.
 */
export function openDatabaseFile(dataDir: string): DatabaseFile {
  const directory = resolve(dataDir);
  const path = join(directory, fileName);
  makeDirectory(directory);
  if (lookUp(path) === undefined) makeFile(path);
  requireUsable(path);
  checkFile(path);
  const db = holdFile(path);
  removeOldWorkshops(directory);
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

/**
 * The file is made elsewhere and put in place when it is whole: a kill leaves no half-made one. A link, unlike a
 * rename, never replaces the file that another process has made meanwhile; that one is then as good.
 */
function makeFile(path: string): void {
  // SQLite would take the changes in a -wal that was left behind for the new file's own.
  if ((lookUp(`${path}-wal`)?.size ?? 0) > 0) throw damaged(path, 'missing, though its -wal file is there');
  try {
    const workshop = mkdtempSync(join(dirname(path), '.new-'));
    try {
      const draft = join(workshop, fileName);
      writeEmptyStore(draft);
      linkSync(draft, path);
    } finally {
      rmSync(workshop, { recursive: true });
    }
    syncDirectories(dirname(path), dirname(path));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw explainWriteError(path, error);
  }
}

function removeOldWorkshops(directory: string): void {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    if (entry.isDirectory() && workshopName.test(entry.name)) removeIfOld(join(directory, entry.name));
  }
}

// A young one may be another start's, which then finds the file that is here, and gives up.
function removeIfOld(workshop: string): void {
  try {
    if (Date.now() - statSync(workshop).mtimeMs < workshopLifeMs) return;
    if (!readdirSync(workshop).every((name) => name.startsWith(fileName))) return;
    rmSync(workshop, { recursive: true });
  } catch {
    // Another user's, or just gone: it is in nobody's way.
  }
}

function writeEmptyStore(path: string): void {
  closeSync(openSync(path, 'wx', 0o600)); // SQLite would take 0644; its other files take their mode from this one.
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
function checkFile(path: string): void {
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(path, { readOnly: true });
    requireOurs(path, readNumber(db, 'application_id'), readNumber(db, 'user_version'));
    const corruption = findCorruption(db);
    if (corruption !== undefined) throw new Error(corruption);
    readState(db);
  } catch (error) {
    throw explainReadError(path, error);
  } finally {
    db?.close();
  }
}

function requireOurs(path: string, id: number, version: number): void {
  const remedy = 'it was left as it is';
  if (id !== applicationId) {
    throw new StoreError(`${path} is not a database of this program (application id ${id}); ${remedy}: move it away`);
  }
  if (version > schemaVersion) {
    const versions = `schema ${version}, this one knows ${schemaVersion}`;
    throw new StoreError(`${path} was written by a newer version (${versions}); ${remedy}: start that version`);
  }
  if (version !== schemaVersion) throw damaged(path, `schema ${version}`);
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

function lookUp(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false });
}

/** Makes new entries durable in each directory from `deepest` up to its ancestor `highest`. */
function syncDirectories(deepest: string, highest: string): void {
  for (let directory = deepest; ; directory = dirname(directory)) {
    const descriptor = openSync(directory, 'r');
    try {
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    if (directory === highest) return;
  }
}
