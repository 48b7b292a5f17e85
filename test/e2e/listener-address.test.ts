// Where listeners take clients, and for how long, as a real Envoy has it: IPv4, IPv6, or both.

import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';

import { moveToLoopback, readBootstrap } from '../support/bootstrap.ts';
import { startControlPlane } from '../support/controlplane.ts';
import { startEnvoy } from '../support/envoy.ts';
import { freePort } from '../support/free-port.ts';
import { startRedis } from '../support/redis-server.ts';
import { waitUntil } from '../support/wait-until.ts';
import { startDeclaredEnvoy } from './declared-envoy.ts';

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

for (const [kind, fields] of [
  ['redis', {}],
  ['tcp', { cluster: 'server' }],
] as const) {
  for (const [host, clients] of [['[::]', ['127.0.0.1', '::1']], ['[::1]', ['::1']], ['0.0.0.0', ['127.0.0.1']]] as const) {
    test(`a declared ${kind} listener at ${host} takes clients of ${clients.join(' and ')}`, async (t) => {
      const port = await freePort();
      const { address, port: serverPort } = await startRedis(t);
      const subject = await startDeclaredEnvoy(t);
      subject.declare({
        clusters: [{ name: 'server', endpoints: [{ address, port: serverPort }] }],
        listeners: [{ name: 'l', kind, address: `${host}:${port}`, ...fields }],
      });
      await subject.envoy.untilLive();
      for (const client of clients) await subject.envoy.child.until(`PONG via ${client}`, () => ping(client, port));
      await subject.assertAllTaken();
    });
  }
}

test('a tcp listener ends connections that are too old', async (t) => {
  const port = await freePort();
  const { address, port: serverPort } = await startRedis(t);
  const subject = await startDeclaredEnvoy(t);
  const listener = { name: 'l', kind: 'tcp', address: `127.0.0.1:${port}`, cluster: 'server', max_connection_duration: '500ms' };
  subject.declare({ clusters: [{ name: 'server', endpoints: [{ address, port: serverPort }] }], listeners: [listener] });
  await subject.envoy.untilLive();
  const redis = await subject.connect(port);
  await waitUntil('Envoy has closed it', () => redis.isClosed);
  await subject.assertAllTaken();
});

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
