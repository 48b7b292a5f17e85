// What releases with schema 3 left, which kept no events, see test/fixtures/data-dirs.

import assert from 'node:assert/strict';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';

import { readBackup } from '../../src/store/read-backup.ts';
import { checkoutPath } from '../support/checkout.ts';
import { makeDirectory } from './clusters.ts';
import { openStore, openUntilEnd, toPlain } from './entries.ts';

const fixture = checkoutPath('test/fixtures/data-dirs/schema-3/controlplane.db');

function leaveSchema3(t: TestContext): string {
  const directory = makeDirectory(t);
  copyFileSync(fixture, join(directory, 'controlplane.db'));
  return directory;
}

describe('a data directory of a release with schema 3', () => {
  test('opens with all that it has, and without events', async (t) => {
    const store = openUntilEnd(t, leaveSchema3(t));
    const state = await store.load();
    assert.deepEqual([state.lastEntry, state.revision, await store.lastEvent()], [6, 2, 0]);
    assert.deepEqual(state.committed.clusters.map(({ name }) => name), ['bunny', 'same']);
    assert.deepEqual(state.orders.map(({ order, cluster, server }) => [order, cluster, server]), [
      ['drain', 'bunny', '192.0.2.1:1'],
      ['disable', 'same', '192.0.2.1:3'],
    ]);
    assert.deepEqual([...(state.outages?.get('bunny')?.keys() ?? [])], ['192.0.2.1:2']);
    assert.deepEqual([...(state.addresses ?? [])], [['a.test', ['10.0.0.1']]]);
    assert.equal((await store.entriesAfter(0, 9)).length, 6);
  });

  test('keeps events from then on, and is taken over once', async (t) => {
    const directory = leaveSchema3(t);
    const first = openStore(directory);
    const event = { id: 1, atMs: 5, type: 'commit', message: 'revision 3' } as const;
    await first.keepEvents([event]);
    const before = await first.load();
    await first.close();
    const again = openUntilEnd(t, directory);
    assert.deepEqual(await again.load(), before);
    assert.deepEqual(toPlain(await again.eventsAfter(0, 9)), [event]);
  });

  test('is restored as a backup', async (t) => {
    const { revision, orders } = await readBackup(leaveSchema3(t));
    assert.deepEqual([revision, orders.length], [2, 2]);
  });
});
