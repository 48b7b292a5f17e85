// Bodies as they come from the network: in pieces of any size, for ever, or never.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';

import { BodyError, readBody } from '../../src/api/body.ts';
import { createApiServer } from '../../src/api/server.ts';

const maxBytes = 1_000_000;
const maxPieces = 16_384;

interface Served {
  readonly client: Socket;
  /** The server's end of the client's connection. */
  readonly accepted: Promise<Socket>;
  /** All that the client is sent until the connection closes. */
  readonly received: Promise<string>;
}

/** A server that answers with the body, or why it can't be read, to a client that has sent the head of a request. */
async function serveBody(t: TestContext, connection = 'close'): Promise<Served> {
  const server = createServer(async (request, response) => {
    try {
      response.end(`read: ${await readBody(request, maxBytes)}`);
    } catch (error) {
      if (!(error instanceof BodyError)) throw error;
      response.end(`refused: ${error.message}`);
    }
  });
  t.after(() => void server.close());
  const accepted = once(server, 'connection').then(([socket]) => socket as Socket);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { client, received } = openClient(t, (server.address() as AddressInfo).port, connection);
  return { client, accepted, received };
}

function openClient(t: TestContext, port: number, connection = 'close'): Pick<Served, 'client' | 'received'> {
  const client = connect(port, '127.0.0.1');
  t.after(() => void client.destroy());
  client.write(`POST / HTTP/1.1\r\nHost: x\r\nConnection: ${connection}\r\nTransfer-Encoding: chunked\r\n\r\n`);
  let text = '';
  client.setEncoding('utf8').on('data', (chunk: string) => (text += chunk)).on('error', () => undefined);
  return { client, received: new Promise((resolve) => client.once('close', () => resolve(text))) };
}

function piece(bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]);
}

const end = '0\r\n\r\n';

test('pieces of any size make the same text, characters that are cut in two too', async (t) => {
  const text = 'aé✓😀'.repeat(500);
  for (const size of [1, 2, 3, 7, 100, 5000]) {
    const { client, received } = await serveBody(t);
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; at += size) client.write(piece(bytes.subarray(at, at + size)));
    client.write(end);
    assert.match(await received, new RegExp(`read: ${text}`));
  }
});

test('as many pieces as are taken', async (t) => {
  const { client, received } = await serveBody(t);
  client.write(Buffer.concat(Array.from({ length: maxPieces }, () => piece(Buffer.from('x')))));
  client.write(end);
  assert.match(await received, /read: x{16384}/);
});

test('with one more the rest is not read: the answer comes, and the connection closes', async (t) => {
  const { client, accepted, received } = await serveBody(t, 'keep-alive');
  const flood = Buffer.concat(Array.from({ length: maxPieces }, () => piece(Buffer.from('x'))));
  const socket = await accepted;
  let bytesRead = 0;
  socket.once('close', () => (bytesRead = socket.bytesRead));
  for (let mebibytes = 0; mebibytes < 32; mebibytes += 1) client.write(Buffer.concat(Array(10).fill(flood)));
  assert.match(await received, /refused: body in more than 16384 pieces: it must be sent in larger ones/);
  assert.ok(bytesRead < 4 * flood.length, `${bytesRead} bytes were read`);
});

test('a request that is not sent to its end is answered 408', async (t) => {
  const server = createApiServer(() => undefined, { requestTimeoutMs: 100, checkIntervalMs: 20 });
  t.after(() => server.shutDown(0));
  const { client, received } = openClient(t, await server.listen('127.0.0.1', 0));
  client.write(piece(Buffer.from('{')));
  assert.match(await received, /^HTTP\/1\.1 408 /);
});
