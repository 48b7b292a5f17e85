// An old and a new Envoy side by side: what the old one would get wrong is refused, by its name, and forced it is wrong
// for that one alone.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';

import { moveToLoopback, readBootstrap } from '../support/bootstrap.ts';
import { startControlPlane } from '../support/controlplane.ts';
import type { ControlPlane } from '../support/controlplane.ts';
import { startEnvoy } from '../support/envoy.ts';
import type { Envoy, EnvoyRelease } from '../support/envoy.ts';
import { freePort } from '../support/free-port.ts';
import { startRedis } from '../support/redis-server.ts';
import { connectRedis } from '../support/resp-client.ts';
import { runCli } from '../cli/run-cli.ts';

const password = 'of-this-server';

/** An Envoy of a release, in a node group of its own: both are on one host, and listen to ports of their own. */
async function startRelease(t: TestContext, { place }: ControlPlane, version: EnvoyRelease, group: string): Promise<Envoy> {
  const moved = moveToLoopback(await readBootstrap('envoy/redis-v3-ads.yaml'), {
    admin: await freePort(),
    xds: place.xdsPort,
  });
  return startEnvoy(t, { ...moved, node: { id: `envoy-${group}`, cluster: group } }, { version });
}

test('a password of an endpoint, which Envoy 1.36 does not know, is refused by its name', async (t) => {
  const flags = ['--redis-listener', `127.0.0.1:${await freePort()}`];
  const [server, controlPlane] = await Promise.all([startRedis(t), startControlPlane(t, flags)]);
  await server.direct.ask('SET', 'key', 'value');
  await server.direct.ask('CONFIG', 'SET', 'requirepass', password);
  const { api } = controlPlane;
  const call = async (path: string, body: object): Promise<void> => {
    const headers = { 'Content-Type': 'application/json' };
    const answer = await fetch(`http://${api}/api/v2/${path}`, { method: 'PUT', headers, body: JSON.stringify(body) });
    assert.ok(answer.ok, await answer.text());
  };
  const ports = { old: await freePort(), new: await freePort() };
  await call('secrets/pw', { kind: 'password', value: password });
  await call('clusters/a', { prefix: 'k', endpoints: [{ address: server.address, port: server.port }] });
  for (const [group, port] of Object.entries(ports)) {
    const address = `127.0.0.1:${port}`;
    await call(`listeners/l-${group}`, { address, groups: [group], catch_all: 'a', routes: [] });
  }
  const [old, recent] = await Promise.all([
    startRelease(t, controlPlane, '1.36.2', 'old'),
    startRelease(t, controlPlane, '1.40.0', 'new'),
  ]);
  const first = await runCli(['commit', '--api', api, '--wait', '20s', '--expect', 'envoy-old,envoy-new']);
  assert.equal(first.status, 0, first.stdout + first.stderr);

  const endpoint = { address: server.address, port: server.port, upstream_auth: { password: { secret: 'pw' } } };
  await call('clusters/a', { prefix: 'k', endpoints: [endpoint] });
  const plan = await runCli(['plan', '--api', api]);
  const reason =
    'an upstream_auth of its own for an endpoint of "a" needs Envoy 1.37, and an older one sends these servers no ' +
    'password: "envoy-old" (1.36.2)';
  assert.ok(plan.stdout.includes(`refused without --force: ${reason}`), plan.stdout);
  const refused = await runCli(['commit', '--api', api]);
  assert.equal(refused.status, 1);
  assert.ok(refused.stderr.includes(reason), refused.stderr);

  const forced = await runCli(['commit', '--api', api, '--force', '--wait', '20s']);
  assert.equal(forced.status, 0, forced.stdout + forced.stderr);
  await recent.child.until('the new one speaks with the password', async () => {
    return (await (await connectRedis(t, ports.new)).ask('GET', 'key')) === '"value"';
  });
  assert.match(await (await connectRedis(t, ports.old)).ask('GET', 'key'), /NOAUTH/);
  await old.untilLive();

  const status = await runCli(['status', '--api', api]);
  assert.ok(status.stdout.includes(`warning: ${reason}`), status.stdout);
  await controlPlane.stop();
  await controlPlane.comeBack();
  const logged = JSON.stringify(reason).slice(1, -1);
  await controlPlane.child.until('the log tells of who connects', () => controlPlane.child.output.includes(logged));
  const scraped = await (await fetch(`http://${api}/metrics`)).text();
  assert.match(scraped, /^controlplane_warnings\{code="old-envoy"\} 1$/mu);

  await call('listeners/l-old', { address: `127.0.0.1:${ports.old}`, groups: ['old'], catch_all: 'a', routes: [], protocol: 'RESP3' });
  const warned = await runCli(['plan', '--api', api]);
  assert.match(warned.stdout, /warning: protocol RESP3 of "l-old" needs Envoy 1\.40, and an older one speaks RESP2/);
});
