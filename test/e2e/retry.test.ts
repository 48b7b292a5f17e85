// Real Envoys that could not bind the listener: when the port is free they get it by a retry, and nobody else does.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';

import { runCli } from '../cli/run-cli.ts';
import { moveToLoopback, readBootstrap } from '../support/bootstrap.ts';
import { startControlPlane } from '../support/controlplane.ts';
import type { ControlPlane } from '../support/controlplane.ts';
import { startEnvoy } from '../support/envoy.ts';
import type { Envoy } from '../support/envoy.ts';
import { freePort } from '../support/free-port.ts';
import { connectRedis } from '../support/resp-client.ts';
import { waitUntil } from '../support/wait-until.ts';

async function startNamed(t: TestContext, { place }: ControlPlane, path: string, id: string): Promise<Envoy> {
  const bootstrap = await readBootstrap(path);
  bootstrap.node.id = id;
  return startEnvoy(t, moveToLoopback(bootstrap, { admin: await freePort(), xds: place.xdsPort }));
}

async function untilRejected({ api }: ControlPlane, id: string): Promise<void> {
  await waitUntil(`${id} has rejected the listener`, async () => {
    const { stdout } = await runCli(['status', '--api', api]);
    if (!new RegExp(`^${id} \\S+: listener rejected`, 'mu').test(stdout)) throw new Error(stdout);
    return true;
  });
}

/** How often each subscription was sent something, and what it runs. */
async function updatesOf(envoy: Envoy): Promise<Map<string, number>> {
  return envoy.stats('(cds|lds|rds|cluster\\..*)\\.(update_attempt|update_success|update_rejected|version)$');
}

test('what Envoys rejected is sent again to those that did, one or all, and to nobody else', async (t) => {
  const port = await freePort();
  const holder = createServer().listen(port, '127.0.0.1');
  await once(holder, 'listening');
  t.after(() => holder.close());
  const controlPlane = await startControlPlane(t, ['--redis-listener', `127.0.0.1:${port}`]);
  const { api } = controlPlane;
  await controlPlane.cli('cluster', 'add', 'a', 'p');
  await controlPlane.cli('commit');
  const sotw = await startNamed(t, controlPlane, 'envoy/redis-v3-ads.yaml', 'sotw');
  const delta = await startNamed(t, controlPlane, 'envoy/redis-v3-delta-ads.yaml', 'delta');
  for (const id of ['sotw', 'delta']) await untilRejected(controlPlane, id);

  await t.test('while the port is taken, it is rejected again', async () => {
    const { status, stdout } = await runCli(['retry', 'sotw', '--api', api]);
    assert.match(stdout, /^retried: sotw 127\.0\.0\.1:\d+: listener\nsotw \S+: listener rejected at .*in use.*\n0 of 1 in sync after \d\.\d s\n$/u);
    assert.equal(status, 3);
  });

  holder.close();
  await once(holder, 'close');

  await t.test('one Envoy by its name: the listener is up, and the other Envoy saw nothing', async () => {
    const before = await updatesOf(sotw);
    const { status, stdout } = await runCli(['retry', 'delta', '--api', api]);
    assert.match(stdout, /^retried: delta 127\.0\.0\.1:\d+: listener\n1 of 1 in sync after \d\.\d s\n$/u);
    assert.equal(status, 0);
    await delta.child.until('the listener is there', () => connectRedis(t, port));
    assert.deepEqual(await updatesOf(sotw), before);
  });

  await t.test('all: those that are in sync saw nothing', async () => {
    const before = await updatesOf(delta);
    const { status, stdout } = await runCli(['retry', '--api', api]);
    assert.match(stdout, /^retried: sotw 127\.0\.0\.1:\d+: listener\n1 of 1 in sync after \d\.\d s\n$/u);
    assert.equal(status, 0);
    const active = 'listener_manager.total_listeners_active';
    assert.deepEqual(await sotw.stats(active), await delta.stats(active));
    assert.deepEqual(await updatesOf(delta), before);
  });

  await t.test('afterwards there is nothing to retry', async () => {
    const { status, stdout } = await runCli(['retry', '--api', api]);
    assert.equal(stdout, 'nothing to retry: no connected Envoy goes without something that it rejected\n');
    assert.equal(status, 0);
    assert.equal((await runCli(['status', '--api', api])).status, 0);
  });
});
