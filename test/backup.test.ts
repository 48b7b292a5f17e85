// Backup and restore of control planes that run, by commands, and what is said when there is no disk to write to.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, describe, test } from 'node:test';

import { connectEnvoy, runCli } from './cli/run-cli.ts';
import { checkoutPath } from './support/checkout.ts';
import type { Scope } from './support/child-process.ts';
import { startControlPlane } from './support/controlplane.ts';
import type { ControlPlane } from './support/controlplane.ts';
import { runCommand } from './support/run-command.ts';
import type { Finished } from './support/run-command.ts';
import { tempDir } from './support/temp-dir.ts';

const mainPath = checkoutPath('src/main.ts');

// A control plane that starts removes what others left there, and other tests start some meanwhile.
const ownTemp = mkdtempSync(join(tmpdir(), 'backup-test-'));
process.env['TMPDIR'] = ownTemp;
after(() => rmSync(ownTemp, { recursive: true, force: true }));

function ask({ api }: ControlPlane, ...words: readonly string[]): Promise<Finished> {
  return runCli([...words, '--api', api]);
}

async function done(controlPlane: ControlPlane, ...words: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await ask(controlPlane, ...words);
  assert.equal(status, 0, `${words.join(' ')}: ${stdout}${stderr}`);
  return stdout;
}

/** With a committed, and b staged. */
async function startFilled(scope: Scope): Promise<ControlPlane> {
  const controlPlane = await startControlPlane(scope);
  await controlPlane.cli('cluster', 'add', 'a', 'a:');
  await controlPlane.cli('endpoint', 'add', 'a', '10.0.0.1', '6379');
  await controlPlane.cli('commit');
  await controlPlane.cli('cluster', 'add', 'b', 'b:');
  return controlPlane;
}

/** Everything but the history. */
async function shown(controlPlane: ControlPlane): Promise<string[]> {
  const views = ['staged', 'committed'];
  return Promise.all(views.map((view) => done(controlPlane, 'export', '--view', view)));
}

/** What calls of it have left among the temporary files. */
async function leftovers({ child }: ControlPlane): Promise<string[]> {
  return (await readdir(tmpdir())).filter((name) => name.startsWith(`controlplane-call-${child.pid}-`));
}

/** From now on no file of it may be larger, as on a disk that is nearly full. */
async function limitFiles({ child }: ControlPlane, bytes: string): Promise<void> {
  const { status, stderr } = await runCommand('prlimit', ['--pid', `${child.pid}`, `--fsize=${bytes}:`]);
  assert.equal(status, 0, stderr);
}

test('a backup is taken while changes go on, and restored into a control plane that has nothing', async (t) => {
  const source = await startFilled(t);
  const file = join(await tempDir(t), 'backup.db');
  const before = await shown(source);
  assert.equal(await done(source, 'backup', file), `saved: ${file}\n`);
  const during = join(await tempDir(t), 'during.db');
  await Promise.all([
    done(source, 'backup', during),
    ...['c', 'd', 'e'].map(async (name) => source.cli('cluster', 'add', name, `${name}:`)),
    source.cli('commit'),
  ]);
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  const again = await ask(source, 'backup', file);
  assert.deepEqual([again.status, again.stderr], [1, `controlplane: ${file}: is there already, and is not replaced\n`]);

  const target = await startControlPlane(t);
  assert.match(await done(target, 'restore', file), /^restored revision 1 of the backup, as revision 1\nstaged: cluster b\n/);
  assert.deepEqual(await shown(target), before);
  assert.match(await done(target, 'restore', file), /^nothing to publish: /);
  await done(target, 'restore', during, '--force');
  assert.deepEqual([await leftovers(source), await leftovers(target)], [[], []]);
});

