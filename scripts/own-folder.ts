// What scripts that start programs share: a folder of their own for what these keep, and an end that leaves nothing.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Scope } from '../test/support/child-process.ts';

// Whoever is given a folder may put others into it from then on.
const parent = tmpdir();

/** Runs `work`, and then all that it has given its scope, the last one first. However it ends, the folder goes. */
export async function inOwnFolder(prefix: string, work: (scope: Scope, dir: string) => Promise<void>): Promise<void> {
  const dir = mkdtempSync(join(parent, prefix));
  // The handler for the exit event that kills what is still running came first: see test/support/child-process.ts.
  const remove = (): void => rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  process.on('exit', remove);
  const cleanups: (() => Promise<void>)[] = [];
  try {
    await work({ after: (cleanup) => void cleanups.unshift(cleanup) }, dir);
  } finally {
    for (const cleanup of cleanups) await cleanup();
    remove();
    process.off('exit', remove);
  }
}
