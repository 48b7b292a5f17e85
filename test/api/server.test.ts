import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { suite, test } from 'node:test';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { createApiServer } from '../../src/api/server.ts';
import type { ApiServer, ApiServerOptions } from '../../src/api/server.ts';

const request = 'POST /commit HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n';
const endOfAnswer = 'answered';
const answerAtOnce: RequestListener = (_request, response) => void response.end(endOfAnswer);
const noGrace = 0;
// No test waits for as long: what ends before did not need it.
const endlessGraceMs = 600_000;

async function serve(
  t: TestContext,
  app: RequestListener = answerAtOnce,
  options?: ApiServerOptions,
): Promise<{ api: ApiServer; open: () => Promise<Socket> }> {
  const api = createApiServer(app, options);
  const port = await api.listen('127.0.0.1', 0);
  const sockets: Socket[] = [];
  t.after(async () => {
    for (const socket of sockets) socket.destroy();
    await api.shutDown(noGrace);
  });
  const open = async (): Promise<Socket> => {
    const socket = connect(port, '127.0.0.1').setEncoding('utf8');
    sockets.push(socket);
    // Reported by `close` and `hadError` too.
    socket.on('error', () => undefined);
    // What nobody reads would hide the end.
    socket.resume();
    await once(socket, 'connect');
    return socket;
  };
  return { api, open };
}

/** One call on a connection; false when the connection ends instead of an answer. */
async function call(socket: Socket): Promise<boolean> {
  let text = '';
  return new Promise((resolve) => {
    const settle = (isAnswered: boolean): void => {
      socket.off('data', read).off('close', fail);
      resolve(isAnswered);
    };
    const read = (chunk: string): void => {
      text += chunk;
      if (text.endsWith(endOfAnswer)) settle(true);
    };
    const fail = (): void => settle(false);
    if (socket.destroyed) {
      resolve(false);
      return;
    }
    socket.on('data', read).on('close', fail);
    socket.write(request);
  });
}

suite('a client that keeps its connection', () => {
  // Node's own timeout is 5 s and 1 s more, which is when most of these come.
  test('is answered, whenever it calls again', async (t) => {
    const { open } = await serve(t);
    const idleMs = Array.from({ length: 200 }, (_, index) => 5_950 + index);
    const answered = await Promise.all(
      idleMs.map(async (ms) => {
        const socket = await open();
        const first = await call(socket);
        await sleep(ms);
        return [first, await call(socket)];
      }),
    );
    assert.deepEqual(answered.filter((both) => both.includes(false)), []);
  });

  test('is told of no timeout', async (t) => {
    const { open } = await serve(t);
    const socket = await open();
    socket.write(request);
    const [head] = (await once(socket, 'data')) as [string];
    assert.match(head, /^Connection: keep-alive\r$/m);
    assert.doesNotMatch(head, /^Keep-Alive:/m);
  });
});

suite('a stop', () => {
  test('ends connections without a call at once, used or not', async (t) => {
    const { api, open } = await serve(t);
    const [used, unused] = [await open(), await open()];
    assert.ok(await call(used));
    const closed = [used, unused].map((socket) => once(socket, 'close'));
    await api.shutDown(endlessGraceMs);
    await Promise.all(closed);
  });

  test('lets a call in flight end', async (t) => {
    const held: (() => void)[] = [];
    const { api, open } = await serve(t, (_request, response) => void held.push(() => response.end(endOfAnswer)));
    const answered = call(await open());
    await t.waitFor(() => assert.equal(held.length, 1));
    const stopped = api.shutDown(endlessGraceMs);
    held[0]?.();
    assert.ok(await answered);
    await stopped;
  });
});

suite('more connections than there may be', () => {
  test('end the one that has been idle for longest', async (t) => {
    const { open } = await serve(t, answerAtOnce, { maxConnections: 3 });
    const [first, second, third] = [await open(), await open(), await open()];
    for (const socket of [second, third, first]) assert.ok(await call(socket));
    const closed = once(second, 'close');
    assert.ok(await call(await open()));
    await closed;
    assert.deepEqual([await call(first), await call(third)], [true, true]);
  });

  test('end none that has a call in flight, pipelined ones too', async (t) => {
    const held: (() => void)[] = [];
    const app: RequestListener = (_request, response) => void held.push(() => response.end(endOfAnswer));
    const { open } = await serve(t, app, { maxConnections: 1 });
    const busy = await open();
    busy.write(request + request);
    await t.waitFor(() => assert.equal(held.length, 1));
    held[0]?.();
    await once(busy, 'data');
    await t.waitFor(() => assert.equal(held.length, 2));
    const other = await open();
    await once(other, 'close');
    held[1]?.();
    const [text] = (await once(busy, 'data')) as [string];
    assert.ok(text.endsWith(endOfAnswer));
  });
});
