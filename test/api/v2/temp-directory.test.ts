// Directories of calls: gone when the call is over, and what was left when a process starts.

import assert from 'node:assert/strict';
import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import { removeLeftDirectories } from '../../../src/api/v2/temp-directory.ts';
import { startChild } from '../../support/child-process.ts';
import type { Scope } from '../../support/child-process.ts';
import { tempDir } from '../../support/temp-dir.ts';

/** The number of a process that has ended. */
async function deadPid(scope: Scope): Promise<number> {
  const child = startChild(scope, 'true', 'true', []);
  await child.ended;
  return child.pid ?? assert.fail();
}

describe('of directories that were left', () => {
  test('those go whose process has ended, with what is in them', async (t) => {
    const parent = await tempDir(t);
    const left = join(parent, `controlplane-call-${await deadPid(t)}-aBcDeF`);
    await mkdir(left);
    await writeFile(join(left, 'controlplane.db'), 'x');
    await mkdir(join(parent, `controlplane-call-${process.pid}-earlier`));
    assert.equal(await removeLeftDirectories(parent), 2);
    assert.deepEqual(await readdir(parent), []);
  });

  test('those stay whose process runs, and whatever is none', async (t) => {
    const parent = await tempDir(t);
    const dead = await deadPid(t);
    await mkdir(join(parent, 'target'));
    await writeFile(join(parent, 'target', 'file'), 'x');
    await mkdir(join(parent, `controlplane-call-${process.ppid}-aBcDeF`));
    await mkdir(join(parent, `controlplane-test-${dead}-aBcDeF`));
    await mkdir(join(parent, 'controlplane-call-x-aBcDeF'));
    await writeFile(join(parent, `controlplane-call-${dead}-file`), 'x');
    await symlink(join(parent, 'target'), join(parent, `controlplane-call-${dead}-link`));
    const before = await readdir(parent, { recursive: true });
    assert.equal(await removeLeftDirectories(parent), 0);
    assert.deepEqual(await readdir(parent, { recursive: true }), before);
  });

  test('a folder that is not there has none', async (t) => {
    assert.equal(await removeLeftDirectories(join(await tempDir(t), 'none')), 0);
  });
});
