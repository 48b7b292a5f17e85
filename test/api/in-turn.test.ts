import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { RequestListener, ServerResponse } from 'node:http';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';

import { createApiServer } from '../../src/api/server.ts';
import { waitUntil } from '../support/wait-until.ts';

const get = (path: string): string => `GET /${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`;
const post = (path: string, body: string): string =>
  `POST /${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

/** An API whose answers are given by hand. */
async function serve(t: TestContext, app: RequestListener, unreadMs?: number) {
  const api = createApiServer(app, unreadMs === undefined ? {} : { unreadMs });
  const port = await api.listen('127.0.0.1', 0);
  const sockets: Socket[] = [];
  t.after(async () => {
    for (const socket of sockets) socket.destroy();
    await api.shutDown(0);
  });
  return (): Socket => {
    const socket = connect(port, '127.0.0.1').setEncoding('utf8');
    socket.on('error', () => undefined);
    sockets.push(socket);
    return socket;
  };
}

async function readAll(socket: Socket): Promise<string> {
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  return text;
}

describe('requests that come before the answer to the first', () => {
  test('are answered one after the other, in order, bodies and all', async (t) => {
    const seen: string[] = [];
    let running = 0;
    const open = await serve(t, async (request, response) => {
      running += 1;
      assert.equal(running, 1);
      let body = '';
      for await (const chunk of request) body += String(chunk);
      seen.push(`${request.url}${body}`);
      response.end(`<${request.url}>`, () => (running -= 1));
    });
    const socket = open();
    const closing = 'GET /end HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n';
    socket.write(`${get('a')}${post('b', 'x'.repeat(200_000))}${get('c')}${post('d', 'y')}${closing}`);
    const answers = await readAll(socket);
    assert.deepEqual(answers.match(/<\/\w+>/gu), ['</a>', '</b>', '</c>', '</d>', '</end>']);
    assert.deepEqual(seen, ['/a', `/b${'x'.repeat(200_000)}`, '/c', '/dy', '/end']);
  });

  test('wait, while who asks on another connection is answered', async (t) => {
    const held: ServerResponse[] = [];
    const open = await serve(t, ({ url }, response) => {
      if (url === '/held') held.push(response);
      else response.end('at once');
    });
    open().write(get('held').repeat(50));
    await waitUntil('the first is asked', () => held.length === 1);
    const other = open();
    other.write(get('other'));
    await once(other, 'data');
    assert.equal(held.length, 1);
    held[0]?.end();
    await waitUntil('the second is asked', () => held.length === 2);
  });

  test('of a client that does not read, are not answered into memory', async (t) => {
    let asked = 0;
    const answer = Buffer.alloc(1_048_576);
    const open = await serve(t, (_request, response) => {
      asked += 1;
      response.end(answer);
    });
    const socket = open().pause();
    socket.write(get('x').repeat(90));
    // What the kernel takes of a connection is far below 60 MiB.
    const other = open();
    for (let call = 0; call < 20; call += 1) {
      other.write(get('other'));
      let bytes = 0;
      while (bytes < answer.length) bytes += String((await once(other, 'data'))[0]).length;
    }
    assert.ok(asked - 20 < 60, `${asked - 20} answers are written`);
  });

  test('are answered up to 101, and then the connection ends', async (t) => {
    let asked = 0;
    const open = await serve(t, (_request, response) => {
      asked += 1;
      response.end('<answer>');
    });
    const socket = open();
    socket.write(get('x').repeat(1_500));
    const answers = await readAll(socket);
    assert.equal(answers.match(/<answer>/gu)?.length, 101);
    assert.equal(answers.match(/Connection: close/gu)?.length, 1);
    assert.equal(asked, 101);
  });

  test('do not hold up a stop', async (t) => {
    const stalled = (_request: unknown, response: ServerResponse): void => void response.write('never ends');
    const api = createApiServer(stalled);
    const port = await api.listen('127.0.0.1', 0);
    const socket = connect(port, '127.0.0.1');
    t.after(() => socket.destroy());
    socket.on('error', () => undefined);
    socket.write(get('x').repeat(50));
    await once(socket, 'data');
    const closed = once(socket, 'close');
    await api.shutDown(10);
    await closed;
  });
});

describe('a client that leaves its answer unread', () => {
  const unreadMs = 100;

  test('loses its connection', async (t) => {
    let closed = 0;
    const open = await serve(
      t,
      (_request, response) => {
        response.once('close', () => (closed += 1));
        response.end(Buffer.alloc(64 * 1_048_576));
      },
      unreadMs,
    );
    open().pause().write(get('x'));
    await waitUntil('it is closed', () => closed === 1);
  });

  test('is not one that waits for an answer that takes longer', async (t) => {
    const open = await serve(t, (_request, response) => void setTimeout(() => response.end('late'), 4 * unreadMs), unreadMs);
    const socket = open();
    socket.write(get('x'));
    const [text] = (await once(socket, 'data')) as [string];
    assert.match(text, /late$/u);
  });
});
