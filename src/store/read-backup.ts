// What a backup holds, read from a directory of its own: checked as a data directory is at a start, and brought up to
// date when an earlier release made it. In a thread of its own: a large file takes seconds, and Envoys are served on.

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

import { BackupError, StoreError } from './log-store.ts';
import type { LogState } from './log-store.ts';

/** What the thread posts, once. */
export type BackupReading =
  | { readonly state: LogState }
  /** The message of the error, and whether it is the backup that is at fault. */
  | { readonly problem: string; readonly isBackupAtFault: boolean };

const thread = new URL('./backup-thread.ts', import.meta.url);

/**
 * @param directory that holds the backup as `controlplane.db`, and may be written.
 * @throws BackupError when it is none; StoreError when the directory can't be used.
 */
export async function readBackup(directory: string): Promise<LogState> {
  const worker = new Worker(thread, { workerData: directory });
  try {
    // Rejects with what the thread throws.
    const [reading] = (await once(worker, 'message')) as [BackupReading];
    if ('state' in reading) return reading.state;
    throw reading.isBackupAtFault ? new BackupError(reading.problem) : new StoreError(reading.problem);
  } finally {
    await worker.terminate();
  }
}
