// A directory for the files of one call: below TMPDIR, for its owner alone, and gone when the call is over.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { StoreError } from '../../commit/published.ts';

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
