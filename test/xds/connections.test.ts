// Connections whose clients have the same address and port: a port that is used again, or sockets that tell none.

import assert from 'node:assert/strict';
import { Socket } from 'node:net';
import { test } from 'node:test';

import { Connections } from '../../src/xds/connections.ts';

const peer = '192.0.2.1:40000';

function socketOf(): Socket {
  const socket = new Socket();
  Object.defineProperties(socket, { remoteAddress: { value: '192.0.2.1' }, remotePort: { value: 40_000 } });
  return socket;
}

test('all are ended, also those of one client port', () => {
  const connections = new Connections();
  const sockets = [socketOf(), socketOf()];
  for (const socket of sockets) connections.add(socket);
  connections.destroyAll();
  assert.deepEqual(sockets.map(({ destroyed }) => destroyed), [true, true]);
});

test('an end that is told after the port has come again leaves the new connection known', async () => {
  const connections = new Connections();
  const [first, second] = [socketOf(), socketOf()];
  connections.add(first);
  connections.add(second);
  const closed = (socket: Socket): Promise<void> => new Promise((resolve) => void socket.once('close', () => resolve()));
  first.destroy();
  await closed(first);
  let told = 0;
  connections.noteCutOff(peer, () => (told += 1));
  connections.destroyAll();
  await closed(second);
  assert.equal(second.destroyed, true);
  assert.equal(told, 1);
});
