// What a backup holds, read from a directory of its own: checked as a data directory is at a start, and brought up to
// date when an earlier release made it.

import { BackupError, UnusableFileError } from './log-store.ts';
import type { LogState } from './log-store.ts';
import { openSqliteLogStore } from './sqlite-log-store.ts';

/**
 * @param directory that holds the backup as `controlplane.db`, and may be written.
 * @throws BackupError when it is none; StoreError when the directory can't be used.
 */
export async function readBackup(directory: string): Promise<LogState> {
  try {
    const store = openSqliteLogStore(directory, { nowMs: Date.now() });
    try {
      return await store.load();
    } finally {
      await store.close();
    }
  } catch (error) {
    if (!(error instanceof UnusableFileError)) throw error;
    throw new BackupError(`the backup can't be restored: it is ${error.fault}`, { cause: error });
  }
}
