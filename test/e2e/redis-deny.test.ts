// --redis-deny before a real Envoy of each release: what is named is refused, and nothing else.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';

import { moveToLoopback, readBootstrap } from '../support/bootstrap.ts';
import { startControlPlane } from '../support/controlplane.ts';
import { envoyReleases, startEnvoy } from '../support/envoy.ts';
import type { EnvoyRelease } from '../support/envoy.ts';
import { freePort } from '../support/free-port.ts';
import { startRedis } from '../support/redis-server.ts';
import { connectRedis } from '../support/resp-client.ts';
import type { RespClient } from '../support/resp-client.ts';

const denied = '(error) Fault Injected: Error';

/** One command per element, in order, on one connection. */
type Dialogue = readonly (readonly [command: string, reply: string])[];

for (const version of envoyReleases) {
  test(`Envoy ${version} refuses what is denied and passes on the rest`, async (t) => {
    const redis = await connectThroughEnvoy(t, version, 'SELECT,watch,info,keys,del');
    await assertDialogue(redis, [
      ['SELECT 1', denied],
      ['select 0', denied],
      ['WATCH a', denied],
      ['INFO', denied],
      ['KEYS *', denied],
      ['SET a 1', 'OK'],
      ['DEL a b', denied],
      ['GET a', '"1"'],
      ['PING', 'PONG'],
      ['UNWATCH', 'OK'],
    ]);
  });

  test(`Envoy ${version} refuses it inside MULTI too, and EXEC does the rest`, async (t) => {
    const redis = await connectThroughEnvoy(t, version, 'select');
    await assertDialogue(redis, [
      ['MULTI', 'OK'],
      ['SET a 1', 'QUEUED'],
      ['SELECT 1', denied],
      ['EXEC', '1) OK'],
      ['GET a', '"1"'],
    ]);
  });

  test(`Envoy ${version} does without transactions when MULTI is denied`, async (t) => {
    const redis = await connectThroughEnvoy(t, version, 'multi');
    await assertDialogue(redis, [
      ['MULTI', denied],
      ['SET a 1', 'OK'],
      ['EXEC', '(error) EXEC without MULTI'],
      ['GET a', '"1"'],
    ]);
  });
}

async function assertDialogue(redis: RespClient, dialogue: Dialogue): Promise<void> {
  const replies: [string, string][] = [];
  for (const [command] of dialogue) replies.push([command, await redis.ask(...command.split(' '))]);
  assert.deepEqual(replies, dialogue);
}

/** One Redis server in one cluster, behind an Envoy that takes its listener from a control plane. */
async function connectThroughEnvoy(t: TestContext, version: EnvoyRelease, commands: string): Promise<RespClient> {
  const server = await startRedis(t);
  const listenerPort = await freePort();
  const flags = ['--redis-listener', `127.0.0.1:${listenerPort}`, '--redis-deny', commands];
  const controlPlane = await startControlPlane(t, flags);
  await controlPlane.cli('cluster', 'add', 'bunny', 'b');
  await controlPlane.cli('endpoint', 'add', 'bunny', server.address, `${server.port}`);
  await controlPlane.cli('commit');
  const ports = { admin: await freePort(), xds: controlPlane.place.xdsPort };
  const envoy = await startEnvoy(t, moveToLoopback(await readBootstrap('envoy/redis-v3-ads.yaml'), ports), { version });
  await envoy.untilLive();
  return envoy.child.until('the Redis listener is there', () => connectRedis(t, listenerPort));
}
