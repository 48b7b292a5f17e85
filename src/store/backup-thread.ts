// The thread of read-backup.ts: opens the backup, posts what it holds or what is wrong with it, and ends.

import { parentPort, workerData } from 'node:worker_threads';

import { StoreError, UnusableFileError } from './log-store.ts';
import type { BackupReading } from './read-backup.ts';
import { openSqliteLogStore } from './sqlite-log-store.ts';

parentPort?.postMessage(await read(String(workerData)));

async function read(directory: string): Promise<BackupReading> {
  try {
    const store = openSqliteLogStore(directory, { nowMs: Date.now() });
    try {
      return { state: await store.load() };
    } finally {
      await store.close();
    }
  } catch (error) {
    if (error instanceof UnusableFileError) {
      return { problem: `the backup can't be restored: it is ${error.fault}`, isBackupAtFault: true };
    }
    if (error instanceof StoreError) return { problem: error.message, isBackupAtFault: false };
    throw error;
  }
}
