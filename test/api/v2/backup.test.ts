// GET /api/v2/backup and POST /api/v2/restore where something comes between; test/backup.test.ts has the rest.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { createConnection } from 'node:net';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';

import type { ControlPlane } from '../../../src/commit/control-plane.ts';
import { openSqliteLogStore } from '../../../src/store/sqlite-log-store.ts';
import { openDesk } from '../../support/open-desk.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { serveV2 } from './serve-v2.ts';

const { TMPDIR: usualTempDir } = process.env;

/** Over a database, with a folder for temporary files that nobody else has. */
async function serveStored(t: TestContext): Promise<{ url: string; desk: ControlPlane; temporary: string }> {
  const store = openSqliteLogStore(await tempDir(t), { nowMs: 1 });
  t.after(() => store.close());
  const temporary = await tempDir(t);
  setTempDir(t, temporary);
  const desk = await openDesk({ store });
  const { url } = await serveV2(t, { desk });
  return { url, desk, temporary };
}

function setTempDir(t: TestContext, path: string): void {
  process.env['TMPDIR'] = path;
  t.after(() => {
    if (usualTempDir === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = usualTempDir;
  });
}

test('a backup is what a restore takes, and leaves no file', async (t) => {
  const { url, temporary } = await serveStored(t);
  const response = await fetch(`${url}/backup`);
  const { headers } = response;
  assert.equal(headers.get('content-type'), 'application/vnd.sqlite3');
  assert.equal(headers.get('content-disposition'), 'attachment; filename="controlplane-revision-0.db"');
  const body = await response.arrayBuffer();
  assert.equal(headers.get('content-length'), `${body.byteLength}`);
  for (const type of ['application/vnd.sqlite3', 'application/octet-stream']) {
    const restored = await fetch(`${url}/restore`, { method: 'POST', headers: { 'Content-Type': type }, body });
    const { changed, restored_revision: revision } = (await restored.json()) as Record<string, unknown>;
    assert.deepEqual([restored.status, changed, revision], [200, false, 0]);
  }
  assert.deepEqual(await readdir(temporary), []);
});

describe('without a folder for temporary files', () => {
  for (const [method, path] of [['GET', 'backup'], ['POST', 'restore']] as const) {
    test(`${method} /${path} is refused in words`, async (t) => {
      const { url, temporary } = await serveStored(t);
      setTempDir(t, join(temporary, 'nowhere'));
      const response = await fetch(`${url}/${path}`, { method, ...(method === 'POST' && { body: 'x' }) });
      const { detail } = (await response.json()) as { detail: string };
      assert.equal(response.status, 503);
      assert.match(detail, /^the folder for temporary files \(TMPDIR\) can't be written: ENOENT/);
    });
  }
});

/** Sends the head of a restore, and of its body the first bytes. */
async function beginRestore(url: string): Promise<Socket> {
  const { hostname, port, host, pathname } = new URL(url);
  const socket = createConnection(Number(port), hostname);
  await once(socket, 'connect');
  socket.write(`POST ${pathname}/restore HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 100\r\n\r\nSQLite`);
  return socket;
}

describe('at once there are', () => {
  test('four backups, and no more', async (t) => {
    const { url, desk } = await serveStored(t);
    const { promise: opened, resolve: open } = Promise.withResolvers<void>();
    const backup = desk.backup.bind(desk);
    let begun = 0;
    desk.backup = async (path) => {
      begun += 1;
      await opened;
      await backup(path);
    };
    const answers = Array.from({ length: 4 }, () => fetch(`${url}/backup`));
    await waitUntil('four have begun', () => begun === 4 || undefined);
    const refused = await fetch(`${url}/backup`);
    open();
    assert.deepEqual([refused.status, ((await refused.json()) as { detail: string }).detail], [
      503,
      '4 backups are on their way: ask again later',
    ]);
    for (const answer of await Promise.all(answers)) {
      assert.equal(answer.status, 200);
      await answer.arrayBuffer();
    }
    await waitUntil('there is room again', async () => (await fetch(`${url}/backup`)).status === 200 || undefined);
  });

  test('four restores, and no more', async (t) => {
    const { url, temporary } = await serveStored(t);
    const sockets = await Promise.all(Array.from({ length: 4 }, () => beginRestore(url)));
    await waitUntil('four have begun', async () => (await readdir(temporary)).length === 4 || undefined);
    const refused = await fetch(`${url}/restore`, { method: 'POST', body: 'x' });
    assert.deepEqual([refused.status, ((await refused.json()) as { detail: string }).detail], [
      503,
      '4 others restore already: ask again later',
    ]);
    for (const socket of sockets) socket.destroy();
    await waitUntil('there is room again', async () => {
      const { status } = await fetch(`${url}/restore`, { method: 'POST', body: 'x' });
      return status === 422 || undefined;
    });
  });
});

test('a backup of more than 1 GiB is refused', async (t) => {
  const { url } = await serveStored(t);
  const piece = Buffer.alloc(1_048_576);
  const body = ReadableStream.from(
    (function* () {
      for (let sent = 0; sent < 1_024; sent += 1) yield piece;
      yield Buffer.of(0);
    })(),
  );
  const response = await fetch(`${url}/restore`, { method: 'POST', body, duplex: 'half' } as RequestInit);
  assert.deepEqual([response.status, ((await response.json()) as { detail: string }).detail], [
    413,
    'body of 1073741825 bytes: at most 1073741824 are taken',
  ]);
});

test('what came of a body that is cut off is gone', async (t) => {
  const { url, temporary } = await serveStored(t);
  const socket = await beginRestore(url);
  await waitUntil('the body is being saved', async () => (await readdir(temporary)).length > 0);
  socket.destroy();
  await waitUntil('it is gone', async () => (await readdir(temporary)).length === 0);
});
