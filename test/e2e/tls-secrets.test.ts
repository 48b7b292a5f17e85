// Certificates and CAs from the API to a real Envoy: declared as secrets, named by a cluster and a listener, replaced.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { moveToLoopback, readBootstrap } from '../support/bootstrap.ts';
import { makeAuthority } from '../support/certificates.ts';
import type { Certificate } from '../support/certificates.ts';
import { startControlPlane } from '../support/controlplane.ts';
import { startEnvoy } from '../support/envoy.ts';
import { freePort } from '../support/free-port.ts';
import { connectTlsRedis, startTlsRedis } from '../support/redis-tls.ts';

interface Answer {
  readonly status: number;
  readonly body: any;
}

for (const path of ['envoy/redis-v3-ads.yaml', 'envoy/redis-v3-delta-ads.yaml']) {
  test(`${path}: a secret that is replaced reaches Envoy, and changes nothing else`, async (t) => {
    const authority = makeAuthority();
    const redis = await startTlsRedis(t, authority, authority.issue('redis', { hosts: ['redis.internal'] }));
    const listenerPort = await freePort();
    const controlPlane = await startControlPlane(t, ['--redis-listener', `127.0.0.1:${listenerPort}`]);
    const call = async (method: string, to: string, body?: object): Promise<Answer> => {
      const response = await fetch(`http://${controlPlane.api}/api/v2/${to}`, {
        method,
        headers: { 'Content-Type': 'application/json' },
        ...(body && { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
    };
    const put = async (to: string, body: object): Promise<void> => {
      const { status, body: answer } = await call('PUT', to, body);
      assert.ok(status === 200 || status === 201, `${to}: ${JSON.stringify(answer)}`);
    };
    const putCertificate = (name: string, { chain, key }: Certificate) => {
      return put(`secrets/${name}`, { kind: 'certificate', chain, key });
    };
    const commit = async (): Promise<void> => {
      const { body } = await call('POST', 'commit?wait=20s', {});
      assert.ok(body.converged, JSON.stringify(body));
    };

    await putCertificate('envoy', authority.issue('envoy'));
    await putCertificate('listener', authority.issue('listener 1'));
    await put('clusters/orders', {
      endpoints: [{ address: redis.address, port: redis.port }],
      upstream_tls: { ca: { secret: 'ca' }, sni: 'redis.internal', certificate: { secret: 'envoy' } },
    });
    await put('listeners/redis_listener', { tls: { certificate: { secret: 'listener' } } });
    const refused = await call('POST', 'commit', {});
    assert.equal(refused.status, 409, JSON.stringify(refused.body));
    assert.match(JSON.stringify(refused.body), /upstream_tls\.ca: secret \\"ca\\" is not declared/u);
    await put('secrets/ca', { kind: 'ca', value: authority.chain });
    await commit();

    const ports = { admin: await freePort(), xds: controlPlane.place.xdsPort };
    const envoy = await startEnvoy(t, moveToLoopback(await readBootstrap(path), ports));
    await envoy.untilLive();
    const connect = () => envoy.child.until('it is served', () => connectTlsRedis(t, listenerPort, { ca: authority.chain }));
    const before = await connect();
    assert.equal(before.serverName, 'listener 1');
    assert.equal(await before.client.ask('SET', 'key', 'value'), 'OK');

    await putCertificate('listener', authority.issue('listener 2'));
    const { body: plan } = await call('POST', 'plan', {});
    assert.deepEqual(plan.resources, [{ group: '', kind: 'secret', added: [], changed: ['listener'], removed: [] }]);
    await commit();
    assert.equal((await connect()).serverName, 'listener 2');
    assert.equal(await before.client.ask('GET', 'key'), '"value"');

    await call('DELETE', 'secrets/listener');
    const named = await call('POST', 'commit', {});
    assert.equal(named.status, 409, JSON.stringify(named.body));
    assert.match(JSON.stringify(named.body), /can't be removed while it is named by listener \\"redis_listener\\"/u);

    const { body: clients } = await call('GET', 'clients');
    const types = clients.clients[0].types.map(({ type, state }: { type: string; state: string }) => [type, state]);
    assert.deepEqual(types.find(([type]: string[]) => type === 'secret'), ['secret', 'synced']);
    const counts = await envoy.stats('(update_rejected|listener_create_failure|unknown_fields)$');
    assert.deepEqual([...counts].filter(([, count]) => count > 0), []);
  });
}
