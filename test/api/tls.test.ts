// The API with TLS: that what holds of its connections without TLS holds with it.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage, RequestListener } from 'node:http';
import { request as requestOverTls } from 'node:https';
import { connect as connectTcp } from 'node:net';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import { connect as connectTls } from 'node:tls';
import type { TLSSocket } from 'node:tls';

import { pino } from 'pino';

import { createApi } from '../../src/api/app.ts';
import { createApiServer } from '../../src/api/server.ts';
import type { ApiServer, ApiServerOptions } from '../../src/api/server.ts';
import { RefusedConnections } from '../../src/net/refused-connections.ts';
import { ServedCertificate } from '../../src/net/served-certificate.ts';
import { TlsPort } from '../../src/net/tls-port.ts';
import { makeTlsFolder } from '../support/tls-folder.ts';
import type { TlsFolder } from '../support/tls-folder.ts';
import { waitUntil } from '../support/wait-until.ts';
import { RecordingControl } from './serve-api.ts';

const silent = pino({ enabled: false });
const request = 'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n';
const answerAtOnce: RequestListener = (_request, response) => void response.end('answered');
// No test waits for as long: what ends before did not need it.
const endlessGraceMs = 600_000;

interface Served {
  readonly api: ApiServer;
  readonly port: number;
  readonly folder: TlsFolder;
  readonly refused: Record<string, unknown>[];
  open(): Promise<TLSSocket>;
}

async function serve(
  t: TestContext,
  app: RequestListener = answerAtOnce,
  options: ApiServerOptions = {},
  hasTls = true,
): Promise<Served> {
  const folder = await makeTlsFolder(t);
  const certificate = await ServedCertificate.read({ cert: folder.cert, key: folder.key, clientCa: folder.ca }, silent, 20);
  const refused: Record<string, unknown>[] = [];
  const log = pino({}, { write: (line: string) => void refused.push(JSON.parse(line) as Record<string, unknown>) });
  const tls = hasTls ? { tls: new TlsPort(certificate, false) } : {};
  const api = createApiServer(app, { ...options, ...tls, refused: new RefusedConnections(log, 'api') });
  const port = await api.listen('127.0.0.1', 0);
  const sockets: TLSSocket[] = [];
  t.after(async () => {
    for (const socket of sockets) socket.destroy();
    await api.shutDown(0);
  });
  const open = async (): Promise<TLSSocket> => {
    const socket = connectTls({ port, host: '127.0.0.1', ca: folder.authority.chain });
    sockets.push(socket);
    socket.setEncoding('utf8').on('error', () => undefined).resume();
    await once(socket, 'secureConnect');
    return socket;
  };
  return { api, port, folder, refused, open };
}

/** One call on a connection; '' when the connection ends instead. */
async function call(socket: TLSSocket): Promise<string> {
  socket.write(request);
  const [text = ''] = (await Promise.race([once(socket, 'data'), once(socket, 'close')])) as unknown[];
  return typeof text === 'string' ? text : '';
}

async function untilClosed(socket: TLSSocket): Promise<void> {
  if (!socket.destroyed) await once(socket, 'close');
}

test('calls are answered without a certificate of the client, though there are CAs for clients', async (t) => {
  const { open } = await serve(t);
  assert.match(await call(await open()), /^HTTP\/1\.1 200 OK[^]*answered$/u);
});

test('pages of its own are taken, and those of others are not', async (t) => {
  const { port, folder } = await serve(t, createApi(new RecordingControl(), silent, undefined, [], ['cp.example']));
  for (const [origin, status] of [
    ['https://cp.example:8000', 200],
    ['https://evil.example', 403],
  ] as const) {
    const options = { port, host: '127.0.0.1', servername: 'localhost', ca: folder.authority.chain, path: '/healthz' };
    const sent = requestOverTls({ ...options, headers: { host: 'cp.example:8000', origin } }).end();
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    response.resume();
    assert.equal(response.statusCode, status, origin);
  }
});

test('a new certificate is seen by who connects from now on; open connections go on', async (t) => {
  const { open, folder } = await serve(t);
  const before = await open();
  assert.match(await call(before), /answered/u);
  await folder.writeServer(folder.newServer('server 2'));
  await waitUntil('it is seen', async () => (await open()).getPeerCertificate().subject.CN === 'server 2');
  assert.match(await call(before), /answered/u);
});

