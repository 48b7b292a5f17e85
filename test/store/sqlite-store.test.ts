import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import type { TestContext } from 'node:test';

import { Inventory } from '../../src/inventory/inventory.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import { openSqliteStore } from '../../src/store/sqlite-store.ts';
import { StoreError } from '../../src/store/store.ts';
import type { Store } from '../../src/store/store.ts';
import { buildCluster, drain, makeDirectory, put, readMaps, remove } from './clusters.ts';
import { applyWrite } from './edit-sequence.ts';

const locate = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);

/** Writes until it is killed or refused, and then says why on a last line; each write that returned is a line. */
const writer = `
  import { writeSync } from 'node:fs';
  import { openSqliteStore } from ${locate('../../src/store/sqlite-store.ts')};
  import { applyWrite } from ${locate('./edit-sequence.ts')};
  const store = openSqliteStore(process.argv[1]);
  try {
    for (let index = 0; index < 30_000; index++) {
      applyWrite(store, index);
      writeSync(1, index + '\\n');
    }
  } catch (error) {
    writeSync(1, error.name + ': ' + error.message + '\\n');
  }`;
const writerArguments = (directory: string) => ['--input-type=module', '--eval', writer, directory];

function openUntilEnd(t: TestContext, directory: string): Store {
  const store = openSqliteStore(directory);
  t.after(() => store.close());
  return store;
}

function stateAfter(writes: number) {
  const store = createMemoryStore();
  for (let index = 0; index < writes; index++) applyWrite(store, index);
  return readMaps(store);
}

test('what was saved is there after reopening', (t) => {
  const directory = makeDirectory(t);
  const store = openSqliteStore(directory);
  store.saveStaged(put('staged', 1));
  const catchAll = { ...drain('gone', 5), wasCatchAll: true, followed: 'next' };
  const routes = { catchAll: undefined, old: [] };
  store.saveCommit([], [catchAll], routes);
  store.close();
  assert.deepEqual(openUntilEnd(t, directory).load(), {
    staged: [put('staged', 1).after],
    committed: [],
    draining: [catchAll],
    routes,
  });
});

// 4 MiB of log, some 700 writes, is where SQLite first writes it back into the file.
for (const answers of [1, 12, 300, 900]) {
  test(`kill -9 after ${answers} writes loses none that was answered and halves none that was not`, async (t) => {
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

    const found = readMaps(openUntilEnd(t, directory));
    const possible = [stateAfter(answered), stateAfter(answered + 1)];
    const match = possible.find((state) => isSame(state, found));
    assert.ok(match, `after ${answered} answers the store holds neither that state nor the next`);
  });
}

function isSame(a: unknown, b: unknown): boolean {
  try {
    assert.deepEqual(a, b);
    return true;
  } catch {
    return false;
  }
}

test('a write that does not fit is refused in one line and changes nothing', (t) => {
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
  assert.deepEqual(readMaps(openUntilEnd(t, directory)), stateAfter(lines.length));
});

test('a failed write leaves the old state, and the next one goes on from there', (t) => {
  const directory = makeDirectory(t);
  openSqliteStore(directory).close();
  alter(directory, `
    CREATE TRIGGER refuse BEFORE INSERT ON committed WHEN new.name = 'refused'
    BEGIN SELECT RAISE(FAIL, 'no room'); END`);
  const store = openUntilEnd(t, directory);
  store.saveCommit([put('kept', 1)]);
  const before = readMaps(store);
  assert.throws(() => store.saveCommit([remove('kept'), put('new', 1), put('refused', 1)]), (error) => {
    return error instanceof StoreError && /controlplane\.db can't be written: no room$/.test(error.message);
  });
  assert.deepEqual(readMaps(store), before);
  store.saveCommit([put('new', 2)]);
  assert.deepEqual([...(readMaps(store).committed ?? [])].map(([name]) => name).sort(), ['kept', 'new']);
});

test('among 10,000 clusters a write touches the rows it changes and no other', (t) => {
  const directory = makeDirectory(t);
  const filled = openSqliteStore(directory);
  const names = Array.from({ length: 10_000 }, (_, index) => `cluster ${index}`);
  filled.saveCommit(names.map((name) => put(name, 1, 2, 3)));
  filled.close();
  // A trigger for each table and event counts every row that is written.
  const events = ['INSERT', 'UPDATE', 'DELETE'];
  const tables = ['staged', 'committed', 'draining', 'meta'];
  const triggers = tables.flatMap((table) =>
    events.map((event) => `CREATE TRIGGER ${table}_${event} AFTER ${event} ON ${table}
      BEGIN INSERT INTO written VALUES ('${table} ${event}'); END`),
  );
  alter(directory, ['CREATE TABLE written (what TEXT)', ...triggers].join(';'));
  const store = openSqliteStore(directory);
  store.saveStaged(put('cluster 1', 4));
  store.saveStaged(put('cluster 1', 5));
  store.saveStaged(remove('cluster 1'));
  store.saveCommit([put('cluster 1', 5), remove('cluster 2'), put('new')]);
  store.close();
  assert.deepEqual(readWritten(directory), [
    'staged INSERT',
    'staged UPDATE',
    'staged DELETE',
    'committed UPDATE',
    'committed DELETE',
    'committed INSERT',
  ]);
  assert.equal(openUntilEnd(t, directory).load().committed?.length, 10_000);
});

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

test('after closing, a call is refused with a StoreError', (t) => {
  const store = openSqliteStore(makeDirectory(t));
  store.close();
  for (const call of [() => store.load(), () => store.saveStaged(put('a')), () => store.saveCommit([])]) {
    assert.throws(call, (error) => error instanceof StoreError && /database is not open/.test(error.message));
  }
});

test('endpoints that an older version took are read, and can be removed', (t) => {
  const directory = makeDirectory(t);
  const older = openSqliteStore(directory);
  const at = (...addresses: readonly string[]) => addresses.map((address) => ({ address, port: 6379 }));
  const edit = { name: 'a', after: buildCluster('a', at('0.0.0.0', '10.0.0.1', '::ffff:10.0.0.1', 'fe80::1')) };
  older.saveStaged(edit);
  older.saveCommit([edit]);
  older.close();
  const store = openUntilEnd(t, directory);
  const { staged, committed } = store.load();
  assert.deepEqual(committed, [buildCluster('a', at('0.0.0.0', '10.0.0.1', 'fe80::1'))]);
  const inventory = new Inventory(staged);
  for (const address of ['0.0.0.0', 'fe80:0::1', '::ffff:10.0.0.1']) {
    const removal = inventory.check({ kind: 'remove-endpoint', cluster: 'a', address, port: 6379 });
    store.saveStaged(removal);
    inventory.apply(removal);
  }
  assert.deepEqual(store.load().staged, [buildCluster('a')]);
});
