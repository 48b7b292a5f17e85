// Real Envoys that take what they are sent and can't ask for the rest: they answer nobody, and are not in sync.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';

import { runCli } from '../cli/run-cli.ts';
import { moveToLoopback, readBootstrap } from '../support/bootstrap.ts';
import type { Bootstrap } from '../support/bootstrap.ts';
import { startControlPlane } from '../support/controlplane.ts';
import type { ControlPlane } from '../support/controlplane.ts';
import { startEnvoy } from '../support/envoy.ts';
import type { Envoy } from '../support/envoy.ts';
import { freePort } from '../support/free-port.ts';
import type { Finished } from '../support/run-command.ts';
import { waitUntil } from '../support/wait-until.ts';

const clusters = ['one', 'two'];

async function serveClusters(t: TestContext): Promise<ControlPlane> {
  const controlPlane = await startControlPlane(t, ['--redis-listener', `127.0.0.1:${await freePort()}`]);
  for (const [index, name] of clusters.entries()) {
    await controlPlane.cli('cluster', 'add', name, `${name}:`);
    await controlPlane.cli('endpoint', 'add', name, '127.0.0.1', `${index + 1}`);
  }
  await controlPlane.cli('commit');
  return controlPlane;
}

/** Starts an Envoy of a shipped bootstrap in which `change` has spoiled something. */
async function startSpoilt(
  t: TestContext,
  { place }: ControlPlane,
  path: string,
  change: (bootstrap: Bootstrap) => Bootstrap,
): Promise<Envoy> {
  const bootstrap = await readBootstrap(path);
  const listener = bootstrap.static_resources.listeners === undefined ? {} : { listener: await freePort() };
  return startEnvoy(t, change(moveToLoopback(bootstrap, { admin: await freePort(), xds: place.xdsPort, ...listener })));
}

function allowOneRequest(bootstrap: Bootstrap): Bootstrap {
  const [xds] = bootstrap.static_resources.clusters;
  Object.assign(xds ?? assert.fail(), { circuit_breakers: { thresholds: [{ max_requests: 1 }] } });
  return bootstrap;
}

/** Envoy then knows no cluster of the name that ours give for their endpoints. */
function nameOtherwise(bootstrap: Bootstrap): Bootstrap {
  return JSON.parse(JSON.stringify(bootstrap).replaceAll('"xds_cluster"', '"xds"')) as Bootstrap;
}

/** Envoy passes over ours of this name. */
function declareOne(bootstrap: Bootstrap): Bootstrap {
  const assignment = { cluster_name: 'one', endpoints: [] };
  const own = { name: 'one', type: 'STATIC', connect_timeout: '1s', load_assignment: assignment };
  bootstrap.static_resources.clusters.push(own);
  return bootstrap;
}

function askForRuntime(bootstrap: Bootstrap): Bootstrap {
  const rtds = { name: 'r', rtds_config: { ads: {}, resource_api_version: 'V3', initial_fetch_timeout: '0s' } };
  return { ...bootstrap, ...{ layered_runtime: { layers: [{ name: 'rtds', rtds_layer: rtds }] } } };
}

/** What `status` prints as soon as it matches. */
function untilStatus({ api }: ControlPlane, pattern: RegExp): Promise<Finished> {
  return waitUntil(`status matches ${pattern}`, async () => {
    const finished = await runCli(['status', '--api', api]);
    if (pattern.test(finished.stdout)) return finished;
    throw new Error(finished.stdout + finished.stderr);
  });
}

describe('an Envoy that took clusters and asks for the endpoints of none is stale:', { concurrency: true }, () => {
  const cases: readonly (readonly [what: string, path: string, change: (bootstrap: Bootstrap) => Bootstrap])[] = [
    ['one request at a time, state of the world', 'envoy/redis-v3-streams.yaml', allowOneRequest],
    ['one request at a time, delta', 'envoy/redis-v3-delta-streams.yaml', allowOneRequest],
    ['its file names the control plane otherwise, delta', 'envoy/redis-v3-delta-streams.yaml', nameOtherwise],
  ];
  for (const [what, path, change] of cases) {
    test(what, async (t) => {
      const controlPlane = await serveClusters(t);
      const envoy = await startSpoilt(t, controlPlane, path, change);
      await envoy.child.until('Envoy has the clusters', async () => (await envoy.clusters()).includes('two'));
      const reason = 'endpoint stale: not asked for the endpoints of 2 clusters that it took at \\S+Z: one, two';
      const { status, stdout } = await untilStatus(controlPlane, new RegExp(reason, 'u'));
      assert.equal(status, 3);
      assert.match(stdout, /^1 client: 0 in sync, 1 stale$/mu);
      assert.deepEqual(await envoy.hosts('one'), []);
      const committed = await runCli(['commit', '--wait', '1s', '--api', controlPlane.api]);
      assert.equal(committed.status, 3);
      assert.match(committed.stdout, /^nothing to commit: 0 of 1 in sync after 1\.\d s, 1 not answered$/mu);
      assert.match(committed.stdout, new RegExp(reason, 'u'));
    });
  }
});

test('an Envoy whose own file has a cluster of the same name does not use ours, and is stale', async (t) => {
  const controlPlane = await serveClusters(t);
  await startSpoilt(t, controlPlane, 'envoy/redis-v3-ads.yaml', declareOne);
  const reason = /endpoint stale: not asked for the endpoints of a cluster that it took at \S+: one$/mu;
  assert.equal((await untilStatus(controlPlane, reason)).status, 3);
});

test('an Envoy that asks for nothing but what is not published waits, and says what for', async (t) => {
  const controlPlane = await serveClusters(t);
  const envoy = await startSpoilt(t, controlPlane, 'envoy/redis-v3-ads.yaml', askForRuntime);
  const { status, stdout } = await untilStatus(controlPlane, /asked for nothing that is published/u);
  assert.match(stdout, /: waiting: \S.*, but for type\.googleapis\.com\/envoy\.service\.runtime\.v3\.Runtime$/mu);
  assert.match(stdout, /^1 client: 0 in sync, 1 waiting$/mu);
  assert.equal(status, 3);
  assert.deepEqual((await envoy.clusters()).filter((name) => clusters.includes(name)), []);
  const committed = await runCli(['commit', '--wait', '1s', '--api', controlPlane.api]);
  assert.match(committed.stdout, /^\S+ 127\.0\.0\.1:\d+: waiting: asked for nothing that is published, but for /mu);
  assert.equal(committed.status, 3);
});
