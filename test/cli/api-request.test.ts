import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';

import { askApi } from '../../src/cli/api-request.ts';
import type { ApiCall } from '../../src/cli/api-request.ts';
import { Failure } from '../../src/process/failure.ts';
import { GENEROUS_MS } from '../support/wait-until.ts';

/** A server that does this with each connection once a request has come; gives a call to it. */
async function serve(t: TestContext, answer: (socket: Socket) => void, idleMs = GENEROUS_MS): Promise<ApiCall> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('data', () => answer(socket));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const { port } = server.address() as AddressInfo;
  return { api: { host: '127.0.0.1', port }, method: 'GET', path: '/p', idleMs };
}

function response(status: number, type: string, body: string): string {
  return `HTTP/1.1 ${status} X\r\nContent-Type: ${type}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

describe('the answer is', () => {
  test('JSON, in however many pieces it comes', async (t) => {
    const text = response(200, 'application/json', `{"a":["兔子\u{1f430}"]}`);
    const call = await serve(t, async (socket) => {
      for (const byte of Buffer.from(text)) {
        socket.write(Buffer.of(byte));
        await new Promise(setImmediate);
      }
    });
    assert.deepEqual(await askApi(call), { a: ['兔子\u{1f430}'] });
  });

  test('the line after those of progress', async (t) => {
    const lines = '{"settled":0,"total":2}\n{"settled":1,"total":2}\n{"b":1}\n';
    const call = await serve(t, (socket) => socket.write(response(200, 'application/x-ndjson', lines)));
    const progress: object[] = [];
    assert.deepEqual(await askApi(call, (each) => progress.push(each)), { b: 1 });
    assert.deepEqual(progress, [{ settled: 0, total: 2 }, { settled: 1, total: 2 }]);
  });
});

describe('one line says', () => {
  const problem = JSON.stringify({ type: 'about:blank', title: 'Conflict', status: 409, detail: 'not so\u001b[1m' });
  const cases: readonly (readonly [what: string, answer: string, line: RegExp])[] = [
    ['why it is refused', response(409, 'application/problem+json; charset=utf-8', problem), /^not so\\u\{1b\}\[1m$/u],
    ['that the path is unknown', response(404, 'text/plain', 'no'), /^\S+ answered 404 to GET \/p: no control/u],
    ['that it is no JSON', response(200, 'text/html', '<html>'), /^\S+ answered what is no JSON: no control plane\?$/u],
    ['that there is no answer', response(200, 'application/json', ''), /^the control plane at \S+ broke off: no ans/u],
    [
      'that there is progress and no answer',
      response(200, 'application/x-ndjson', '{"settled":0,"total":2}\n'),
      /^the control plane at \S+ broke off: no answer$/u,
    ],
    ['that it is no HTTP', 'PRI * HTTP/2.0\r\n\r\n', /^can't reach the control plane at \S+: Parse Error/u],
  ];
  for (const [what, answer, line] of cases) {
    test(what, async (t) => {
      const call = await serve(t, (socket) => socket.end(answer));
      await assert.rejects(askApi(call), isFailure(line));
    });
  }

  test('that the answer was cut off', async (t) => {
    const cut = response(200, 'application/json', '{"a":1}').slice(0, -2);
    const call = await serve(t, (socket) => socket.end(cut));
    await assert.rejects(askApi(call), isFailure(/^the control plane at \S+ broke off: aborted$/u));
  });

  test('that nothing comes', async (t) => {
    const call = await serve(t, () => undefined, 50);
    await assert.rejects(askApi(call), isFailure(/^can't reach .*: nothing came for 50ms$/u));
  });

  test('that nothing comes any more', async (t) => {
    const head = 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{';
    const call = await serve(t, (socket) => void socket.write(head), 50);
    await assert.rejects(askApi(call), isFailure(/^the control plane at \S+ broke off: nothing came for 50ms$/u));
  });
});

function isFailure(line: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof Failure);
    assert.match(error.message, line);
    assert.equal(error.exitCode, 1);
    return true;
  };
}
