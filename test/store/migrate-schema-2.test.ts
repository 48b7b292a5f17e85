// What releases with schema 2 left, which knew of no orders, see test/fixtures/data-dirs.

import assert from 'node:assert/strict';
import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';

import { StoreError } from '../../src/store/log-store.ts';
import { readBackup } from '../../src/store/read-backup.ts';
import { checkoutPath } from '../support/checkout.ts';
import { makeDirectory } from './clusters.ts';
import { appendAll, openStore, openUntilEnd, order } from './entries.ts';

const fixture = checkoutPath('test/fixtures/data-dirs/schema-2/controlplane.db');
const pathIn = (directory: string) => join(directory, 'controlplane.db');

/** A copy of the fixture, altered. */
function leaveSchema2(t: TestContext, sql = ''): string {
  const directory = makeDirectory(t);
  copyFileSync(fixture, pathIn(directory));
  const db = new DatabaseSync(pathIn(directory));
  db.exec(sql);
  db.close();
  return directory;
}

describe('a data directory of a release with schema 2', () => {
  test('opens with all that it has, and with no orders', async (t) => {
    const store = openUntilEnd(t, leaveSchema2(t));
    const state = await store.load();
    assert.deepEqual([state.lastEntry, state.revision, state.orders], [5, 2, []]);
    assert.deepEqual(state.committed.clusters.map(({ name }) => name), ['bunny', 'same']);
    assert.deepEqual(state.staged.map(({ kind, name }) => `${kind} ${name}`), ['cluster 兔']);
    assert.deepEqual(state.draining.map(({ cluster, untilMs }) => [cluster.name, untilMs]), [['gone', 1_800_000_600_000]]);
    assert.equal(state.secretKey, 'wrapped');
    assert.deepEqual([...(state.addresses ?? [])], [['a.test', ['10.0.0.1']]]);
    const revisions = await store.revisions(9, 9);
    assert.deepEqual(revisions.map(({ revision, author, message }) => [revision, author, message]), [
      [2, 'alice', 'revision 2'],
      [1, 'alice', 'revision 1'],
    ]);
    const types = ['stage', 'commit', 'stage', 'discard', 'commit'];
    assert.deepEqual((await store.entriesAfter(0, 9)).map(({ type }) => type), types);
  });

  test('takes orders from then on, and is taken over once', async (t) => {
    const directory = leaveSchema2(t);
    const first = openStore(directory);
    await appendAll(first, order('drain', 'bunny', '192.0.2.1:1'));
    const before = await first.load();
    await first.close();
    const again = await openUntilEnd(t, directory).load();
    assert.deepEqual(again, before);
    assert.deepEqual(again.orders.map(({ cluster, server }) => [cluster, server]), [['bunny', '192.0.2.1:1']]);
  });

  test('is restored as a backup', async (t) => {
    const { revision, orders } = await readBackup(leaveSchema2(t));
    assert.deepEqual([revision, orders], [2, []]);
  });

  test('is refused and left as it was when it is damaged', (t) => {
    const directory = leaveSchema2(t, 'DROP TABLE committed');
    const before = readFileSync(pathIn(directory));
    assert.throws(() => openStore(directory), (error) => {
      return error instanceof StoreError && /damaged \(no such table: committed\)/u.test(error.message);
    });
    assert.deepEqual(readFileSync(pathIn(directory)), before);
  });
});
