// What a backup holds, read back, and what is said of a file that is none.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, test } from 'node:test';

import { readBackup } from '../../src/store/read-backup.ts';
import { BackupError, StoreError } from '../../src/store/log-store.ts';
import { checkoutPath } from '../support/checkout.ts';
import { makeDirectory, put } from './clusters.ts';
import { appendAll, commit, openUntilEnd, stage } from './entries.ts';

const unprivilegedUser = 65_534;
const entriesModule = JSON.stringify(new URL('./entries.ts', import.meta.url).href);
const clustersModule = JSON.stringify(new URL('./clusters.ts', import.meta.url).href);

const pathIn = (directory: string) => join(directory, 'controlplane.db');

test('a backup holds what the store does', async (t) => {
  const store = openUntilEnd(t, makeDirectory(t));
  await appendAll(store, stage(put('staged', 1)), commit(1, [put('committed', 1, 2)]));
  const directory = makeDirectory(t);
  await store.backup(pathIn(directory));
  assert.deepEqual(await readBackup(directory), await store.load());
});

test('other work is done while a backup is read', async (t) => {
  const store = openUntilEnd(t, makeDirectory(t));
  const directory = makeDirectory(t);
  await store.backup(pathIn(directory));
  let turns = 0;
  setImmediate(() => (turns += 1));
  await readBackup(directory);
  assert.equal(turns, 1);
});

describe('refuses, in words without a path', () => {
  const sql = (text: string) => (path: string) => {
    const db = new DatabaseSync(path);
    db.exec(text);
    db.close();
  };
  const cases: readonly (readonly [what: string, prepare: (path: string) => void, fault: RegExp])[] = [
    ['an empty file', (path) => writeFileSync(path, ''), /^damaged \(empty\)$/],
    ['text', (path) => writeFileSync(path, 'x'.repeat(5_000)), /^damaged \(file is not a database\)$/],
    ['a database of another program', sql('CREATE TABLE t (a)'), /^not a database of this program \(application id 0\)$/],
    [
      'one of a newer version',
      sql('PRAGMA application_id = 0x52454350; PRAGMA user_version = 99'),
      /^written by a newer version \(schema 99, this one knows \d+\)$/,
    ],
    ['one without tables', sql('PRAGMA application_id = 0x52454350; PRAGMA user_version = 2'), /^damaged \(.*no such table.*\)$/],
  ];
  for (const [what, prepare, fault] of cases) {
    test(what, async (t) => {
      const directory = makeDirectory(t);
      prepare(pathIn(directory));
      const start = "the backup can't be restored: it is ";
      await assert.rejects(readBackup(directory), (error) => {
        assert.ok(error instanceof BackupError, String(error));
        assert.ok(error.message.startsWith(start));
        assert.match(error.message.slice(start.length), fault);
        return true;
      });
    });
  }

  test('but a directory that is not there is no fault of the backup', async (t) => {
    const directory = makeDirectory(t);
    writeFileSync(join(directory, 'file'), '');
    await assert.rejects(readBackup(join(directory, 'file')), StoreError);
  });
});

test('one that an earlier release made is brought up to date', async (t) => {
  const directory = makeDirectory(t);
  copyFileSync(checkoutPath('test/fixtures/data-dirs/schema-1/controlplane.db'), pathIn(directory));
  const { revision, committed } = await readBackup(directory);
  assert.ok(revision > 0 && committed.clusters.length > 0);
});

test('a data directory that may not be written any more is told of, and nothing is written', (t) => {
  const directory = makeDirectory(t);
  const script = `import { chmodSync, chownSync } from 'node:fs';
    import { openStore, stage } from ${entriesModule};
    import { put } from ${clustersModule};
    if (process.geteuid() === 0) { chownSync(process.argv[1], ${unprivilegedUser}, -1); process.setuid(${unprivilegedUser}); }
    const store = openStore(process.argv[1]);
    const append = (number) => store.append(number, stage(put('a', number + 1))).catch((error) => error.message);
    console.log(await append(0));
    chmodSync(process.argv[1], 0o555);
    console.log(await append(1));
    chmodSync(process.argv[1], 0o755);
    console.log(await append(1));`;
  const said = execFileSync(process.execPath, ['--input-type=module', '--eval', script, directory], { encoding: 'utf8' });
  assert.match(said, /^1\nthe data directory can't be written any more: EACCES[^\n]*\n2\n$/);
});
