// Serves the API on a free loopback port, over a control plane that only stages.

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { Writable } from 'node:stream';
import type { TestContext } from 'node:test';
import { pino } from 'pino';
import type { Level } from 'pino';
import { createApi } from '../../src/api/app.ts';
import type { V1Desk } from '../../src/api/v1.ts';
import type { CommitOutcome } from '../../src/commit/desk.ts';
import type { Change } from '../../src/inventory/change.ts';
import { Inventory } from '../../src/inventory/inventory.ts';

/** Keeps the inventory's rules, records what passed them, and fails with `failure` when told to. */
export class RecordingControl implements V1Desk {
  readonly changes: Change[] = [];
  commits = 0;
  failure: unknown;
  readonly #inventory = new Inventory();

  async change(change: Change): Promise<void> {
    if (this.failure !== undefined) throw this.failure;
    this.#inventory.apply(this.#inventory.check(change));
    this.changes.push(change);
  }

  async commit(): Promise<CommitOutcome> {
    if (this.failure !== undefined) throw this.failure;
    this.commits += 1;
    return { changed: true, revision: this.commits, changes: [], warnings: [] };
  }
}

/** A served API. `logged` grows by one parsed object per log line. */
export interface ServedApi {
  readonly port: number;
  readonly control: RecordingControl;
  readonly logged: Record<string, unknown>[];
}

export interface ApiOptions {
  readonly level?: Level;
  readonly isReady?: () => boolean;
  /** By which the API may be called. */
  readonly names?: readonly string[];
}

/** Serves until the test `t` ends. */
export async function serveApi(t: TestContext, options: ApiOptions = {}): Promise<ServedApi> {
  const { level = 'info', isReady, names } = options;
  const control = new RecordingControl();
  const logged: Record<string, unknown>[] = [];
  const lines = new Writable({
    write(line, _encoding, done) {
      logged.push(JSON.parse(String(line)) as Record<string, unknown>);
      done();
    },
  });
  const server = createServer(createApi(control, pino({ level }, lines), isReady, undefined, names));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return { port: (server.address() as AddressInfo).port, control, logged };
}

/** An answer as it came over the wire; header names in lower case. */
export interface Answer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** Sends `request` byte for byte (ask for `Connection: close`) and parses what comes until the server closes. */
export async function exchange(port: number, request: string | Buffer): Promise<Answer> {
  const socket = connect(port, '127.0.0.1');
  socket.write(request);
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  const end = text.indexOf('\r\n\r\n');
  const [statusLine = '', ...headerLines] = text.slice(0, end).split('\r\n');
  const headers = headerLines.map((line): [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  });
  return { status: Number(statusLine.split(' ')[1]), headers: new Map(headers), body: text.slice(end + 4) };
}

/** One call with a body, sent as `curl -X METHOD -d BODY` sends it, plus `headers`. */
export async function call(
  api: ServedApi,
  method: string,
  path: string,
  body: string | Buffer = '',
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const all = {
    Host: '127.0.0.1',
    Connection: 'close',
    'Content-Type': 'application/x-www-form-urlencoded',
    'Content-Length': String(Buffer.byteLength(body)),
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`);
  return exchange(api.port, Buffer.concat([head, Buffer.from(body)]));
}
