// What releases with schema 1 left, see test/fixtures/data-dirs.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';

import { emptyState } from '../../src/store/fold.ts';
import { StoreError } from '../../src/store/log-store.ts';
import type { LogStore } from '../../src/store/log-store.ts';
import { openSqliteLogStore } from '../../src/store/sqlite-log-store.ts';
import { checkoutPath } from '../support/checkout.ts';
import { buildCluster, makeDirectory, put } from './clusters.ts';
import { appendAll, editsOf, stage, toPlain } from './entries.ts';

const nowMs = 1_800_000_000_000;
const fixture = checkoutPath('test/fixtures/data-dirs/schema-1/controlplane.db');
const pathIn = (directory: string) => join(directory, 'controlplane.db');

const emptyTables = 'DELETE FROM staged; DELETE FROM committed; DELETE FROM draining; DELETE FROM meta;';

/** A copy of the fixture, altered. */
function leaveSchema1(t: TestContext, sql = ''): string {
  const directory = makeDirectory(t);
  copyFileSync(fixture, pathIn(directory));
  const db = new DatabaseSync(pathIn(directory));
  db.exec(sql);
  db.close();
  return directory;
}

function open(t: TestContext, directory: string): LogStore {
  const store = openSqliteLogStore(directory, { nowMs });
  t.after(() => store.close());
  return store;
}

const at = (...addresses: readonly string[]) => addresses.map((address) => ({ address, port: 6379 }));
const cluster = (name: string, prefix: string, ...addresses: readonly string[]) => {
  return { name, prefix, endpoints: at(...addresses), watch: 'off' };
};
const by = { author: 'unknown', atMs: nowMs };

const committed = [
  cluster('bunny', 'bunny:', '10.0.0.1', '10.0.0.2'),
  cluster('leaving', '/leaving'),
  cluster('older', 'older:', '0.0.0.0', '10.0.0.5', '10.0.0.6'),
  { name: 'same', prefix: 'same:', endpoints: [{ address: '2001:db8::1', port: 6380 }], watch: 'off' },
];
const staged = [
  { kind: 'cluster', name: 'bunny', after: cluster('bunny', 'bunny:', '10.0.0.1'), ...by },
  { kind: 'cluster', name: 'leaving', after: undefined, ...by },
  { kind: 'cluster', name: '兔', after: cluster('兔', '兔:', '10.0.0.4'), ...by },
];

