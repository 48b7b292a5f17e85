// Servers that die, hang and come back under load, as clients of Redis see it through a real Envoy that checks nothing.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { runInProcess } from '../cli/canned-api.ts';
import { moveToLoopback, readBootstrap } from '../support/bootstrap.ts';
import { startControlPlane } from '../support/controlplane.ts';
import { startEnvoy } from '../support/envoy.ts';
import { freePort } from '../support/free-port.ts';
import { startRedis } from '../support/redis-server.ts';
import { connectRedis } from '../support/resp-client.ts';
import { waitUntil } from '../support/wait-until.ts';

const watch = { interval: '100ms', timeout: '100ms', down_after: 2, up_after: 1 };

test('a server that dies or hangs is sent nothing any more, and comes back; all at once change nothing', async (t) => {
  const servers = await Promise.all([startRedis(t), startRedis(t), startRedis(t)]);
  const listener = await freePort();
  const controlPlane = await startControlPlane(t, ['--redis-listener', `127.0.0.1:${listener}`]);
  const cli = async (...words: readonly string[]): Promise<string> => {
    const { status, stdout, stderr } = await runInProcess([...words, '--api', controlPlane.api]);
    assert.equal(status, 0, `${words.join(' ')}: ${stdout}${stderr}`);
    return stdout;
  };
  const ports = { admin: await freePort(), xds: controlPlane.place.xdsPort };
  const envoy = await startEnvoy(t, moveToLoopback(await readBootstrap('envoy/redis-v3-ads.yaml'), ports));
  await envoy.untilStreams('open');
  const endpoints = servers.map(({ port }) => ({ address: '127.0.0.1', port }));
  const response = await fetch(`http://${controlPlane.api}/api/v2/clusters/cache`, {
    method: 'PUT',
    body: JSON.stringify({ endpoints, watch }),
    headers: { 'content-type': 'application/json' },
  });
  assert.ok(response.ok, await response.text());
  await cli('commit', '--wait', '10s');
  const redis = await waitUntil('the Redis listener is there', () => connectRedis(t, listener));
  const names = servers.map(({ port }) => `127.0.0.1:${port}`);
  const stateOf = async (index: number): Promise<string> => {
    const answer = await fetch(`http://${controlPlane.api}/api/v2/health`);
    const { clusters } = (await answer.json()) as any;
    return clusters[0].servers.find(({ address }: any) => address === names[index]).state;
  };
  const untilState = (index: number, state: string): Promise<unknown> => {
    return waitUntil(`${names[index]} is ${state}`, async () => (await stateOf(index)) === state);
  };
  /** In turn: each server that is sent any has its share. */
  const askAll = async (): Promise<Set<string>> => {
    const replies = new Set<string>();
    for (let count = 0; count < 90; count += 1) replies.add(await redis.ask('SET', 'k', 'v'));
    return replies;
  };
  for (const index of [0, 1, 2]) await untilState(index, 'up');
  await waitUntil('all serve', async () => (await askAll()).size === 1);

  // One dies.
  const [first, second, third] = servers as [(typeof servers)[0], (typeof servers)[0], (typeof servers)[0]];
  await first.child.end('SIGKILL');
  await untilState(0, 'down');
  await envoy.untilHealthy('cache', names.slice(1));
  assert.deepEqual(await askAll(), new Set(['OK']));

  // It is back.
  await startRedis(t, first.port);
  await untilState(0, 'up');
  await envoy.untilHealthy('cache', names);
  assert.deepEqual(await askAll(), new Set(['OK']));

  // One hangs.
  second.child.signal('SIGSTOP');
  await untilState(1, 'down');
  await envoy.untilHealthy('cache', [names[0] ?? '', names[2] ?? '']);
  assert.deepEqual(await askAll(), new Set(['OK']));

  // A restart of the control plane does not let it in.
  await controlPlane.kill();
  await controlPlane.comeBack();
  await envoy.untilStreams('open');
  await untilState(2, 'up');
  assert.equal((await envoy.healthyHosts('cache')).length, 2);
  second.child.signal('SIGCONT');
  await envoy.untilHealthy('cache', names);

  // More than half at once: nothing is taken out.
  for (const server of [second, third]) server.child.signal('SIGSTOP');
  await untilState(1, 'down');
  await untilState(2, 'down');
  assert.equal((await envoy.healthyHosts('cache')).length, 3);
  for (const server of [second, third]) server.child.signal('SIGCONT');
});
