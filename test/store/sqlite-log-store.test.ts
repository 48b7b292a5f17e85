import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { describe, test } from 'node:test';

import { StoreError } from '../../src/store/log-store.ts';
import type { LogState, LogStore } from '../../src/store/log-store.ts';
import { createMemoryLogStore } from '../../src/store/memory-log-store.ts';
import { spareRemovals } from '../../src/store/trimming.ts';
import { drain, makeDirectory, put, remove } from './clusters.ts';
import { appendAll, commit, editsOf, openStore, openUntilEnd, stage } from './entries.ts';
import { appendAt } from './entry-sequence.ts';

const locate = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);

/** Appends until it is killed or refused, and then says why on a last line; each append that resolved is a line. */
const writer = `
  import { writeSync } from 'node:fs';
  import { openSqliteLogStore } from ${locate('../../src/store/sqlite-log-store.ts')};
  import { appendAt } from ${locate('./entry-sequence.ts')};
  const store = openSqliteLogStore(process.argv[1], { nowMs: 1 });
  try {
    for (let index = 0; index < 30_000; index++) {
      await appendAt(store, index);
      writeSync(1, index + '\\n');
    }
  } catch (error) {
    writeSync(1, error.name + ': ' + error.message + '\\n');
  }`;
const writerArguments = (directory: string) => ['--input-type=module', '--eval', writer, directory];

async function stateAfter(appends: number): Promise<LogState> {
  const store = createMemoryLogStore();
  for (let index = 0; index < appends; index++) await appendAt(store, index);
  return store.load();
}

// 4 MiB of log, some hundred entries, is where SQLite first writes it back into the file.
for (const answers of [1, 12, 300, 900]) {
  test(`kill -9 after ${answers} appends loses none that was answered and halves none that was not`, async (t) => {
    const directory = makeDirectory(t);
    const child = spawn(process.execPath, writerArguments(directory), { stdio: ['ignore', 'pipe', 'inherit'] });
    t.after(() => child.kill('SIGKILL'));
    let answered = 0;
    for await (const line of createInterface(child.stdout)) {
      assert.equal(line, String(answered));
      answered++;
      if (answered === answers) child.kill('SIGKILL');
    }
    if (child.signalCode === null) await once(child, 'exit');
    assert.equal(child.signalCode, 'SIGKILL');

    const store = openUntilEnd(t, directory);
    const found = await store.load();
    assert.ok([answered, answered + 1].includes(found.lastEntry), `${answered} answers, ${found.lastEntry} entries`);
    assert.deepEqual(found, await stateAfter(found.lastEntry));
    const newest = Math.floor(found.lastEntry / 10);
    const revisions = await store.revisions(Number.MAX_SAFE_INTEGER, 1);
    assert.deepEqual(revisions.map(({ revision }) => revision), newest === 0 ? [] : [newest]);
  });
}

