// A directory for the files of one call: below TMPDIR, for its owner alone, and gone when the call is over; after a
// process that was killed, at the next start.

import { lstat, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { StoreError } from '../../commit/published.ts';

// With the process that it belongs to.
const named = /^controlplane-call-(\d+)-/u;

/** @throws StoreError when there is no room for it; what `work` throws, also when that is of the file system */
export async function withTempDirectory<T>(work: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), `controlplane-call-${process.pid}-`)).catch(explainTempError);
  try {
    return await work(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** @throws StoreError that says what the file system does, about files that are there for one call only */
export function explainTempError(error: Error): never {
  throw new StoreError(`the folder for temporary files (TMPDIR) can't be written: ${error.message}`, { cause: error });
}

/**
 * Removes what processes that have ended left in `parent`; gives how many directories. To be called before the first
 * {@link withTempDirectory}: what has the number of this process is of an earlier one, as in a container, where each is
 * the first. What can't be removed, or is somebody else's, stays.
 */
export async function removeLeftDirectories(parent: string = tmpdir()): Promise<number> {
  const names = await readdir(parent).catch(() => []);
  const removed = await Promise.all(names.map((name) => removeIfLeft(parent, name).catch(() => false)));
  return removed.filter(Boolean).length;
}

async function removeIfLeft(parent: string, name: string): Promise<boolean> {
  const [, pid] = named.exec(name) ?? [];
  if (pid === undefined || (Number(pid) !== process.pid && isRunning(Number(pid)))) return false;
  const path = join(parent, name);
  const stats = await lstat(path);
  if (!stats.isDirectory() || stats.uid !== process.getuid?.()) return false;
  await rm(path, { recursive: true });
  return true;
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // Anything else, such as that it is another user's, says that there is one.
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
