// Who takes the writes of a group that nobody but its operator manages, as a client writes through a real Envoy all the
// time: a replica that is promoted by hand, and a primary that comes back without its keys.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import type { HealthMessage } from '../../src/api/v2/messages.ts';
import { runInProcess } from '../cli/canned-api.ts';
import { moveToLoopback, readBootstrap } from '../support/bootstrap.ts';
import type { Scope } from '../support/child-process.ts';
import { startControlPlane } from '../support/controlplane.ts';
import { startEnvoy } from '../support/envoy.ts';
import { freePort } from '../support/free-port.ts';
import { startRedis } from '../support/redis-server.ts';
import type { RedisServer } from '../support/redis-server.ts';
import { connectRedis } from '../support/resp-client.ts';
import type { RespClient } from '../support/resp-client.ts';
import { waitUntil } from '../support/wait-until.ts';

const watch = { interval: '100ms', timeout: '1s', down_after: 2, up_after: 1 };
// So that replicas do not copy a primary that came back empty before the test has promoted one.
const slow = ['--repl-diskless-sync-delay', '3600'];
// What answers nobody, where nobody is to be sent writes.
const nobody = ['127.0.0.1:1'];

const nameOf = ({ address, port }: RedisServer): string => `${address}:${port}`;
const size = async ({ direct }: RedisServer): Promise<number> => Number((await direct.ask('DBSIZE')).replace('(integer) ', ''));

async function start(t: Scope) {
  const first = await startRedis(t, undefined, undefined, ['--repl-diskless-sync-delay', '0']);
  const replicaOf = ['--replicaof', '127.0.0.1', `${first.port}`];
  const second = await startRedis(t, undefined, undefined, replicaOf);
  const third = await startRedis(t, undefined, undefined, replicaOf);
  const listener = await freePort();
  const controlPlane = await startControlPlane(t, ['--redis-listener', `127.0.0.1:${listener}`]);
  const ports = { admin: await freePort(), xds: controlPlane.place.xdsPort };
  const envoy = await startEnvoy(t, moveToLoopback(await readBootstrap('envoy/redis-v3-ads.yaml'), ports));
  await envoy.untilStreams('open');
  const endpoints = [first, second, third].map(({ port }) => ({ address: '127.0.0.1', port }));
  const response = await fetch(`http://${controlPlane.api}/api/v2/clusters/store`, {
    method: 'PUT',
    body: JSON.stringify({ kind: 'replicated', primary: nameOf(first), endpoints, watch }),
    headers: { 'content-type': 'application/json' },
  });
  assert.ok(response.ok, await response.text());
  const { status, stderr } = await runInProcess(['commit', '--wait', '10s', '--api', controlPlane.api]);
  assert.equal(status, 0, stderr);
  const client = await waitUntil('the Redis listener is there', () => connectRedis(t, listener));
  const health = async () => {
    const { clusters } = (await (await fetch(`http://${controlPlane.api}/api/v2/health`)).json()) as HealthMessage;
    return clusters[0];
  };
  await waitUntil('all servers are seen', async () => {
    const { servers = [] } = (await health()) ?? {};
    return servers.filter(({ role, state }) => state === 'up' && role !== undefined).length === 3;
  });
  return { first, second, third, controlPlane, envoy, health, client };
}

/** Writes, each key once, until its connection to Envoy ends. */
function writeOn(client: RespClient): readonly string[] {
  const answers: string[] = [];
  const write = async (): Promise<void> => {
    for (let key = 0; ; key += 1) {
      answers.push(await client.ask('SET', `written${key}`, 'v'));
      await sleep(2);
    }
  };
  void write().catch(() => undefined);
  return answers;
}

test('writes follow a replica that is promoted by hand, and the old primary is a replica again', async (t) => {
  const { first, second, third, envoy, client } = await start(t);
  const answers = writeOn(client);
  await waitUntil('writes arrive', () => answers.length > 50);
  assert.ok(answers.every((answer) => answer === 'OK'));
  assert.equal(await second.direct.ask('REPLICAOF', 'NO', 'ONE'), 'OK');
  for (const { direct } of [third, first]) await direct.ask('REPLICAOF', '127.0.0.1', `${second.port}`);
  await envoy.untilHosts('store', [nameOf(second)]);
  const before = answers.length;
  await waitUntil('writes arrive again', () => answers.length > before + 50 && answers.at(-1) === 'OK');
  await envoy.untilHosts('store/replica', [nameOf(first), nameOf(third)]);
});

test('a primary that comes back empty gets no write, over a restart of the control plane too', async (t) => {
  const { first, second, controlPlane, envoy, health, client } = await start(t);
  const answers = writeOn(client);
  await waitUntil('it has keys', async () => (await size(first)) > 200);

  await first.child.end('SIGKILL');
  await envoy.untilHosts('store', nobody);
  const empty = await startRedis(t, first.port, undefined, slow);
  await waitUntil('it is told', async () => (await health())?.followed?.troubles.some(({ code }) => code === 'primary-empty'));
  assert.deepEqual((await health())?.followed?.held, true);
  const before = answers.length;
  await waitUntil('more writes were tried', () => answers.length > before + 100);
  assert.equal(await size(empty), 0);
  assert.deepEqual(await envoy.hosts('store/replica'), (await envoy.hosts('store/any')).filter((host) => host !== nameOf(first)));

  await controlPlane.kill();
  await controlPlane.comeBack();
  await envoy.untilStreams('open');
  await waitUntil('it is told again', async () => {
    return (await health())?.followed?.troubles.some(({ code }) => code === 'primary-empty');
  });
  const again = answers.length;
  await waitUntil('more writes were tried', () => answers.length > again + 100);
  assert.equal(await size(empty), 0);
  assert.deepEqual(await envoy.hosts('store'), nobody);

  // Somebody says who is to go on.
  assert.equal(await second.direct.ask('REPLICAOF', 'NO', 'ONE'), 'OK');
  await envoy.untilHosts('store', [nameOf(second)]);
  await waitUntil('writes arrive again', () => answers.at(-1) === 'OK');
  assert.equal(await size(empty), 0);
});
