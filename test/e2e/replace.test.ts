// The manual's "Replace a cluster", with writers on pooled connections: what is acknowledged after the commit has converged
// is in the new servers, whatever the age of the connection.

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'node:test';
import type { TestContext } from 'node:test';

import { moveToLoopback, readBootstrap, withoutDrainClose } from '../support/bootstrap.ts';
import { checkoutPath } from '../support/checkout.ts';
import { startControlPlane } from '../support/controlplane.ts';
import type { ControlPlane } from '../support/controlplane.ts';
import { startEnvoy } from '../support/envoy.ts';
import { freePort } from '../support/free-port.ts';
import { startRedis } from '../support/redis-server.ts';
import type { RedisServer } from '../support/redis-server.ts';
import { connectRedis } from '../support/resp-client.ts';
import { runCommand } from '../support/run-command.ts';

const pooled = 20;

async function endpoint(controlPlane: ControlPlane, action: 'add' | 'remove', cluster: string, to: RedisServer): Promise<void> {
  await controlPlane.cli('endpoint', action, cluster, to.address, `${to.port}`);
}

const untilTaken = ['--wait', '20s', '--at-least', '1'] as const;

/** Commits with the program's own command; gives what it printed. */
async function commit({ api }: ControlPlane, flags: readonly string[] = untilTaken): Promise<string> {
  const args = [checkoutPath('src/main.ts'), 'commit', ...flags, '--api', api];
  const { status, stdout, stderr } = await runCommand(process.execPath, args);
  assert.equal(status, 0, stdout + stderr);
  return stdout;
}

async function replaceUnderWrites(t: TestContext, bootstrap: string, afterSwap?: (controlPlane: ControlPlane) => Promise<void>): Promise<void> {
  const [old, next] = [await startRedis(t), await startRedis(t)];
  const listenerPort = await freePort();
  const controlPlane = await startControlPlane(t, ['--redis-listener', `127.0.0.1:${listenerPort}`]);
  await controlPlane.cli('cluster', 'add', 'bunny', 'br');
  await endpoint(controlPlane, 'add', 'bunny', old);
  await controlPlane.cli('commit');
  const ports = { admin: await freePort(), xds: controlPlane.place.xdsPort };
  // Connections live as long as they can: Envoy closes none because its listener was replaced.
  const envoy = await startEnvoy(t, withoutDrainClose(moveToLoopback(await readBootstrap(bootstrap), ports)));
  await envoy.untilLive();
  await envoy.child.until('the listener is there', () => connectRedis(t, listenerPort));
  const clients = await Promise.all(Array.from({ length: pooled }, () => connectRedis(t, listenerPort)));
  const writeAll = (name: string): Promise<string[]> =>
    Promise.all(clients.flatMap((client, index) => ['br', ''].map((prefix) => client.ask('SET', `${prefix}${name}-${index}`, 'x'))));
  assert.deepEqual(new Set(await writeAll('before')), new Set(['OK']));

  await endpoint(controlPlane, 'remove', 'bunny', old);
  await controlPlane.cli('cluster', 'remove', 'bunny');
  await controlPlane.cli('cluster', 'add', 'hare', 'br');
  await endpoint(controlPlane, 'add', 'hare', next);
  const committed = await commit(controlPlane);
  assert.doesNotMatch(committed, /old routes|warning/);
  for (const round of ['after', 'later']) {
    assert.deepEqual(new Set(await writeAll(round)), new Set(['OK']));
    assert.equal(await old.direct.ask('KEYS', `*${round}*`), '(empty array)');
    if (round === 'after') await afterSwap?.(controlPlane);
    await sleep(200);
  }
  assert.equal(await next.direct.ask('DBSIZE'), `(integer) ${pooled * 2 * 2}`);
  assert.equal(clients.filter((client) => client.isClosed).length, 0);
}

for (const bootstrap of ['envoy/redis-v3-ads.yaml', 'envoy/redis-v3-delta-ads.yaml']) {
  test(`${bootstrap}: replaced in one commit, nothing acknowledged is in the old server`, (t) =>
    replaceUnderWrites(t, bootstrap));

  test(`${bootstrap}: nor after the control plane was killed and is back`, (t) =>
    replaceUnderWrites(t, bootstrap, async (controlPlane) => {
      await controlPlane.kill();
      await controlPlane.comeBack();
      await commit(controlPlane);
    }));
}

test('a new prefix, and no catch-all any more, are told as old routes until the drain time is over', async (t) => {
  const server = await startRedis(t);
  const controlPlane = await startControlPlane(t, ['--drain-time', '2m']);
  await controlPlane.cli('cluster', 'add', 'bunny', 'br');
  await endpoint(controlPlane, 'add', 'bunny', server);
  await controlPlane.cli('commit');
  await controlPlane.cli('cluster', 'add', 'hare', 'h:');
  const printed = await commit(controlPlane, []);
  const expected = /^old routes: connections opened before (\S+) keep until (\S+): keys without a prefix to bunny \(new ones: no server\); "h:" to bunny \(new ones: hare\)$/mu;
  const [, since = '', until = ''] = expected.exec(printed) ?? assert.fail(printed);
  // Envoy's drain time, and what it may begin later.
  assert.equal(Date.parse(until) - Date.parse(since), 135_000);
  assert.match(printed, /^warning: none of 2 clusters is the catch-all/mu);
});