test('over something else it wants to be forced, and is one revision that can be rolled back', async (t) => {
  const source = await startFilled(t);
  const file = join(await tempDir(t), 'backup.db');
  await done(source, 'backup', file);
  const before = await shown(source);
  await source.cli('cluster', 'add', 'c', 'c:');
  await source.cli('endpoint', 'add', 'c', '10.0.0.9', '6379');
  await source.cli('endpoint', 'remove', 'a', '10.0.0.1', '6379');
  await done(source, 'commit', '--force');
  const [, committed] = await shown(source);
  await source.cli('cluster', 'add', 'd', 'd:');
  const now = await shown(source);

  const refused = await ask(source, 'restore', file);
  assert.equal(refused.status, 1);
  assert.match(refused.stderr, /force it if it is meant/);
  assert.deepEqual(await shown(source), now);

  const answer = JSON.parse(await done(source, 'restore', file, '--force', '-m', 'carts were lost', '-o', 'json'));
  assert.deepEqual([answer.changed, answer.revision, answer.restored_revision], [true, 3, 1]);
  assert.deepEqual(await shown(source), before);
  assert.match(await done(source, 'history'), /^3 .* carts were lost$/m);
  await done(source, 'discard');
  await done(source, 'rollback', '--force');
  assert.equal((await shown(source))[1], committed);
});

