// Connections on a TLS port that do not get to the end of their handshake.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { connect as connectTls, createServer } from 'node:tls';

import { Handshakes } from '../../src/net/handshakes.ts';
import { makeAuthority } from '../support/certificates.ts';
import { waitUntil } from '../support/wait-until.ts';

const { chain: cert, key } = makeAuthority('server', { hosts: ['127.0.0.1'] });

interface Served {
  readonly handshakes: Handshakes;
  /** A client that says nothing. */
  openSilent(): Promise<Socket>;
  /** A client with whom the handshake is over. */
  openWhole(): Promise<Socket>;
}

async function serve(t: TestContext, max: number): Promise<Served> {
  const server = createServer({ cert, key });
  const handshakes = new Handshakes(server, max);
  server.on('secureConnection', (socket) => socket.on('error', () => undefined).pipe(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const sockets: Socket[] = [];
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const open = async (socket: Socket, event: string): Promise<Socket> => {
    sockets.push(socket.on('error', () => undefined).resume());
    await once(socket, event);
    return socket;
  };
  return {
    handshakes,
    openSilent: async () => {
      const before = handshakes.count;
      const socket = await open(connectTcp(port, '127.0.0.1'), 'connect');
      await waitUntil('it is accepted', () => handshakes.count > before || handshakes.count === max);
      return socket;
    },
    openWhole: async () => {
      const isOver = once(server, 'secureConnection');
      const socket = await open(connectTls({ port, host: '127.0.0.1', ca: cert }), 'secureConnect');
      await isOver;
      return socket;
    },
  };
}

async function untilClosed(socket: Socket): Promise<void> {
  if (!socket.destroyed) await once(socket, 'close');
}

test('beyond the bound the one ends that began first; connections whose handshake is over do not count', async (t) => {
  const { handshakes, openSilent, openWhole } = await serve(t, 2);
  const whole = [await openWhole(), await openWhole(), await openWhole()];
  assert.equal(handshakes.count, 0);
  const first = await openSilent();
  const others = [await openSilent(), await openSilent()];
  await untilClosed(first);
  assert.equal(handshakes.count, 2);
  assert.deepEqual([...whole, ...others].map(({ destroyed }) => destroyed), Array(5).fill(false));
});

test('all can be ended, and those that end by themselves are forgotten', async (t) => {
  const { handshakes, openSilent, openWhole } = await serve(t, 10);
  const [whole, gone, left] = [await openWhole(), await openSilent(), await openSilent()];
  gone.destroy();
  await waitUntil('it is forgotten', () => handshakes.count === 1);
  handshakes.destroyAll();
  await untilClosed(left);
  await waitUntil('none is left', () => handshakes.count === 0);
  assert.equal(whole.destroyed, false);
});
