// Certificates and CAs from the API to a real Envoy: declared as secrets, named by a cluster and a listener, replaced.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';

import { moveToLoopback, readBootstrap, withoutDrainClose } from '../support/bootstrap.ts';
import { makeAuthority } from '../support/certificates.ts';
import type { Certificate } from '../support/certificates.ts';
import { startControlPlane } from '../support/controlplane.ts';
import type { ControlPlane } from '../support/controlplane.ts';
import { startEnvoy } from '../support/envoy.ts';
import type { Envoy } from '../support/envoy.ts';
import { freePort } from '../support/free-port.ts';
import { startRedis } from '../support/redis-server.ts';
import { connectTlsRedis, startTlsRedis } from '../support/redis-tls.ts';
import { connectRedis } from '../support/resp-client.ts';

interface Answer {
  readonly status: number;
  readonly body: any;
}

class Subject {
  readonly controlPlane: ControlPlane;
  readonly listenerPort: number;

  constructor(controlPlane: ControlPlane, listenerPort: number) {
    this.controlPlane = controlPlane;
    this.listenerPort = listenerPort;
  }

  async call(method: string, path: string, body?: object): Promise<Answer> {
    const response = await fetch(`http://${this.controlPlane.api}/api/v2/${path}`, {
      method,
      headers: { 'Content-Type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
  }

  async put(path: string, object: object): Promise<void> {
    const { status, body } = await this.call('PUT', path, object);
    assert.ok(status === 200 || status === 201, `${path}: ${JSON.stringify(body)}`);
  }

  putCertificate(name: string, { chain, key }: Certificate): Promise<void> {
    return this.put(`secrets/${name}`, { kind: 'certificate', chain, key });
  }

  /** Resolves when every Envoy has it. */
  async commit(): Promise<void> {
    const { body } = await this.call('POST', 'commit?wait=20s', {});
    assert.ok(body.converged, JSON.stringify(body));
  }

  /** What was refused, and why. */
  async assertCommitRefused(reason: RegExp): Promise<void> {
    const { status, body } = await this.call('POST', 'commit', {});
    assert.equal(status, 409, JSON.stringify(body));
    assert.match(body.detail, reason);
  }

  async startEnvoy(t: TestContext, path: string): Promise<Envoy> {
    const ports = { admin: await freePort(), xds: this.controlPlane.place.xdsPort };
    const envoy = await startEnvoy(t, withoutDrainClose(moveToLoopback(await readBootstrap(path), ports)));
    await envoy.untilLive();
    return envoy;
  }
}

async function start(t: TestContext): Promise<Subject> {
  const port = await freePort();
  return new Subject(await startControlPlane(t, ['--redis-listener', `127.0.0.1:${port}`]), port);
}

for (const path of ['envoy/redis-v3-ads.yaml', 'envoy/redis-v3-delta-ads.yaml']) {
  test(`${path}: a secret that is replaced reaches Envoy, and changes nothing else`, async (t) => {
    const authority = makeAuthority();
    const redis = await startTlsRedis(t, authority, authority.issue('redis', { hosts: ['redis.internal'] }));
    const subject = await start(t);
    await subject.putCertificate('envoy', authority.issue('envoy'));
    await subject.putCertificate('listener', authority.issue('listener 1'));
    await subject.put('clusters/orders', {
      endpoints: [{ address: redis.address, port: redis.port }],
      upstream_tls: { ca: { secret: 'ca' }, sni: 'redis.internal', certificate: { secret: 'envoy' } },
    });
    await subject.put('listeners/redis_listener', { tls: { certificate: { secret: 'listener' } } });
    await subject.assertCommitRefused(/upstream_tls\.ca: secret "ca" is not declared/u);
    await subject.put('secrets/ca', { kind: 'ca', value: authority.chain });
    await subject.commit();

    const envoy = await subject.startEnvoy(t, path);
    const { listenerPort } = subject;
    const connect = () => envoy.child.until('it is served', () => connectTlsRedis(t, listenerPort, { ca: authority.chain }));
    const before = await connect();
    assert.equal(before.serverName, 'listener 1');
    assert.equal(await before.client.ask('SET', 'key', 'value'), 'OK');

    await subject.putCertificate('listener', authority.issue('listener 2'));
    const { body: plan } = await subject.call('POST', 'plan', {});
    assert.deepEqual(plan.resources, [{ group: '', kind: 'secret', added: [], changed: ['listener'], removed: [] }]);
    await subject.commit();
    assert.equal((await connect()).serverName, 'listener 2');
    assert.equal(await before.client.ask('GET', 'key'), '"value"');

    await subject.call('DELETE', 'secrets/listener');
    await subject.assertCommitRefused(/can't be removed while it is named by listener "redis_listener"/u);

    const { body: clients } = await subject.call('GET', 'clients');
    const types = clients.clients[0].types.map(({ type, state }: { type: string; state: string }) => [type, state]);
    assert.deepEqual(types.find(([type]: string[]) => type === 'secret'), ['secret', 'synced']);
    const counts = await envoy.stats('(update_rejected|listener_create_failure|unknown_fields)$');
    assert.deepEqual([...counts].filter(([, count]) => count > 0), []);
  });
}

test('a cluster without TLS is replaced by one with it under an open connection, which goes on', async (t) => {
  const authority = makeAuthority();
  const [old, redis] = [await startRedis(t), await startTlsRedis(t, authority, authority.issue('redis'))];
  const subject = await start(t);
  await subject.put('clusters/old', { prefix: 'k:', endpoints: [{ address: old.address, port: old.port }] });
  await subject.commit();
  const envoy = await subject.startEnvoy(t, 'envoy/redis-v3-ads.yaml');
  const client = await envoy.child.until('it is served', () => connectRedis(t, subject.listenerPort));
  assert.equal(await client.ask('SET', 'k:1', 'old'), 'OK');

  await subject.put('secrets/ca', { kind: 'ca', value: authority.chain });
  await subject.putCertificate('envoy', authority.issue('envoy'));
  await subject.call('DELETE', 'clusters/old');
  await subject.put('clusters/new', {
    prefix: 'k:',
    endpoints: [{ address: redis.address, port: redis.port }],
    upstream_tls: { ca: { secret: 'ca' }, sans: 'any', certificate: { secret: 'envoy' } },
  });
  const { body } = await subject.call('POST', 'commit?wait=20s', { force: true });
  assert.ok(body.converged, JSON.stringify(body));
  assert.equal(await client.ask('SET', 'k:2', 'new'), 'OK');
  assert.equal(await redis.direct.ask('GET', 'k:2'), '"new"');
  assert.equal(client.isClosed, false);
});