test('what is no backup is refused, and nothing changes', async (t) => {
  const controlPlane = await startFilled(t);
  const directory = await tempDir(t);
  const before = await shown(controlPlane);
  const good = join(directory, 'good.db');
  await done(controlPlane, 'backup', good);
  const newer = join(directory, 'newer.db');
  const bytes = await readFile(good);
  await writeFile(newer, bytes);
  const db = new DatabaseSync(newer);
  db.exec('PRAGMA user_version = 99');
  db.close();
  const damagedFile = join(directory, 'damaged.db');
  await writeFile(damagedFile, bytes.subarray(0, bytes.length / 2));
  const cases = [
    ['text', 'x'.repeat(5_000), /it is damaged \(file is not a database\)\n$/],
    ['empty', '', /is empty\n$/],
    ['damaged.db', undefined, /the backup can't be restored: it is damaged \(/],
    ['newer.db', undefined, /it is written by a newer version \(schema 99, this one knows \d+\)\n$/],
    ['nowhere', undefined, /ENOENT/],
  ] as const;
  for (const [name, text, reason] of cases) {
    if (text !== undefined) await writeFile(join(directory, name), text);
    const { status, stderr } = await ask(controlPlane, 'restore', join(directory, name));
    assert.equal(status, 1, name);
    assert.match(stderr, reason);
    assert.ok(!stderr.includes('controlplane-call-'), stderr);
  }
  const url = `http://${controlPlane.api}/api/v2/restore`;
  const problems = [
    ['', {}, '', 422, "the backup can't be restored: it is damaged (empty)"],
    ['?force=1', {}, 'x', 400, 'force "1": must be true or false'],
    ['?messag=x', {}, 'x', 400, '"messag": no such parameter, only wait, at_least, expect, force, message'],
    ['', { 'If-Match': '"0"' }, bytes, 412, /^If-Match/],
    ['', { 'Content-Type': 'application/json' }, 'x', 415, /application\/vnd\.sqlite3 or application\/octet-stream/],
    ['', { 'Content-Encoding': 'gzip' }, 'x', 415, /must be sent as it is/],
  ] as const;
  for (const [query, headers, body, status, detail] of problems) {
    const response = await fetch(url + query, { method: 'POST', headers, body });
    const problem = (await response.json()) as { status: number; detail: string };
    assert.equal(problem.status, status, problem.detail);
    if (typeof detail === 'string') assert.equal(problem.detail, detail);
    else assert.match(problem.detail, detail);
  }
  assert.deepEqual(await shown(controlPlane), before);
  assert.deepEqual(await leftovers(controlPlane), []);
});

test('what a call has on disk goes with its process, or at the next start', async (t) => {
  const controlPlane = await startFilled(t);
  const [host, port] = controlPlane.api.split(':');
  const headers = { 'Content-Type': 'application/octet-stream', 'Content-Length': '1000' };
  const half = request({ host, port, method: 'POST', path: '/api/v2/restore', headers }).on('error', () => undefined);
  half.write('x');
  const [left] = await controlPlane.child.until('the call has a folder', async () => {
    const names = await leftovers(controlPlane);
    return names.length > 0 ? names : undefined;
  });
  await controlPlane.kill();
  await controlPlane.comeBack();
  assert.ok(!(await readdir(tmpdir())).includes(left ?? ''));
  assert.match(controlPlane.child.output, /removed temporary folders of calls that ended with their process/);
});

describe('without a disk', () => {
  test('of a control plane that keeps nothing there is no backup, and the file is not made', async (t) => {
    const controlPlane = await startControlPlane(t, ['--data-dir=']);
    const file = join(await tempDir(t), 'backup.db');
    const { status, stderr } = await ask(controlPlane, 'backup', file);
    assert.deepEqual([status, stderr], [1, 'controlplane: nothing is kept on disk: there is nothing to back up\n']);
    assert.deepEqual(await readdir(join(file, '..')), []);
  });

  test('changes are refused in words while the folder is gone, Envoys are served, and it goes on when it is back', async (t) => {
    const controlPlane = await startFilled(t);
    const { dataDir } = controlPlane.place;
    const away = `${dataDir}.away`;
    t.after(() => rm(away, { recursive: true, force: true }));
    await rename(dataDir, away);
    const response = await fetch(`http://${controlPlane.api}/api/v2/commit`, { method: 'POST' });
    const { detail } = (await response.json()) as { detail: string };
    assert.equal(response.status, 503);
    assert.match(detail, /controlplane\.db was moved, removed or replaced while it was open, nothing is written: /);
    await connectEnvoy(t, controlPlane, 'late');
    await rename(away, dataDir);
    assert.match(await done(controlPlane, 'commit'), /^committed revision 2\n/);
  });

  test('a backup that does not fit is refused in words, leaves no file, and Envoys are served', async (t) => {
    const controlPlane = await startFilled(t);
    const file = join(await tempDir(t), 'backup.db');
    await limitFiles(controlPlane, '1024');
    const { status, stderr } = await ask(controlPlane, 'backup', file);
    assert.equal(status, 1);
    assert.match(stderr, /^controlplane: \S+ can't be written: [^\n]*is the disk full[^\n]*\n$/);
    assert.deepEqual([await readdir(join(file, '..')), await leftovers(controlPlane)], [[], []]);
    await connectEnvoy(t, controlPlane, 'late');
    await limitFiles(controlPlane, 'unlimited');
    assert.equal(await done(controlPlane, 'backup', file), `saved: ${file}\n`);
  });

  test('what is to be restored and does not fit is refused in words, and nothing changes', async (t) => {
    const controlPlane = await startFilled(t);
    const file = join(await tempDir(t), 'backup.db');
    await done(controlPlane, 'backup', file);
    const before = await shown(controlPlane);
    await limitFiles(controlPlane, '1024');
    const { status, stderr } = await ask(controlPlane, 'restore', file);
    assert.equal(status, 1);
    assert.match(stderr, /^controlplane: the folder for temporary files \(TMPDIR\) can't be written: EFBIG[^\n]*\n$/);
    assert.deepEqual([await shown(controlPlane), await leftovers(controlPlane)], [before, []]);
  });

  test('a backup for which there is no room where it is asked for leaves no file', async (t) => {
    const { api } = await startFilled(t);
    const directory = await tempDir(t);
    const words = [process.execPath, mainPath, 'backup', join(directory, 'backup.db'), '--api', api];
    const { status, stderr } = await runCommand('bash', ['-c', 'ulimit -f 1; exec "$@"', 'bash', ...words], {
      env: { CONTROLPLANE_CONFIG: '' },
    });
    assert.equal(status, 1);
    assert.match(stderr, /backup\.db: EFBIG: file too large, write\n$/);
    assert.deepEqual(await readdir(directory), []);
  });
});
