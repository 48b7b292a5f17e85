// A folder for one test.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Scope } from './child-process.ts';

/** An empty folder, absolute, removed with all that is in it when `scope` ends. */
export async function tempDir(scope: Scope): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'controlplane-test-'));
  scope.after(() => rm(dir, { recursive: true, force: true, maxRetries: 5 }));
  return dir;
}
