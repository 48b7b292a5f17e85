// A primary that dies, under Sentinels, as clients of Redis see it through a real Envoy: nobody does anything.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { moveToLoopback, readBootstrap } from '../support/bootstrap.ts';
import type { Scope } from '../support/child-process.ts';
import { startControlPlane } from '../support/controlplane.ts';
import type { ControlPlane } from '../support/controlplane.ts';
import { startEnvoy } from '../support/envoy.ts';
import { freePort } from '../support/free-port.ts';
import { startWatchedGroup } from '../support/redis-sentinel.ts';
import { connectRedis } from '../support/resp-client.ts';
import { waitUntil } from '../support/wait-until.ts';

async function start(t: Scope) {
  const group = await startWatchedGroup(t);
  const listener = await freePort();
  const controlPlane = await startControlPlane(t, ['--redis-listener', `127.0.0.1:${listener}`]);
  const ports = { admin: await freePort(), xds: controlPlane.place.xdsPort };
  const envoy = await startEnvoy(t, moveToLoopback(await readBootstrap('envoy/redis-v3-ads.yaml'), ports));
  await envoy.untilStreams('open');
  await call(controlPlane, 'PUT', 'clusters/carts', {
    kind: 'replicated',
    failover: { by: 'sentinel', master: 'mymaster', sentinels: group.sentinels.map(({ address }) => address) },
  });
  const { warnings } = await call(controlPlane, 'POST', 'plan');
  assert.deepEqual(warnings.filter(({ code }: any) => code !== 'no-catch-all'), []);
  // It waits for the Sentinels: with nobody there it would be refused.
  await call(controlPlane, 'POST', 'commit', {});
  const redis = await waitUntil('the Redis listener is there', () => connectRedis(t, listener));
  const ask = async (...words: readonly string[]): Promise<string> => redis.ask(...words);
  const untilWritten = (): Promise<unknown> => waitUntil('a key is written', async () => (await ask('SET', 'k', 'v')) === 'OK');
  return { ...group, controlPlane, envoy, ask, untilWritten };
}

// Sentinel ends the connections of a server that it promotes.
async function askOnce(t: Scope, port: number, ...words: readonly string[]): Promise<string> {
  return (await connectRedis(t, port)).ask(...words);
}

async function call(controlPlane: ControlPlane, method: string, path: string, body?: object): Promise<any> {
  const response = await fetch(`http://${controlPlane.api}/api/v2/${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  assert.ok(response.ok, `${method} ${path}: ${text}`);
  return JSON.parse(text);
}

test('traffic goes to the primary, and to the next one when it dies', async (t) => {
  const { primary, replicas, controlPlane, ask, untilWritten } = await start(t);
  assert.equal(await ask('SET', 'k', 'v'), 'OK');
  assert.equal(await primary.direct.ask('GET', 'k'), '"v"');

  primary.child.signal('SIGKILL');
  const promoted = await waitUntil('a replica is promoted', async () => {
    for (const replica of replicas) if ((await askOnce(t, replica.port, 'ROLE')).includes('"master"')) return replica;
    return undefined;
  });
  await untilWritten();
  assert.equal(await ask('SET', 'after', 'v'), 'OK');
  assert.equal(await askOnce(t, promoted.port, 'GET', 'after'), '"v"');

  await waitUntil('it is told of', async () => {
    const { events } = await call(controlPlane, 'GET', 'events?limit=1000');
    const isTold = ({ type, data }: any): boolean => type === 'sentinel' && data.event === '+switch-master';
    const isFollowed = ({ type, server }: any): boolean => type === 'primary-changed' && server.endsWith(`:${promoted.port}`);
    return events.some(isTold) && events.some(isFollowed);
  });
});

test('a control plane that is killed during the failover publishes what came of it when it is back', async (t) => {
  const { primary, controlPlane, sentinels, ask, untilWritten, envoy } = await start(t);
  assert.equal(await ask('SET', 'k', 'v'), 'OK');
  primary.child.signal('SIGKILL');
  await controlPlane.kill();
  await waitUntil('another one was elected', async () => {
    const named = await Promise.all(sentinels.map(({ direct }) => direct.ask('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', 'mymaster')));
    return named.every((each) => !each.includes(`${primary.port}`));
  });
  await controlPlane.comeBack();
  await envoy.untilStreams('open');
  await untilWritten();

  // And with no Sentinel there it goes on with whom it knew last.
  for (const { child } of sentinels) await child.end('SIGKILL');
  await controlPlane.kill();
  await controlPlane.comeBack();
  await envoy.untilStreams('open');
  assert.equal(await ask('SET', 'k', 'v'), 'OK');
  await waitUntil('the Sentinels are missed', async () => {
    const metrics = await (await fetch(`http://${controlPlane.api}/metrics`)).text();
    return metrics.includes('controlplane_warnings{code="sentinel-quorum"} 1');
  });
  assert.equal(await ask('SET', 'k', 'w'), 'OK');
});
