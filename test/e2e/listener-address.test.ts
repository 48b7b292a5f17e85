// The Redis listener on all addresses, as a real Envoy binds it.

import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';

import { moveToLoopback, readBootstrap } from '../support/bootstrap.ts';
import { startControlPlane } from '../support/controlplane.ts';
import { startEnvoy } from '../support/envoy.ts';
import { freePort } from '../support/free-port.ts';

const listeners: readonly (readonly [host: string, clients: readonly string[]])[] = [
  ['[::]', ['127.0.0.1', '::1']],
  ['[0:0::0]', ['127.0.0.1', '::1']],
  ['[::ffff:127.0.0.1]', ['127.0.0.1']],
];

for (const [host, clients] of listeners) {
  test(`--redis-listener ${host}:PORT takes clients of ${clients.join(' and ')}`, async (t) => {
    const port = await freePort();
    const controlPlane = await startControlPlane(t, ['--redis-listener', `${host}:${port}`]);
    await controlPlane.cli('cluster', 'add', 'bunny', 'b:');
    await controlPlane.cli('commit');
    const bootstrap = await readBootstrap('envoy/redis-v3-ads.yaml');
    const ports = { admin: await freePort(), xds: controlPlane.place.xdsPort };
    const envoy = await startEnvoy(t, moveToLoopback(bootstrap, ports));
    await envoy.untilLive();
    // Envoy answers PING itself.
    for (const client of clients) await envoy.child.until(`PONG via ${client}`, () => ping(client, port));
    const rejected = await envoy.stats('listener_manager.lds.update_rejected$');
    assert.deepEqual([...rejected.values()], [0]);
  });
}

function ping(host: string, port: number): Promise<true> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, host, () => socket.write('*1\r\n$4\r\nPING\r\n')).setEncoding('utf8');
    socket.on('error', reject);
    socket.on('data', (reply: string) => {
      socket.destroy();
      if (reply === '+PONG\r\n') resolve(true);
      else reject(new Error(reply));
    });
  });
}
