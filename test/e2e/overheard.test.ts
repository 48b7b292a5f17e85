// Real Envoys whose connections others can read: they are given no password and no private key, and are told of.

import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import type { TestContext } from 'node:test';

import { runCli } from '../cli/run-cli.ts';
import { moveToLoopback, readBootstrap } from '../support/bootstrap.ts';
import { startControlPlane } from '../support/controlplane.ts';
import type { ControlPlane } from '../support/controlplane.ts';
import { startEnvoy } from '../support/envoy.ts';
import type { Envoy } from '../support/envoy.ts';
import { freePort } from '../support/free-port.ts';
import { findOffLoopback, runInNamespace } from '../support/off-loopback.ts';
import { startRedis } from '../support/redis-server.ts';
import { connectRedis } from '../support/resp-client.ts';
import { makePair } from '../support/test-vault.ts';
import { waitUntil } from '../support/wait-until.ts';

const password = 'correct horse battery staple';
const pair = makePair({ name: 'edge' });
const keyLine = pair.key.split('\n')[1] ?? assert.fail();

interface Scene {
  readonly controlPlane: ControlPlane;
  readonly envoy: Envoy;
  /** Of listeners of Envoy's, on 127.0.0.1. */
  readonly ports: Readonly<Record<'plain' | 'asking' | 'tls', number>>;
  readonly put: (path: string, body: object) => Promise<void>;
  readonly run: (...words: readonly string[]) => Promise<string>;
}

/** A server with a password, and listeners without one, with one, and with TLS, for an Envoy that is there. */
async function prepare(t: TestContext, host: string, file: string, flags: readonly string[] = []): Promise<Scene> {
  const usual = ['--redis-listener', `127.0.0.1:${await freePort()}`];
  const [redis, controlPlane] = [await startRedis(t), await startControlPlane(t, [...usual, ...flags], host)];
  await redis.direct.ask('SET', 'key', 'value');
  await redis.direct.ask('CONFIG', 'SET', 'requirepass', password);
  const { api, place } = controlPlane;
  const put = async (path: string, body: object): Promise<void> => {
    const headers = { 'Content-Type': 'application/json' };
    const answer = await fetch(`http://${api}/api/v2/${path}`, { method: 'PUT', headers, body: JSON.stringify(body) });
    assert.ok(answer.ok, await answer.text());
  };
  const run = async (...words: readonly string[]): Promise<string> => {
    const { stdout, stderr } = await runCli([...words, '--api', api]);
    return stdout + stderr;
  };
  const ports = { plain: await freePort(), asking: await freePort(), tls: await freePort() };
  const auth = { password: { secret: 'word' } };
  await put('secrets/word', { kind: 'password', value: password });
  await put('secrets/edge', { kind: 'certificate', ...pair });
  await put('clusters/guarded', { endpoints: [{ address: redis.address, port: redis.port }], upstream_auth: auth });
  const listenerOn = (port: number): object => ({ address: `127.0.0.1:${port}`, catch_all: 'guarded', routes: [] });
  await put('listeners/plain', listenerOn(ports.plain));
  await put('listeners/asking', { ...listenerOn(ports.asking), auth: { passwords: [{ secret: 'word' }] } });
  await put('listeners/tls', { ...listenerOn(ports.tls), tls: { certificate: { secret: 'edge' } } });
  assert.match(await run('commit'), /^committed revision 1$/mu);
  const moved = moveToLoopback(await readBootstrap(file), {
    admin: await freePort(),
    xds: place.xdsPort,
    api: place.apiPort,
    controlPlane: host,
  });
  const envoy = await startEnvoy(t, { ...moved, node: { id: 'overheard', cluster: 'default-cluster' } });
  await envoy.untilLive();
  return { controlPlane, envoy, ports, put, run };
}

async function ask(t: TestContext, { envoy, ports }: Scene): Promise<string> {
  const client = await envoy.child.until('it is served', () => connectRedis(t, ports.plain));
  return client.ask('GET', 'key');
}

const files = ['envoy/redis-v3-ads.yaml', 'envoy/redis-v3-delta-ads.yaml', 'envoy/redis-v3-rest.yaml'];

function testFrom(host: string): void {
  for (const file of files) {
    test(`${file}: no password and no key reaches it, and it is named`, async (t) => {
      const scene = await prepare(t, host, file);
      const { controlPlane, envoy, ports, put, run } = scene;
      assert.match(await ask(t, scene), /NOAUTH/u);
      await assert.rejects(connectRedis(t, ports.asking));
      const dump = JSON.stringify(await envoy.configDump());
      assert.ok(dump.includes('guarded') && !dump.includes(password) && !dump.includes(keyLine));
      const named = /the passwords and private keys of "guarded", "asking", "tls" are not given to .*: "overheard": /u;
      const isNamed = (text: string): boolean => named.test(text.replaceAll('\\"', '"'));
      await waitUntil('the log tells of it', () => isNamed(controlPlane.child.output));
      const status = await run('status');
      assert.ok(isNamed(status), status);
      await put('listeners/plain', {
        ...{ address: `127.0.0.1:${ports.plain}`, catch_all: 'guarded', routes: [] },
        auth: { passwords: [{ secret: 'word' }] },
      });
      const refused = /"plain" would be taken from Envoys whose connection others can read, .*: "overheard"/u;
      assert.match(await run('commit'), refused);
      assert.match(await run('commit', '--force'), /^committed revision 2$/mu);
      await envoy.child.until('the listener is gone', () => connectRedis(t, ports.plain).then(() => false, () => true));
    });
  }

  for (const file of ['envoy/redis-v3-ads.yaml', 'envoy/redis-v3-rest.yaml']) {
    test(`${file}: where the network is said to be safe it has them, and nobody is named`, async (t) => {
      const scene = await prepare(t, host, file, ['--xds-secrets', 'any']);
      assert.equal(await ask(t, scene), '"value"');
      await scene.envoy.child.until('the port with a password is there', () => connectRedis(t, scene.ports.asking));
      const status = await scene.run('status');
      assert.doesNotMatch(status, /are not given to/u);
      assert.match(status, /neither TLS \(--tls-cert\) nor a loopback address/u);
    });
  }
}

const place = await findOffLoopback();
switch (place.kind) {
  case 'here':
    testFrom(place.address);
    break;
  case 'namespace':
    test('in a network namespace with an address off loopback', async () => {
      assert.match(await runInNamespace(fileURLToPath(import.meta.url)), /pass 5\n/u);
    });
    break;
  case 'nowhere':
    test('Envoys off loopback', { skip: place.reason }, () => undefined);
}