test('an append that does not fit is refused in one line and changes nothing', async (t) => {
  const directory = makeDirectory(t);
  const limitKiB = 512;
  const command = `ulimit -f ${limitKiB}; exec "$@"`;
  const child = spawnSync('bash', ['-c', command, 'bash', process.execPath, ...writerArguments(directory)], {
    encoding: 'utf8',
  });
  assert.equal(child.stderr, '');
  const lines = child.stdout.trimEnd().split('\n');
  const refusal = lines.pop();
  assert.match(refusal ?? '', /^StoreError: .*controlplane\.db can't be written: /);
  assert.ok(lines.length > 0);
  assert.deepEqual(await openUntilEnd(t, directory).load(), await stateAfter(lines.length));
});

test('a failed append leaves the old state, and the next one goes on from there', async (t) => {
  const directory = makeDirectory(t);
  await openStore(directory).close();
  alter(directory, `
    CREATE TRIGGER refuse BEFORE INSERT ON log WHEN new.author = 'refused'
    BEGIN SELECT RAISE(FAIL, 'no room'); END`);
  const store = openUntilEnd(t, directory);
  await appendAll(store, commit(1, [put('kept', 1)]), stage(put('staged', 1)));
  const before = await store.load();
  const edits = [remove('kept'), put('new', 1)];
  const refused = { ...commit(2, edits, { draining: [drain('kept', 5)] }), author: 'refused' };
  await assert.rejects(store.append(2, refused), (error) => {
    return error instanceof StoreError && /controlplane\.db can't be written: no room$/.test(error.message);
  });
  assert.deepEqual(await store.load(), before);
  assert.equal((await store.revisions(9, 9)).length, 1);
  await appendAll(store, commit(2, edits, { draining: [drain('kept', 5)] }));
  const { committed, draining } = await store.load();
  assert.deepEqual([committed.clusters, draining], [[put('new', 1).after], [drain('kept', 5)]]);
  assert.deepEqual(await store.editsBackTo(1), editsOf(put('kept', 1), remove('new')));
});

describe('among 10,000 clusters', () => {
  const fill = async (directory: string) => {
    const store = openStore(directory);
    const names = Array.from({ length: 10_000 }, (_, index) => `cluster ${index}`);
    await appendAll(store, commit(1, names.map((name) => put(name, 1, 2, 3))));
    return store;
  };

  test('an append touches the rows it changes and no other', async (t) => {
    const directory = makeDirectory(t);
    await (await fill(directory)).close();
    // A trigger for each table and event counts every row that is written.
    const events = ['INSERT', 'UPDATE', 'DELETE'];
    const tables = ['staged', 'committed', 'draining', 'meta', 'revision_changes', 'log'];
    const triggers = tables.flatMap((table) =>
      events.map((event) => `CREATE TRIGGER ${table}_${event} AFTER ${event} ON ${table}
        BEGIN INSERT INTO written VALUES ('${table} ${event}'); END`),
    );
    alter(directory, ['CREATE TABLE written (what TEXT)', ...triggers].join(';'));
    const store = openStore(directory);
    const goOn = [drain('cluster 2', 5), drain('cluster 3', 5)];
    await appendAll(
      store,
      stage(put('cluster 1', 4)),
      stage(put('cluster 1', 5)),
      stage(put('cluster 1', 1, 2, 3)),
      commit(2, [put('cluster 1', 5), remove('cluster 2'), put('new')], { draining: goOn }),
      commit(3, [put('new', 1)], { draining: goOn }),
    );
    await store.close();
    assert.deepEqual(readWritten(directory), [
      ...['staged INSERT', 'log INSERT'],
      ...['staged UPDATE', 'log INSERT'],
      ...['staged DELETE', 'log INSERT'],
      ...['committed UPDATE', 'committed DELETE', 'committed INSERT'],
      ...['revision_changes INSERT', 'revision_changes INSERT', 'revision_changes INSERT'],
      ...['draining INSERT', 'draining INSERT', 'log INSERT'],
      ...['committed UPDATE', 'revision_changes INSERT', 'log INSERT'],
    ]);
  });

  test('1,000 commits of one endpoint each make the file grow by less than 20 MiB', async (t) => {
    const directory = makeDirectory(t);
    const store = await fill(directory);
    await store.close();
    const before = sizeOf(directory);
    const grown = openUntilEnd(t, directory);
    for (let index = 0; index < 1_000; index++) {
      const edit = put(`cluster ${index * 7}`, 1, 2, 4 + index);
      const next = [stage(edit), commit(2 + index, [edit])];
      for (const [place, entry] of next.entries()) assert.ok(await grown.append(1 + 2 * index + place, entry));
    }
    const openBytes = sizeOf(directory) - before;
    assert.ok(openBytes < 20 * 1024 * 1024, `${openBytes} bytes`);
    assert.equal((await grown.editsBackTo(2))?.clusters.length, 999);
  });
});

test('what is kept no more does not count, and leaves the file a few rows per append', async (t) => {
  const directory = makeDirectory(t);
  const many = openStore(directory);
  for (let index = 0; index < 600; index++) await appendAt(many, index);
  await many.close();
  const few = openStore(directory, 3);
  await appendAt(few, 600);
  assert.deepEqual((await few.revisions(99, 99)).map(({ revision }) => revision), [60, 59, 58]);
  const [oldest] = await few.entriesAfter(0, 1);
  assert.equal(oldest?.number, 580);
  await few.close();
  assert.equal(countRows(directory, 'log'), 601 - spareRemovals - 1);
  const later = openStore(directory, 3);
  for (let index = 601; index < 640; index++) await appendAt(later, index);
  await later.close();
  assert.equal(countRows(directory, 'log'), 21);
  assert.ok(countRows(directory, 'revision_changes') <= 9);
});

describe('a row that is not what was written is told with its table', () => {
  const harms: readonly (readonly [sql: string, ask: (store: LogStore) => Promise<unknown>, reason: RegExp])[] = [
    [
      `UPDATE log SET body = replace(body, '"after":{"name":"a"', '"after":{"name":"b"') WHERE number = 1`,
      (store) => store.entriesAfter(0, 9),
      /damaged \(table log, row 1: its content has another name\)/,
    ],
    [
      `UPDATE log SET type = 'rename' WHERE number = 1`,
      (store) => store.entriesAfter(0, 9),
      /damaged \(table log, row 1: type "rename" is none of stage, discard, commit, order\)/,
    ],
    [
      `UPDATE revisions SET summary = '{"cluster":{}}'`,
      (store) => store.revisions(9, 9),
      /damaged \(table revisions, row 2: added is no number\)/,
    ],
    [
      `UPDATE revision_changes SET before = '{' WHERE revision = 2`,
      (store) => store.editsBackTo(1),
      /damaged \(table revision_changes, row "a": no JSON\)/,
    ],
  ];
  for (const [sql, ask, reason] of harms) {
    test(sql, async (t) => {
      const directory = makeDirectory(t);
      const store = openStore(directory);
      await appendAll(store, stage(put('a', 1)), commit(1, [put('a', 1)]), commit(2, [put('a', 2)]));
      await store.close();
      alter(directory, sql);
      await assert.rejects(ask(openUntilEnd(t, directory)), isRefusal(reason));
    });
  }
});

describe('a backup', () => {
  test('holds all of the state, is for its owner alone, and opens as a store', async (t) => {
    const [directory, target] = [makeDirectory(t), makeDirectory(t)];
    const store = openUntilEnd(t, directory);
    for (let index = 0; index < 60; index++) await appendAt(store, index);
    const file = join(target, 'controlplane.db');
    await store.backup(file);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.deepEqual(readdirSync(target), ['controlplane.db']);
    const copy = openUntilEnd(t, target);
    assert.deepEqual(await copy.load(), await store.load());
    assert.deepEqual(await copy.entriesAfter(0, 99), await store.entriesAfter(0, 99));
    assert.deepEqual(await copy.editsBackTo(1), await store.editsBackTo(1));
  });

  test('is the state at its turn, and the store goes on', async (t) => {
    const [directory, target] = [makeDirectory(t), makeDirectory(t)];
    const store = openUntilEnd(t, directory);
    for (let index = 0; index < 300; index++) await appendAt(store, index);
    await Promise.all([appendAt(store, 300), store.backup(join(target, 'controlplane.db')), appendAt(store, 301)]);
    assert.deepEqual(await openUntilEnd(t, target).load(), await stateAfter(301));
    assert.deepEqual(await store.load(), await stateAfter(302));
  });

  test('that does not fit leaves nothing', async (t) => {
    const [directory, target] = [makeDirectory(t), makeDirectory(t)];
    const store = openStore(directory);
    for (let index = 0; index < 1_000; index++) await appendAt(store, index);
    await store.close();
    const script = `
      import { openSqliteLogStore } from ${locate('../../src/store/sqlite-log-store.ts')};
      const store = openSqliteLogStore(process.argv[1], { nowMs: 1 });
      await store.backup(process.argv[2]).catch((error) => console.log(error.name + ': ' + error.message));`;
    const limited = ['-c', 'ulimit -f 100; exec "$@"', 'bash', process.execPath, '--input-type=module', '--eval'];
    const child = spawnSync('bash', [...limited, script, directory, join(target, 'backup')], { encoding: 'utf8' });
    assert.match(child.stdout, /^StoreError: .*backup can't be written: /);
    assert.deepEqual(readdirSync(target), []);
  });

  test('can be made of a directory that was removed', async (t) => {
    const [directory, target] = [makeDirectory(t), makeDirectory(t)];
    const store = openUntilEnd(t, join(directory, 'data'));
    await appendAll(store, stage(put('a', 1)));
    rmSync(join(directory, 'data'), { recursive: true });
    await store.backup(join(target, 'controlplane.db'));
    assert.deepEqual(await openUntilEnd(t, target).load(), await store.load());
  });

  const reason = /backup is there already: a backup replaces nothing$/;
  const places: readonly (readonly [what: string, prepare: (file: string) => void])[] = [
    ['a file that is there', (file) => writeFileSync(file, 'mine')],
    ['a directory that is there', (file) => mkdirSync(file)],
  ];
  for (const [what, prepare] of places) {
    test(`refuses ${what}`, async (t) => {
      const file = join(makeDirectory(t), 'backup');
      prepare(file);
      await assert.rejects(openUntilEnd(t, makeDirectory(t)).backup(file), isRefusal(reason));
      assert.ok(statSync(file).isDirectory() || readFileSync(file, 'utf8') === 'mine');
    });
  }

  test('is refused where there is no folder', async (t) => {
    const file = join(makeDirectory(t), 'nowhere', 'backup');
    await assert.rejects(openUntilEnd(t, makeDirectory(t)).backup(file), isRefusal(/backup can't be written: ENOENT/));
    assert.ok(!existsSync(file));
  });

  test('of what is kept in memory is refused', async () => {
    await assert.rejects(createMemoryLogStore().backup('backup'), isRefusal(/^nothing is kept on disk/));
  });
});

test('after closing, a call is refused with a StoreError', async (t) => {
  const store = openStore(makeDirectory(t));
  await store.close();
  const calls = [
    () => store.load(),
    () => store.append(0, stage()),
    () => store.entriesAfter(0, 1),
    () => store.revisions(9, 1),
    () => store.editsBackTo(1),
    () => store.backup(join(makeDirectory(t), 'backup')),
  ];
  for (const call of calls) await assert.rejects(call, (error) => error instanceof StoreError);
});

function isRefusal(reason: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof StoreError && reason.test(error.message);
}

function alter(directory: string, sql: string): void {
  const db = new DatabaseSync(join(directory, 'controlplane.db'));
  db.exec(sql);
  db.close();
}

function readWritten(directory: string): unknown[] {
  const db = new DatabaseSync(join(directory, 'controlplane.db'));
  const rows = db.prepare('SELECT what FROM written ORDER BY rowid').all();
  db.close();
  return rows.map((row) => row['what']);
}

function countRows(directory: string, table: string): number {
  const db = new DatabaseSync(join(directory, 'controlplane.db'));
  const row = db.prepare(`SELECT COUNT(*) AS rows FROM ${table}`).get();
  db.close();
  return Number(row?.['rows']);
}

/** Of all files of the store. */
function sizeOf(directory: string): number {
  const sizes = readdirSync(directory).map((name) => statSync(join(directory, name)).size);
  return sizes.reduce((sum, size) => sum + size, 0);
}
