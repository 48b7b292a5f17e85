// The daemon with a standard output that takes nothing, or less than is written: it waits for no line of its log.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import type { Duplex, Readable } from 'node:stream';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';

import { parseScrape } from '../metrics/scrape.ts';
import { checkoutPath } from '../support/checkout.ts';
import { freePort } from '../support/free-port.ts';
import { tempDir } from '../support/temp-dir.ts';
import { waitUntil } from '../support/wait-until.ts';

// At the level debug each request is a line as long as its path: so many are more than pipe and bound hold together.
const requests = 400;
const path = `/${'x'.repeat(8000)}`;

interface Daemon {
  readonly child: ChildProcess;
  readonly api: string;
  /** The end of its standard output at which a reader would be; nothing is read until somebody does. */
  readonly reader: Duplex | Readable;
}

/** A pipe, as a shell makes one, or a socket, as systemd does. */
type Kind = 'pipe' | 'socket';

// Node has no way to give a child a socket as its standard output.
const withSocket = `import os, socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
os.dup2(s.fileno(), 1)
os.execv(sys.argv[2], sys.argv[2:])`;

async function startUnread(t: TestContext, kind: Kind): Promise<Daemon> {
  const port = await freePort();
  const flags = ['--xds-address', '127.0.0.1:0', '--api-address', `127.0.0.1:${port}`, '--data-dir='];
  const args = ['--disable-warning=ExperimentalWarning', checkoutPath('src/main.ts'), ...flags, '--log-level', 'debug'];
  const { child, reader } = kind === 'pipe' ? startWithPipe(args) : await startWithSocket(t, args);
  t.after(() => child.kill('SIGKILL'));
  const api = `http://127.0.0.1:${port}`;
  await waitUntil('the API answers', async () => (await fetch(`${api}/healthz`)).ok);
  return { child, api, reader };
}

function startWithPipe(args: readonly string[]): Pick<Daemon, 'child' | 'reader'> {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  return { child, reader: child.stdout };
}

async function startWithSocket(t: TestContext, args: readonly string[]): Promise<Pick<Daemon, 'child' | 'reader'>> {
  const path = join(await tempDir(t), 'journal');
  const journal = createServer({ pauseOnConnect: true }).listen(path);
  t.after(() => void journal.close());
  await once(journal, 'listening');
  const connection = once(journal, 'connection');
  const command = ['-c', withSocket, path, process.execPath, ...args];
  const child = spawn('python3', command, { stdio: ['ignore', 'ignore', 'inherit'] });
  const [reader] = (await connection) as [Socket];
  return { child, reader };
}

async function logMuch({ api }: Daemon): Promise<void> {
  for (let request = 0; request < requests; request += 1) {
    const { status } = await fetch(api + path);
    assert.equal(status, 404);
  }
}

async function droppedLines({ api }: Daemon): Promise<number> {
  const text = await (await fetch(`${api}/metrics`)).text();
  const metric = parseScrape(text).get('controlplane_log_lines_dropped_total');
  return metric?.series.get('controlplane_log_lines_dropped_total') ?? assert.fail('no such metric');
}

async function assertStops({ child }: Daemon): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  assert.deepEqual(await ended, [0, null]);
}

for (const kind of ['pipe', 'socket'] as const) {
  describe(`standard output is a ${kind}`, () => {
    test('a reader that stops reading holds nothing up: lines past the bound are dropped and counted', async (t) => {
      const daemon = await startUnread(t, kind);
      await logMuch(daemon);
      assert.ok((await droppedLines(daemon)) > 0);
      await assertStops(daemon);
    });

    test('when it reads again it gets what was kept, in whole lines, and how many are missing', async (t) => {
      const daemon = await startUnread(t, kind);
      await logMuch(daemon);
      const dropped = await droppedLines(daemon);
      let text = '';
      daemon.reader.setEncoding('utf8').on('data', (chunk: string) => (text += chunk)).resume();
      await waitUntil('it is told', () => text.includes('log lines were dropped'));
      await assertStops(daemon);
      await waitUntil('the last line is read', () => text.includes('"stopping"'));
      const lines = text.trimEnd().split('\n').map((line) => JSON.parse(line));
      const told = lines.filter(({ msg }) => msg === 'log lines were dropped, nothing took them');
      assert.deepEqual(told.map(({ level, lines: missing }) => [level, missing]), [['warn', dropped]]);
      assert.ok(lines.filter((line) => line.path === path).length + dropped >= requests);
    });

    test('one that reads a little now and then does not keep an exit waiting until it has all', async (t) => {
      const daemon = await startUnread(t, kind);
      await logMuch(daemon);
      let text = '';
      // At this pace what is kept takes some three seconds.
      const trickle = setInterval(() => (text += daemon.reader.read(16_384) ?? ''), 50);
      t.after(() => clearInterval(trickle));
      await waitUntil('it reads', () => text !== '');
      await assertStops(daemon);
      clearInterval(trickle);
      daemon.reader.on('data', (chunk: Buffer) => (text += chunk)).resume();
      await once(daemon.reader, 'end');
      assert.ok(!text.includes('"stopping"'));
    });

    test('a reader that has ended ends nothing', async (t) => {
      const daemon = await startUnread(t, kind);
      daemon.reader.destroy();
      await logMuch(daemon);
      await assertStops(daemon);
    });
  });
}
