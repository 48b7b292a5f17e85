// backup and restore, against answers of a test; test/backup.test.ts has those of a real control plane.

import assert from 'node:assert/strict';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import { tempDir } from '../support/temp-dir.ts';
import { problem, runInProcess, serveCanned } from './canned-api.ts';

describe('backup', () => {
  test('writes what comes into the file, or to standard output', async (t) => {
    const api = await serveCanned(t, { 'GET /backup': { body: 'bytes' } });
    const file = join(await tempDir(t), 'b.db');
    const { stdout } = await runInProcess(['backup', file, '--api', api.address]);
    assert.deepEqual([stdout, await readFile(file, 'utf8')], [`saved: ${file}\n`, 'bytes']);
    assert.equal((await runInProcess(['backup', '-', '--api', api.address])).stdout, 'bytes');
  });

  test('asks for nothing where there is a file, or a terminal', async (t) => {
    const api = await serveCanned(t);
    const file = join(await tempDir(t), 'b.db');
    await writeFile(file, 'mine');
    const there = await runInProcess(['backup', file, '--api', api.address]);
    assert.deepEqual([there.status, there.stderr], [1, `controlplane: ${file}: is there already, and is not replaced\n`]);
    const terminal = await runInProcess(['backup', '-', '--api', api.address], { isTerminal: true });
    assert.equal(terminal.stderr, 'controlplane: standard output is a terminal: name a file\n');
    assert.deepEqual([api.calls, await readFile(file, 'utf8')], [[], 'mine']);
  });

  const failures = [
    ['is refused', problem(503, 'the disk is full'), /: the disk is full\n$/],
    ['breaks off', { headers: { 'content-length': '100', connection: 'close' }, body: 'half' }, /broke off: /],
  ] as const;
  for (const [what, answer, reason] of failures) {
    test(`leaves no file when it ${what}`, async (t) => {
      const api = await serveCanned(t, { 'GET /backup': answer });
      const directory = await tempDir(t);
      const { status, stderr } = await runInProcess(['backup', join(directory, 'b.db'), '--api', api.address]);
      assert.equal(status, 1);
      assert.match(stderr, reason);
      assert.deepEqual(await readdir(directory), []);
    });
  }
});

describe('restore', () => {
  test('sends the file as it is, and says what came of it', async (t) => {
    const restored = { changed: true, revision: 9, restored_revision: 4, staged: [{ kind: 'cluster', name: 'b' }] };
    const body = { ...restored, changes: [], warnings: [], draining: [], old_routes: [] };
    const api = await serveCanned(t, { 'POST /restore?force=true&message=lost': { body } });
    const file = join(await tempDir(t), 'b.db');
    await writeFile(file, 'bytes');
    const { status, stdout } = await runInProcess(['restore', file, '--force', '-m', 'lost', '--api', api.address]);
    assert.deepEqual([status, stdout], [0, 'restored revision 4 of the backup, as revision 9\nstaged: cluster b\n']);
    const [{ body: sent, headers } = assert.fail()] = api.asked;
    assert.deepEqual([sent, headers['content-type'], headers['content-length']], ['bytes', 'application/vnd.sqlite3', '5']);
    assert.equal(headers['x-author'], 'ann');
  });

  test('sends nothing of what is no file', async (t) => {
    const api = await serveCanned(t);
    const directory = await tempDir(t);
    const { status, stderr } = await runInProcess(['restore', directory, '--api', api.address]);
    assert.deepEqual([status, stderr, api.calls], [1, `controlplane: ${directory}: is not a file\n`, []]);
  });
});
