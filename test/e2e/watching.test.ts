// Real servers that are watched by a real control plane: declared, committed, seen, lost, and seen again.

import assert from 'node:assert/strict';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import type { HealthMessage, ServerHealthMessage } from '../../src/api/v2/messages.ts';
import { runInProcess } from '../cli/canned-api.ts';
import { checkoutPath } from '../support/checkout.ts';
import type { Scope } from '../support/child-process.ts';
import { startControlPlane } from '../support/controlplane.ts';
import type { ControlPlane } from '../support/controlplane.ts';
import { freePort } from '../support/free-port.ts';
import { startRedis } from '../support/redis-server.ts';
import { waitUntil } from '../support/wait-until.ts';

const watch = JSON.stringify({ interval: '200ms', timeout: '1s' });

function operate(controlPlane: ControlPlane) {
  const env = { CONTROLPLANE_API_ADDRESS: controlPlane.api, CONTROLPLANE_AUTHOR: 'ann', CONTROLPLANE_CONFIG: '' };
  const run = (...words: readonly string[]) => runInProcess(words, { env });
  const health = async (): Promise<ReadonlyMap<string, ServerHealthMessage>> => {
    const { clusters } = JSON.parse((await run('health', '-o', 'json')).stdout) as HealthMessage;
    return new Map(clusters.flatMap(({ servers }) => servers.map((server) => [server.address, server])));
  };
  return {
    run,
    health,
    until: (state: string, address: string) => {
      return waitUntil(`${address} is ${state}`, async () => (await health()).get(address)?.state === state);
    },
  };
}

async function start(t: Scope) {
  const controlPlane = await startControlPlane(t);
  return { controlPlane, ...operate(controlPlane) };
}

test('a server is seen, lost and seen again, and one that never was there is unknown', async (t) => {
  const { run, health, until } = await start(t);
  const port = await freePort();
  const redis = await startRedis(t, port);
  const [address, nobody] = [`127.0.0.1:${port}`, `127.0.0.1:${await freePort()}`];
  await run('cluster', 'add', 'a', '--watch', watch);
  await run('endpoint', 'add', 'a', address);
  await run('endpoint', 'add', 'a', nobody);
  assert.equal((await run('commit')).status, 0);
  await until('up', address);
  assert.match((await run('health', 'a')).stdout, new RegExp(`^up +a +${address} +primary +server +redis 7\\.`, 'm'));

  process.kill(redis.child.pid as number, 'SIGSTOP');
  await until('down', address);
  process.kill(redis.child.pid as number, 'SIGKILL');
  await startRedis(t, port);
  await until('up', address);
  assert.equal((await health()).get(nobody)?.state, 'unknown');
  assert.equal((await run('health')).status, 3);
});

test('what /api/v1 made, and what an older release left, is watched when it is told, and after a restart', async (t) => {
  const { controlPlane, run, until, health } = await start(t);
  const redis = await startRedis(t);
  const address = `127.0.0.1:${redis.port}`;
  await controlPlane.stop();
  // Of a release of before there was watching.
  const fixture = checkoutPath('test/fixtures/data-dirs/schema-1/controlplane.db');
  await copyFile(fixture, join(controlPlane.place.dataDir, 'controlplane.db'));
  await controlPlane.comeBack();
  await controlPlane.cli('cluster', 'add', 'a', '/a');
  await controlPlane.cli('endpoint', 'add', 'a', '127.0.0.1', `${redis.port}`);
  assert.equal((await run('commit', '--force')).status, 0);
  assert.equal((await run('health')).stdout, 'no server is watched\n');

  await run('cluster', 'set', 'a', '--watch', watch);
  assert.equal((await run('commit')).status, 0);
  await until('up', address);
  await controlPlane.kill();
  await controlPlane.comeBack();
  await until('up', address);
  assert.deepEqual([...(await health()).keys()], [address]);
});

test('a control plane that stood still has seen nothing of it', async (t) => {
  const { controlPlane, run, until, health } = await start(t);
  const redis = await startRedis(t);
  const address = `127.0.0.1:${redis.port}`;
  await run('cluster', 'add', 'a', '--watch', JSON.stringify({ interval: '100ms', timeout: '1s', down_after: 1 }));
  await run('endpoint', 'add', 'a', address);
  await run('commit');
  await until('up', address);
  const { since } = (await health()).get(address) ?? {};
  for (let times = 0; times < 3; times++) {
    process.kill(controlPlane.child.pid as number, 'SIGSTOP');
    await sleep(2_500);
    process.kill(controlPlane.child.pid as number, 'SIGCONT');
    await waitUntil('it answers again', health);
  }
  const after = (await health()).get(address);
  assert.deepEqual([after?.state, after?.since], ['up', since]);
});

test('what is watched is counted', async (t) => {
  const { controlPlane, run, until } = await start(t);
  const redis = await startRedis(t);
  const address = `127.0.0.1:${redis.port}`;
  await run('cluster', 'add', 'a', '--watch', watch);
  await run('endpoint', 'add', 'a', address);
  await run('commit');
  await until('up', address);
  const metrics = await (await fetch(`http://${controlPlane.api}/metrics`)).text();
  assert.match(metrics, /^controlplane_watched_servers\{state="up"\} 1$/m);
});
