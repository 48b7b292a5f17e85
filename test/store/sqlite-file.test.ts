import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { renameSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';

import { emptyState } from '../../src/store/fold.ts';
import { StoreError } from '../../src/store/log-store.ts';
import type { LogStore } from '../../src/store/log-store.ts';
import { applicationId, openDatabaseFile } from '../../src/store/sqlite-file.ts';
import { makeDirectory, put } from './clusters.ts';
import { appendAll, commit, openStore, openUntilEnd, stage } from './entries.ts';

const unprivilegedUser = 65_534;
const storeModule = JSON.stringify(new URL('../../src/store/sqlite-log-store.ts', import.meta.url).href);
const pathIn = (directory: string) => join(directory, 'controlplane.db');

/** What a killed daemon leaves: all that it wrote last is in the -wal alone. */
async function leaveKilled(t: TestContext, sql = ''): Promise<string> {
  const [living, dead] = [makeDirectory(t), makeDirectory(t)];
  const store = openStore(living);
  await appendAll(store, stage(put('staged', 1)), commit(1, [put('committed', 1, 2)]));
  await store.close();
  const db = new DatabaseSync(pathIn(living));
  db.exec(`PRAGMA wal_autocheckpoint = 0; UPDATE staged SET author = 'again'; ${sql}`);
  for (const suffix of ['', '-wal']) copyFileSync(pathIn(living) + suffix, pathIn(dead) + suffix);
  db.close();
  return dead;
}

/** What a stopped daemon leaves: one file. */
async function leaveStopped(t: TestContext, sql = ''): Promise<string> {
  const directory = await leaveKilled(t, sql);
  const db = new DatabaseSync(pathIn(directory));
  db.prepare('SELECT * FROM meta').all();
  db.close();
  assert.ok(!existsSync(`${pathIn(directory)}-wal`));
  return directory;
}

/** All that holds state: a -shm and an empty -wal hold none. */
function readFiles(directory: string): Map<string, Buffer> {
  const contents = readdirSync(directory).map((name) => [name, readFileSync(join(directory, name))] as const);
  return new Map(contents.filter(([name, bytes]) => !name.endsWith('-shm') && bytes.length > 0));
}

function overwrite(path: string, offset: number, bytes: Buffer): void {
  const content = readFileSync(path);
  bytes.copy(content, offset);
  writeFileSync(path, content);
}

function assertRefused(directory: string, reason: RegExp): void {
  assert.throws(() => openStore(directory), (error) => {
    assert.ok(error instanceof StoreError);
    assert.match(error.message, reason);
    assert.ok(error.message.includes(directory), error.message);
    assert.ok(!error.message.includes('\n'), error.message);
    return true;
  });
}

test('an open file is a synced write-ahead log that one process holds', (t) => {
  const { db } = openDatabaseFile(makeDirectory(t), {
    version: 1,
    oldest: 1,
    schema: `PRAGMA application_id = ${applicationId}; PRAGMA user_version = 1`,
    check: () => undefined,
    migrate: () => undefined,
  });
  t.after(() => db.close());
  const read = (pragma: string) => Object.values(db.prepare(`PRAGMA ${pragma}`).get() ?? {});
  const full = 2;
  assert.deepEqual(read('journal_mode'), ['wal']);
  assert.deepEqual(read('synchronous'), [full]);
  assert.deepEqual(read('locking_mode'), ['exclusive']);
});

describe('making', () => {
  test('the directories and the file are made for their owner alone', async (t) => {
    const directory = join(makeDirectory(t), 'new', 'data');
    await appendAll(openUntilEnd(t, directory), stage(put('a')));
    assert.equal(statSync(directory).mode & 0o777, 0o700);
    assert.deepEqual(readdirSync(directory).filter((name) => !name.startsWith('controlplane.db')), []);
    for (const name of readdirSync(directory)) assert.equal(statSync(join(directory, name)).mode & 0o777, 0o600, name);
  });

  test('a directory that is there keeps its mode', async (t) => {
    const directory = makeDirectory(t);
    chmodSync(directory, 0o755);
    await openStore(directory).close();
    assert.equal(statSync(directory).mode & 0o777, 0o755);
  });

  test('what a start that was killed left of its making is removed, and nothing else', async (t) => {
    const directory = makeDirectory(t);
    const make = (name: string, file: string, minutesAgo: number) => {
      mkdirSync(join(directory, name));
      writeFileSync(join(directory, name, file), '');
      const time = Date.now() / 1000 - minutesAgo * 60;
      utimesSync(join(directory, name), time, time);
    };
    make('.new-Abc123', 'controlplane.db', 60);
    make('.new-Abc124', 'controlplane.db-wal', 1);
    make('.new-Abc125', 'notes.txt', 60);
    make('.new-ideas', 'controlplane.db', 60);
    await openStore(directory).close();
    const left = readdirSync(directory).filter((name) => !name.startsWith('controlplane.db'));
    assert.deepEqual(left.sort(), ['.new-Abc124', '.new-Abc125', '.new-ideas']);
  });

  test('a -wal without its file is not taken for that of a new file', async (t) => {
    const directory = await leaveKilled(t);
    rmSync(pathIn(directory));
    const before = readFiles(directory);
    assertRefused(directory, /missing, though its -wal file is there/);
    assert.deepEqual(readFiles(directory), before);
  });

  test('after a damaged file was moved away as told, the store starts with nothing', async (t) => {
    const directory = await leaveKilled(t, 'DROP TABLE staged');
    assertRefused(directory, /move it and the .*controlplane\.db-\* files/);
    for (const name of readdirSync(directory)) rmSync(join(directory, name));
    assert.deepEqual(await openUntilEnd(t, directory).load(), emptyState);
  });
});

describe('what is out of reach is refused in one line', () => {
  const places: readonly (readonly [string, (directory: string) => void, RegExp])[] = [
    ['a file for a directory', (at) => writeFileSync(at, ''), /data directory can't be used: EEXIST/],
    ['a link to nowhere', (at) => symlinkSync('nowhere', at), /data directory can't be used: ENOENT/],
    ['a directory for the file', (at) => mkdirSync(pathIn(at), { recursive: true }), /is not a file/],
  ];
  for (const [what, prepare, reason] of places) {
    test(what, (t) => {
      const directory = join(makeDirectory(t), 'data');
      prepare(directory);
      assertRefused(directory, reason);
    });
  }

  test('a directory below a file', (t) => {
    const directory = makeDirectory(t);
    writeFileSync(join(directory, 'file'), '');
    assertRefused(join(directory, 'file', 'data'), /data directory can't be used: ENOTDIR/);
  });

  const protections: readonly (readonly [string, (directory: string) => void, RegExp])[] = [
    ['a directory that may not be written', (at) => chmodSync(at, 0o555), /data directory can't be used: EACCES/],
    ['a file that may not be written', (at) => chmodSync(pathIn(at), 0o444), /\.db can't be used: EACCES/],
    ['a file that may not be read', (at) => chmodSync(pathIn(at), 0o222), /\.db can't be used: EACCES/],
  ];
  for (const [what, protect, reason] of protections) {
    test(what, async (t) => {
      const directory = await leaveStopped(t);
      chmodSync(directory, 0o777);
      protect(directory);
      assert.match(openUnprivileged(directory), reason);
    });
  }

  test('a new directory where none may be made', (t) => {
    const directory = makeDirectory(t);
    chmodSync(directory, 0o555);
    assert.match(openUnprivileged(join(directory, 'data')), /data directory can't be used: EACCES/);
  });
});

/** What a process that is not root is told, nothing being out of reach for root. */
function openUnprivileged(directory: string): string {
  const script = `import { openSqliteLogStore } from ${storeModule};
    if (process.geteuid() === 0) process.setuid(${unprivilegedUser});
    try { openSqliteLogStore(process.argv[1], { nowMs: 1 }); }
    catch (error) { console.log(error.name + ': ' + error.message); }`;
  return execFileSync(process.execPath, ['--input-type=module', '--eval', script, directory], { encoding: 'utf8' });
}

describe('the file has one owner at a time', () => {
  test('a second opener is refused, and the first goes on', async (t) => {
    const directory = makeDirectory(t);
    const store = openStore(directory);
    assertRefused(directory, /is in use by another process/);
    await appendAll(store, stage(put('a', 1)));
    assertRefused(directory, /is in use by another process/);
    await store.close();
    assert.deepEqual(await stagedNames(openUntilEnd(t, directory)), ['a']);
  });

  test('so is one in another process, until that one is killed', async (t) => {
    const directory = makeDirectory(t);
    const script = `import { openSqliteLogStore } from ${storeModule};
      openSqliteLogStore(process.argv[1], { nowMs: 1 });
      process.stdout.write('open');
      setInterval(() => undefined, 60_000);`;
    const owner = spawn(process.execPath, ['--input-type=module', '--eval', script, directory]);
    t.after(() => owner.kill('SIGKILL'));
    await once(owner.stdout, 'data');
    assertRefused(directory, /is in use by another process/);
    owner.kill('SIGKILL');
    await once(owner, 'exit');
    await openStore(directory).close();
  });

  test('a file that is being read is in use too, and is not damaged', async (t) => {
    const directory = await leaveStopped(t);
    const reader = new DatabaseSync(pathIn(directory));
    t.after(() => reader.close());
    reader.exec('BEGIN');
    reader.prepare('SELECT * FROM meta').all();
    assertRefused(directory, /is in use by another process/);
  });
});

describe('files that go while they are open: a write is refused, and nothing of it is kept', () => {
  const losses: readonly (readonly [string, (directory: string) => void])[] = [
    ['the directory is removed', (directory) => rmSync(directory, { recursive: true })],
    ['the file is removed', (directory) => rmSync(pathIn(directory))],
    ['the -wal is removed', (directory) => rmSync(`${pathIn(directory)}-wal`)],
    ['the file is replaced by its copy', (directory) => {
      copyFileSync(pathIn(directory), `${pathIn(directory)}.copy`);
      renameSync(`${pathIn(directory)}.copy`, pathIn(directory));
    }],
  ];
  for (const [what, lose] of losses) {
    test(what, async (t) => {
      const directory = makeDirectory(t);
      const store = openUntilEnd(t, directory);
      const last = await appendAll(store, commit(1, [put('a', 1)]));
      const before = await store.load();
      lose(directory);
      for (const entry of [stage(put('b', 1)), commit(2, [put('b', 1)])]) {
        await assert.rejects(store.append(last, entry), isLost);
      }
      assert.deepEqual(await store.load(), before);
    });
  }

  test('a directory that was moved and put back is written again', async (t) => {
    const directory = makeDirectory(t);
    const store = openUntilEnd(t, directory);
    renameSync(directory, `${directory}.moved`);
    await assert.rejects(store.append(0, stage(put('a', 1))), isLost);
    renameSync(`${directory}.moved`, directory);
    await appendAll(store, stage(put('a', 1)));
    assert.deepEqual(await stagedNames(store), ['a']);
  });

  test('another store that was made at the same path meanwhile is not written by the first one', async (t) => {
    const directory = makeDirectory(t);
    const first = openUntilEnd(t, directory);
    rmSync(directory, { recursive: true });
    const second = openUntilEnd(t, directory);
    await assert.rejects(first.append(0, stage(put('a', 1))), isLost);
    await appendAll(second, stage(put('b', 1)));
    assert.deepEqual(await stagedNames(second), ['b']);
  });
});

async function stagedNames(store: LogStore): Promise<string[]> {
  const { staged } = await store.load();
  return staged.map(({ name }) => name);
}

function isLost(error: unknown): boolean {
  return error instanceof StoreError && /was moved, removed or replaced while it was open/.test(error.message);
}

const pageBytes = 4096;

/** Each leaves a file that can't be trusted; `when` says for which of the two ways to stop it does. */
const damages: readonly {
  readonly what: string;
  readonly when: 'stopped' | 'killed' | 'either';
  readonly sql?: string;
  readonly harm?: (path: string) => void;
  readonly reason: RegExp;
}[] = [
  { what: 'empty', when: 'either', harm: (path) => truncateSync(path, 0), reason: /is damaged \(empty\)/ },
  { what: 'text', when: 'stopped', harm: (path) => writeFileSync(path, 'x'.repeat(9999)), reason: /not a database/ },
  { what: 'one byte', when: 'stopped', harm: (path) => writeFileSync(path, 'S'), reason: /not a database/ },
  {
    what: 'without its header',
    when: 'stopped',
    harm: (path) => overwrite(path, 0, Buffer.alloc(16)),
    reason: /not a database/,
  },
  { what: 'cut in its first page', when: 'stopped', harm: (path) => truncateSync(path, 1000), reason: /malformed/ },
  {
    what: 'cut after its first page',
    when: 'either',
    harm: (path) => truncateSync(path, pageBytes),
    reason: /is damaged/,
  },
  {
    what: 'cut by a page',
    when: 'stopped',
    harm: (path) => truncateSync(path, statSync(path).size - pageBytes),
    reason: /malformed/,
  },
  {
    what: 'overwritten in the middle',
    when: 'either',
    harm: (path) => overwrite(path, pageBytes, Buffer.alloc(2 * pageBytes, 0x5a)),
    reason: /is damaged \(\*\*\* in database main/,
  },
  {
    what: 'of another program',
    when: 'either',
    sql: 'PRAGMA application_id = 7',
    reason: /not a database of this program \(application id 7\)/,
  },
  { what: 'unmarked', when: 'either', sql: 'PRAGMA application_id = 0', reason: /not a database of this program/ },
  { what: 'without a schema version', when: 'either', sql: 'PRAGMA user_version = 0', reason: /damaged \(schema 0\)/ },
  {
    what: 'from a newer program, its tables unknown here',
    when: 'either',
    sql: 'PRAGMA user_version = 5; DROP TABLE staged',
    reason: /written by a newer version \(schema 5, this one knows 4\); it was left as it is: start that version/,
  },
  {
    what: 'without a table',
    when: 'either',
    sql: 'DROP TABLE committed',
    reason: /damaged \(no such table: committed\)/,
  },
  {
    what: 'without a column',
    when: 'either',
    sql: 'ALTER TABLE staged DROP COLUMN content',
    reason: /damaged \(no such column: content\)/,
  },
  {
    what: 'with an order that is none',
    when: 'either',
    sql: `INSERT INTO orders VALUES ('c', '192.0.2.1:1', 'undrain', '', 1, NULL, NULL)`,
    reason: /damaged \(table orders, row "192\.0\.2\.1:1": kind is none of drain, disable\)/,
  },
  { what: 'without the events', when: 'either', sql: 'DROP TABLE events', reason: /damaged \(no such table: events\)/ },
  { what: 'without the log', when: 'either', sql: 'DROP TABLE log', reason: /damaged \(no such table: log\)/ },
  {
    what: 'with a staged row that is another cluster',
    when: 'either',
    sql: `INSERT INTO staged VALUES ('cluster', 'b' || char(10), '{}', '', 1)`,
    reason: /damaged \(table staged, row "b\\n": its content has another name\)/,
  },
  {
    what: 'with a staged row of no kind',
    when: 'either',
    sql: `UPDATE staged SET kind = 'route'`,
    reason: /damaged \(table staged, row "staged": kind is none of cluster, listener, secret\)/,
  },
  {
    what: 'with a staged listener that breaks a rule',
    when: 'either',
    sql: `INSERT INTO staged VALUES ('listener', 'l', '{"name":"l","address":"localhost:1"}', '', 1)`,
    reason: /damaged \(table staged, row "l": \/address "localhost:1": must be an IP address and a port/,
  },
  {
    what: 'with a committed row that is no JSON',
    when: 'either',
    sql: `UPDATE committed SET content = 'nothing'`,
    reason: /damaged \(table committed, row "committed": no JSON\)/,
  },
  {
    what: 'with a committed cluster that breaks a rule',
    when: 'either',
    sql: `UPDATE committed SET content = '{"name":"committed","endpoints":[{"address":"::1","port":0}]}'`,
    reason: /damaged \(table committed, row "committed": \/endpoints\/0\/port 0: must be at least 1\)/,
  },
  {
    what: 'with a draining row that is no cluster',
    when: 'either',
    sql: `INSERT INTO draining VALUES ('gone', '{"name":"gone","port":1}', 1, 0, NULL)`,
    reason: /damaged \(table draining, row "gone": \/port 1: no such field\)/,
  },
  {
    what: 'with routes that are none',
    when: 'either',
    sql: `UPDATE meta SET value = '{"old": [{"since_ms": "now"}]}'`,
    reason: /damaged \(table meta, row "routes": since_ms is no number\)/,
  },
  {
    what: 'with committed rows, but no revision',
    when: 'either',
    sql: 'DELETE FROM revisions',
    reason: /damaged \(table committed: rows before the first revision\)/,
  },
  {
    what: 'with a log that lacks its end',
    when: 'either',
    sql: 'DELETE FROM log WHERE number > 1',
    reason: /damaged \(table log: ends before the newest revision\)/,
  },
];

describe('a file is refused and left as it was when it is', () => {
  for (const { what, when, sql, harm, reason } of damages) {
    for (const [stop, leave] of [['stopped', leaveStopped], ['killed', leaveKilled]] as const) {
      if (when !== 'either' && when !== stop) continue;
      test(`${what}, the daemon having been ${stop}`, async (t) => {
        const directory = await leave(t, sql);
        harm?.(pathIn(directory));
        const before = readFiles(directory);
        assertRefused(directory, reason);
        assert.deepEqual(readFiles(directory), before);
      });
    }
  }
});

test('what a killed daemon left in the -wal alone is read', async (t) => {
  const directory = await leaveKilled(t, `UPDATE staged SET author = 'somebody else'`);
  const { staged } = await openUntilEnd(t, directory).load();
  assert.deepEqual(staged.map(({ author }) => author), ['somebody else']);
});

test('a backup that is not in WAL mode is taken', async (t) => {
  const [directory, backup] = [await leaveStopped(t), makeDirectory(t)];
  const db = new DatabaseSync(pathIn(directory));
  db.prepare('VACUUM INTO ?').run(pathIn(backup));
  db.close();
  assert.deepEqual(await stagedNames(openUntilEnd(t, backup)), ['staged']);
});