describe('a data directory of a release with schema 1', () => {
  test('opens with all that it has: committed, staged where it differs, what drains, and routes', async (t) => {
    const state = await open(t, leaveSchema1(t)).load();
    assert.equal(state.lastEntry, 2);
    assert.equal(state.revision, 1);
    assert.deepEqual(state.committed, { clusters: committed, listeners: [], secrets: [] });
    assert.deepEqual(state.staged, staged);
    const gone = cluster('gone', 'gone:', '10.0.0.3');
    const draining = [{ cluster: gone, untilMs: 1_795_749_276_614, wasCatchAll: false, followed: undefined }];
    assert.deepEqual(state.draining, draining);
    assert.equal(state.routes?.catchAll, undefined);
    assert.deepEqual(state.routes?.old.map(({ untilMs, count }) => [untilMs, count]), [
      [1_795_749_276_509, 4],
      [1_795_749_276_614, 1],
    ]);
  });

  test('has a log and a revision of nobody known', async (t) => {
    const store = open(t, leaveSchema1(t));
    const counts = { added: 4, changed: 0, removed: 0 };
    const none = { added: 0, changed: 0, removed: 0 };
    const message = 'taken over from an earlier release';
    const revision = { revision: 1, ...by, message, summary: { cluster: counts, listener: none, secret: none } };
    assert.deepEqual(toPlain(await store.revisions(9, 9)), [revision]);
    const entries = await store.entriesAfter(0, 9);
    assert.deepEqual(entries.map(({ type, author, atMs }) => ({ type, author, atMs })), [
      { type: 'commit', ...by },
      { type: 'stage', ...by },
    ]);
    assert.deepEqual(await store.editsBackTo(1), editsOf());
  });

  test('is taken over once', async (t) => {
    const directory = leaveSchema1(t);
    const first = open(t, directory);
    await appendAll(first, stage(put('next', 1)));
    const before = await first.load();
    await first.close();
    assert.deepEqual(await open(t, directory).load(), before);
  });

  const others: readonly (readonly [what: string, sql: string, state: object])[] = [
    ['that never was used', emptyTables, emptyState],
    [
      'in which nothing was committed',
      `${emptyTables} INSERT INTO staged VALUES ('a', '{"prefix":"/a","endpoints":[]}')`,
      { ...emptyState, lastEntry: 1, staged: [{ kind: 'cluster', name: 'a', after: buildCluster('a'), ...by }] },
    ],
    [
      'in which nothing was committed, and that was',
      `${emptyTables} INSERT INTO meta VALUES ('ever_committed', 'yes')`,
      { ...emptyState, lastEntry: 1, revision: 1 },
    ],
    [
      'in which everything is staged as it is committed, of before routes were kept',
      `DELETE FROM staged; INSERT INTO staged SELECT * FROM committed; DELETE FROM draining;
      DELETE FROM meta WHERE key = 'routes'`,
      { ...emptyState, lastEntry: 1, revision: 1, committed: { clusters: committed, listeners: [], secrets: [] } },
    ],
  ];
  for (const [what, sql, state] of others) {
    test(`one ${what}`, async (t) => assert.deepEqual(await open(t, leaveSchema1(t, sql)).load(), state));
  }

  const damages: readonly (readonly [sql: string, reason: RegExp])[] = [
    ['DROP TABLE committed', /damaged \(no such table: committed\)/],
    [`INSERT INTO staged VALUES ('b' || char(10), '{}')`, /damaged \(table staged, row "b\\n": no prefix\)/],
    [`UPDATE committed SET content = '[' WHERE name = 'same'`, /damaged \(table committed, row "same": no JSON\)/],
    [`INSERT INTO draining VALUES ('a', '[]', 1)`, /damaged \(table draining, row "a": no JSON object\)/],
    [`UPDATE meta SET value = '{"old":1}' WHERE key = 'routes'`, /damaged \(table meta, row "routes": old is/],
    ['DELETE FROM meta', /damaged \(table committed: rows before the first commit\)/],
  ];
  for (const [sql, reason] of damages) {
    test(`is refused and left as it was after ${sql}`, (t) => {
      const directory = leaveSchema1(t, sql);
      const before = readFileSync(pathIn(directory));
      assert.throws(() => openSqliteLogStore(directory, { nowMs }), (error) => {
        return error instanceof StoreError && reason.test(error.message);
      });
      assert.deepEqual(readFileSync(pathIn(directory)), before);
    });
  }

  test('keeps its tables when it can\'t be taken over, and is when there is room', async (t) => {
    const row = (number: number) => `('big ${number}', '{"prefix":"${number}","endpoints":[]}')`;
    const rows = Array.from({ length: 5_000 }, (_, number) => row(number)).join(', ');
    const directory = leaveSchema1(t, `INSERT INTO committed VALUES ${rows}; INSERT INTO staged SELECT * FROM committed
      WHERE true ON CONFLICT DO NOTHING`);
    const module = JSON.stringify(new URL('../../src/store/sqlite-log-store.ts', import.meta.url).href);
    const script = `import { openSqliteLogStore } from ${module};
      try { openSqliteLogStore(process.argv[1], { nowMs: 1 }); } catch (error) { console.log(error.message); }`;
    const limited = ['-c', 'ulimit -f 600; exec "$@"', 'bash', process.execPath, '--input-type=module', '--eval'];
    const child = spawnSync('bash', [...limited, script, directory], { encoding: 'utf8' });
    assert.match(child.stdout, /controlplane\.db can't be written: /);
    const db = new DatabaseSync(pathIn(directory));
    assert.deepEqual(db.prepare('PRAGMA user_version').get()?.['user_version'], 1);
    assert.equal(db.prepare('SELECT COUNT(*) AS rows FROM committed').get()?.['rows'], 5_004);
    db.close();
    const { committed: { clusters } } = await open(t, directory).load();
    assert.equal(clusters.length, 5_004);
  });
});