describe('as without TLS', () => {
  test('a stop ends connections without a call at once, and handshakes too', async (t) => {
    const { api, port, open } = await serve(t);
    const [used, unused] = [await open(), await open()];
    assert.match(await call(used), /answered/u);
    const shy = connectTcp(port, '127.0.0.1').on('error', () => undefined).resume();
    await once(shy, 'connect');
    await api.shutDown(endlessGraceMs);
    await Promise.all([untilClosed(used), untilClosed(unused), shy.destroyed || once(shy, 'close')]);
  });

  test('a stop lets a call in flight end', async (t) => {
    const held: (() => void)[] = [];
    const { api, open } = await serve(t, (_request, response) => void held.push(() => response.end('answered')));
    const answered = call(await open());
    await waitUntil('it is called', () => held.length === 1);
    const stopped = api.shutDown(endlessGraceMs);
    held[0]?.();
    assert.match(await answered, /answered/u);
    await stopped;
  });

  test('beyond the bound the connection ends that has been idle for longest, and none with a call in flight', async (t) => {
    const held: (() => void)[] = [];
    const app: RequestListener = ({ url }, response) =>
      url === '/slow' ? void held.push(() => response.end('answered')) : void response.end('answered');
    const { open } = await serve(t, app, { maxConnections: 3 });
    const [busy, first, second] = [await open(), await open(), await open()];
    busy.write(request.replace('/', '/slow'));
    await waitUntil('it is called', () => held.length === 1);
    for (const socket of [second, first]) assert.match(await call(socket), /answered/u);
    const closed = untilClosed(second);
    assert.match(await call(await open()), /answered/u);
    await closed;
    assert.match(await call(first), /answered/u);
    const answered = once(busy, 'data');
    held[0]?.();
    assert.match(String(await answered), /answered/u);
  });

  test('who does not read what was answered is cut off', async (t) => {
    let closed = 0;
    const app: RequestListener = (_request, response) => {
      response.once('close', () => (closed += 1));
      response.end(Buffer.alloc(64 * 1_048_576));
    };
    const { open } = await serve(t, app, { unreadMs: 100 });
    (await open()).pause().write(request);
    await waitUntil('it is cut off', () => closed === 1);
  });

  test('requests that come together are answered up to 101, and then the connection ends', async (t) => {
    let asked = 0;
    const { open } = await serve(t, (_request, response) => {
      asked += 1;
      response.end('<answer>');
    });
    const socket = await open();
    let answers = '';
    socket.on('data', (text: string) => (answers += text));
    socket.write(request.repeat(1_500));
    await untilClosed(socket);
    assert.deepEqual([answers.match(/<answer>/gu)?.length, asked], [101, 101]);
  });

  test('requests of a client that does not read are not answered into memory', async (t) => {
    let asked = 0;
    const answer = Buffer.alloc(1_048_576, 'x');
    const { open } = await serve(t, (_request, response) => {
      asked += 1;
      response.end(answer);
    });
    (await open()).pause().write(request.repeat(90));
    const other = await open();
    for (let calls = 0; calls < 20; calls += 1) {
      other.write(request);
      let bytes = 0;
      while (bytes < answer.length) bytes += String((await once(other, 'data'))[0]).length;
    }
    assert.ok(asked - 20 < 60, `${asked - 20} answers are written`);
  });

  test('who sends half a request is told so', async (t) => {
    const { open } = await serve(t, answerAtOnce, { requestTimeoutMs: 100, checkIntervalMs: 50 });
    const socket = await open();
    socket.write(request.slice(0, 20));
    assert.match(String(await once(socket, 'data')), /^HTTP\/1\.1 408 /u);
  });
});

describe('who speaks otherwise is told of in the log', () => {
  test('in the clear where there is TLS', async (t) => {
    const { port, refused } = await serve(t);
    const socket = connectTcp(port, '127.0.0.1').on('error', () => undefined).resume();
    socket.write(request);
    await once(socket, 'close');
    await waitUntil('it is logged', () => refused.length === 1);
    assert.deepEqual([refused[0]?.['port'], refused[0]?.['reason']], ['api', 'the client does not speak TLS']);
  });

  test('in TLS where there is none', async (t) => {
    const { port, refused } = await serve(t, answerAtOnce, {}, false);
    connectTls({ port, host: '127.0.0.1' }).on('error', () => undefined);
    await waitUntil('it is logged', () => refused.length === 1);
    assert.deepEqual([refused[0]?.['port'], refused[0]?.['reason']], ['api', 'the client speaks TLS, this port does not']);
  });
});
