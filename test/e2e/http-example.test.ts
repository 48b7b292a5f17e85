// The HTTP example as processes: what docker-compose.yml starts, with the commands of its users.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { moveToLoopback, readBootstrap } from '../support/bootstrap.ts';
import { startControlPlane } from '../support/controlplane.ts';
import { startEnvoy } from '../support/envoy.ts';
import { freePort } from '../support/free-port.ts';
import { startTestServer, type TestServer } from '../support/test-server.ts';

test('three dev servers answer for /dev, each in turn, and one prod server for /prod', async (t) => {
  // One machine has one host name: here the environment tells the servers apart.
  const dev = [await startTestServer(t, 'dev 1'), await startTestServer(t, 'dev 2'), await startTestServer(t, 'dev 3')];
  const prod = await startTestServer(t, 'prod 1');
  const controlPlane = await startControlPlane(t);
  const ports = { admin: await freePort(), xds: controlPlane.place.xdsPort, listener: await freePort() };
  const envoy = await startEnvoy(t, moveToLoopback(await readBootstrap('envoy/http-v3.yaml'), ports));

  await controlPlane.cli('cluster', 'add', 'dev', '/dev');
  await controlPlane.cli('cluster', 'add', 'prod', '/prod');
  for (const { port } of dev) await controlPlane.cli('endpoint', 'add', 'dev', '127.0.0.1', `${port}`);
  await controlPlane.cli('endpoint', 'add', 'prod', '127.0.0.1', `${prod.port}`);
  await controlPlane.cli('commit');
  await envoy.untilLive();
  await envoy.untilHosts('dev', dev.map(hostOf));
  await envoy.untilHosts('prod', [hostOf(prod)]);
  await envoy.child.until('Envoy has the route', async () => (await get(ports.listener, '/dev')).status === 200);

  const answers = [];
  for (let round = 0; round < 6; round++) answers.push((await get(ports.listener, '/dev')).env);
  assert.deepEqual(answers.slice(0, 3).toSorted(), ['dev 1', 'dev 2', 'dev 3']);
  assert.deepEqual(answers.slice(3), answers.slice(0, 3), 'in the same order again');
  assert.deepEqual(await get(ports.listener, '/prod'), { status: 200, env: 'prod 1' });
  assert.deepEqual(await get(ports.listener, '/other'), { status: 404, env: undefined });
  await envoy.child.untilOutput(/"GET \/dev HTTP\/1\.1" 200 /);
  assert.deepEqual([...new Set((await envoy.stats('\\.update_rejected$')).values())], [0]);
});

function hostOf({ port }: TestServer): string {
  return `127.0.0.1:${port}`;
}

async function get(port: number, path: string): Promise<{ status: number; env: string | undefined }> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`);
  const body = await response.text();
  return { status: response.status, env: response.ok ? (JSON.parse(body) as { env: string }).env : undefined };
}
