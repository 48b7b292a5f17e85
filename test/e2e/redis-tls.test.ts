// TLS on both sides of a real Envoy, with certificates by secret discovery: served, rotated, refused and missing.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';

import type { Secret } from '../../src/model/objects.ts';
import { plainSecret } from '../render/plain-secrets.ts';
import { makeAuthority } from '../support/certificates.ts';
import type { Certificate } from '../support/certificates.ts';
import { envoyReleases } from '../support/envoy.ts';
import { freePort } from '../support/free-port.ts';
import { connectTlsRedis, startTlsRedis } from '../support/redis-tls.ts';
import type { TlsRedis, TlsRespClient } from '../support/redis-tls.ts';
import { waitUntil } from '../support/wait-until.ts';
import { startDeclaredEnvoy } from './declared-envoy.ts';
import type { ConfigText, DeclaredEnvoy, Way } from './declared-envoy.ts';

const ways: readonly Way[] = ['ads', 'delta-ads', 'streams', 'delta-streams'];
const serverHosts = { hosts: ['redis.internal', '127.0.0.1'] };

function certificate(name: string, { chain, key }: Pick<Certificate, 'chain' | 'key'>): Secret {
  return plainSecret(name, { kind: 'certificate', chain, key });
}

function ca(name: string, ...authorities: readonly Certificate[]): Secret {
  return plainSecret(name, { kind: 'ca', value: authorities.map(({ chain }) => chain).join('') });
}

/** A cluster of one server, which takes commands from who shows the certificate `envoy`. */
function clusterOf({ address, port }: TlsRedis, fields: object = {}, name = 'orders'): object {
  const tls = { ca: { secret: 'ca' }, sni: 'redis.internal', certificate: { secret: 'envoy' }, ...fields };
  return { name, endpoints: [{ address, port }], upstream_tls: tls };
}

async function untilAnswered(client: { ask(...words: string[]): Promise<string> }, answer: string): Promise<void> {
  await waitUntil(`GET is answered ${answer}`, async () => {
    const reply = await client.ask('GET', 'key');
    if (reply !== answer) throw new Error(reply);
    return true;
  });
}

/** With TLS to its clients too. */
async function connectTo(t: TestContext, subject: DeclaredEnvoy, authority: Certificate, own?: Certificate): Promise<TlsRespClient> {
  const shown = own === undefined ? {} : { cert: own.chain, key: own.key };
  return connectTlsRedis(t, subject.redisPort, { ca: authority.chain, ...shown });
}

for (const way of ways) {
  test(`${way}: certificates are rotated, and no open connection is lost`, async (t) => {
    const [authority, next] = [makeAuthority('first CA'), makeAuthority('next CA')];
    const redis = await startTlsRedis(t, authority, authority.issue('redis', serverHosts));
    const subject = await startDeclaredEnvoy(t, { way });
    const tls = { certificate: { secret: 'listener' }, client_ca: { secret: 'ca' } };
    const config: ConfigText = { clusters: [clusterOf(redis)], listeners: [{ name: 'redis_listener', tls }] };
    const caSecret = ca('ca', authority);
    const secrets = [
      caSecret,
      certificate('envoy', authority.issue('envoy 1')),
      certificate('listener', authority.issue('listener 1')),
    ];
    subject.declare({ ...config, secrets });
    await subject.envoy.untilLive();
    const own = authority.issue('a client');
    const connect = () => subject.envoy.child.until('it is served', () => connectTo(t, subject, authority, own));
    const before = await connect();
    assert.equal(before.serverName, 'listener 1');
    assert.equal(await before.client.ask('SET', 'key', 'value'), 'OK');
    await assert.rejects(connectTo(t, subject, authority), 'a client without a certificate');

    const rotated = [
      caSecret,
      certificate('envoy', next.issue('envoy 2')),
      certificate('listener', authority.issue('listener 2')),
    ];
    subject.declare({ ...config, secrets: rotated });
    await waitUntil('new connections are shown the new certificate', async () => {
      return (await connect()).serverName === 'listener 2';
    });
    await subject.untilSynced();
    // Envoy's connection to the server is still the one that was opened with the certificate before.
    assert.equal(await before.client.ask('GET', 'key'), '"value"');
    await redis.trust(next);
    await redis.direct.ask('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    await untilAnswered(before.client, '"value"');
    assert.equal(before.client.isClosed, false);
    await subject.assertAllTaken();
  });
}

/** Commands one after the other on a connection, all of which must be answered. */
class Load {
  count = 0;
  readonly failures: string[] = [];
  #isStopped = false;
  readonly #running: Promise<void>;

  constructor(client: { ask(...words: string[]): Promise<string> }) {
    const run = async (): Promise<void> => {
      while (!this.#isStopped) {
        const reply = await client.ask('GET', 'key').catch(({ message }: Error) => message);
        this.count += 1;
        if (reply !== '"value"') this.failures.push(reply);
      }
    };
    this.#running = run();
  }

  /** Resolves after some more of them. */
  async untilMore(): Promise<void> {
    const wanted = this.count + 50;
    await waitUntil('more commands are answered', () => this.count >= wanted);
  }

  async stop(): Promise<readonly string[]> {
    this.#isStopped = true;
    await this.#running;
    return this.failures;
  }
}

for (const way of ways) {
  test(`${way}: CAs and certificates are replaced on both sides under commands, none of which fails`, async (t) => {
    const [first, next] = [makeAuthority('first CA'), makeAuthority('next CA')];
    const redis = await startTlsRedis(t, first, first.issue('redis 1', serverHosts));
    const subject = await startDeclaredEnvoy(t, { way });
    const tls = { certificate: { secret: 'listener' }, client_ca: { secret: 'clients' } };
    const config: ConfigText = { clusters: [clusterOf(redis)], listeners: [{ name: 'redis_listener', tls }] };
    const step = async (trusted: readonly Certificate[], issuer: Certificate, name: string): Promise<void> => {
      const secrets = [
        ca('ca', ...trusted),
        ca('clients', ...trusted),
        certificate('envoy', issuer.issue(`envoy ${name}`)),
        certificate('listener', issuer.issue(`listener ${name}`)),
      ];
      subject.declare({ ...config, secrets });
      await subject.untilSynced();
    };
    const connectAs = (issuer: Certificate): Promise<TlsRespClient> => {
      const { chain: cert, key } = issuer.issue('a client');
      return connectTlsRedis(t, subject.redisPort, { ca: first.chain + next.chain, cert, key });
    };
    await step([first], first, '1');
    await subject.envoy.untilLive();
    const kept = await subject.envoy.child.until('it is served', () => connectAs(first));
    assert.equal(await kept.client.ask('SET', 'key', 'value'), 'OK');
    const load = new Load(kept.client);
    await load.untilMore();
    await assert.rejects(connectAs(next));

    // As an operator does it: the CAs are both, then the certificates change, then the old CA goes.
    await step([first, next], first, '1');
    await redis.trust(first, next);
    await load.untilMore();
    await step([first, next], next, '2');
    await redis.present(next.issue('redis 2', serverHosts));
    await load.untilMore();
    await step([next], next, '2');
    await redis.trust(next);
    await waitUntil('new clients are shown the new certificate', async () => {
      return (await connectAs(next)).serverName === 'listener 2';
    });
    await waitUntil('those of the CA that went are refused', () => connectAs(first).then(() => false, () => true));
    await load.untilMore();
    assert.deepEqual(await load.stop(), []);
    // Envoy's own connection to the server is the one that it began with, too.
    const counts = await subject.envoy.stats('^cluster\\.orders\\.upstream_cx_(total|destroy)$');
    assert.deepEqual(Object.fromEntries(counts), {
      'cluster.orders.upstream_cx_total': 1,
      'cluster.orders.upstream_cx_destroy': 0,
    });
    await redis.direct.ask('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    await untilAnswered(kept.client, '"value"');
    await subject.assertAllTaken();
  });
}

for (const way of ways) {
  test(`${way}: a key of another certificate is refused alone, and mended by the next`, async (t) => {
    const authority = makeAuthority();
    const redis = await startTlsRedis(t, authority, authority.issue('redis', serverHosts));
    const subject = await startDeclaredEnvoy(t, { way });
    const listeners = [{ name: 'redis_listener', tls: { certificate: { secret: 'listener' } } }];
    const config: ConfigText = { clusters: [clusterOf(redis)], listeners };
    const [envoy, wrong] = [authority.issue('envoy'), authority.issue('wrong')];
    const secretsOf = (key: string, name: string): Secret[] => [
      ca('ca', authority),
      certificate('envoy', { chain: envoy.chain, key }),
      certificate('listener', authority.issue(name)),
    ];
    subject.declare({ ...config, secrets: secretsOf(envoy.key, 'listener 1') });
    await subject.envoy.untilLive();
    const connect = () => subject.envoy.child.until('it is served', () => connectTo(t, subject, authority));
    const { client } = await connect();
    assert.equal(await client.ask('SET', 'key', 'value'), 'OK');

    subject.declare({ ...config, secrets: secretsOf(wrong.key, 'listener 2') });
    const nack = await subject.untilRefused('secret');
    assert.deepEqual(nack.names, ['envoy']);
    assert.match(nack.message, /^Failed to load private key from <inline>, Cause: .*KEY_VALUES_MISMATCH$/u);
    await waitUntil('the good one is taken', async () => (await connect()).serverName === 'listener 2');
    assert.equal(await client.ask('GET', 'key'), '"value"');

    subject.declare({ ...config, secrets: secretsOf(envoy.key, 'listener 3') });
    await subject.untilSynced();
    await waitUntil('all are taken', async () => (await connect()).serverName === 'listener 3');
    assert.equal(await client.ask('GET', 'key'), '"value"');
  });
}

for (const way of ways) {
  test(`${way}: a secret that is missing keeps nothing else from being served, and heals`, async (t) => {
    const authority = makeAuthority();
    const redis = await startTlsRedis(t, authority, authority.issue('redis', serverHosts));
    const subject = await startDeclaredEnvoy(t, { way });
    const late = { certificate: { secret: 'late' } };
    const clusters = [
      { ...clusterOf(redis), prefix: 'good:' },
      { ...clusterOf(redis, late, 'waiting'), prefix: 'waiting:' },
    ];
    const secrets = [ca('ca', authority), certificate('envoy', authority.issue('envoy'))];
    subject.declare({ clusters, secrets });
    await subject.envoy.untilLive();
    const client = await subject.connect();
    await waitUntil('what has its secrets is served', async () => (await client.ask('SET', 'good:key', 'value')) === 'OK');
    assert.equal(await client.ask('GET', 'waiting:key'), '(error) upstream failure');
    const notReady = await subject.envoy.stats('^cluster.waiting.client_ssl_socket_factory.upstream_context_secrets_not_ready$');
    assert.ok((notReady.values().next().value ?? 0) > 0);
    subject.declare({ clusters, secrets: [...secrets, certificate('late', authority.issue('late'))] });
    await waitUntil('so is the other', async () => (await client.ask('GET', 'waiting:key')) === '(nil)');
    await subject.untilSynced();
  });
}

for (const version of envoyReleases) {
  test(`Envoy ${version} checks whose certificate it is shown`, async (t) => {
    const [authority, other] = [makeAuthority('a CA'), makeAuthority('another CA')];
    const intermediate = authority.issue('an intermediate CA', { isAuthority: true });
    const redis = await startTlsRedis(t, authority, intermediate.issue('redis', serverHosts));
    const subject = await startDeclaredEnvoy(t, { version });
    const served: Readonly<Record<string, object>> = {
      sni: {},
      address: { sni: undefined, sans: ['127.0.0.1'] },
      one: { sans: ['elsewhere.internal', 'redis.internal'] },
      any: { sni: undefined, sans: 'any' },
      intermediate: { ca: { secret: 'intermediate' } },
      insecure: { ca: undefined, insecure: true },
    };
    const refused: Readonly<Record<string, object>> = {
      name: { sni: 'elsewhere.internal' },
      san: { sans: ['10.0.0.1', 'spiffe://redis'] },
      ca: { ca: { secret: 'other' } },
      client: { certificate: undefined },
    };
    const clusters = Object.entries({ ...served, ...refused }).map(([name, fields]) => {
      return { ...clusterOf(redis, fields, name), prefix: `${name}:` };
    });
    const authorities = [ca('ca', authority), ca('other', other), ca('intermediate', intermediate)];
    const secrets = [...authorities, certificate('envoy', authority.issue('envoy'))];
    subject.declare({ clusters, secrets });
    await subject.envoy.untilLive();
    const client = await subject.connect();
    for (const name of Object.keys(served)) {
      await waitUntil(`${name} is served`, async () => (await client.ask('SET', `${name}:key`, 'value')) === 'OK');
    }
    for (const name of Object.keys(refused)) {
      assert.equal(await client.ask('GET', `${name}:key`), '(error) upstream failure', name);
    }
    const failures = await subject.envoy.stats('\\.ssl\\.(fail_verify_san|fail_verify_error|connection_error)$');
    for (const stat of ['name.ssl.fail_verify_san', 'san.ssl.fail_verify_san', 'ca.ssl.fail_verify_error', 'client.ssl.connection_error']) {
      assert.ok((failures.get(`cluster.${stat}`) ?? 0) > 0, stat);
    }
    await subject.untilSynced();
    await subject.assertAllTaken();
  });
}

test('health checks, and a Redis Cluster with its discovery, speak TLS too', async (t) => {
  const authority = makeAuthority();
  const own = authority.issue('redis', serverHosts);
  const redis = await startTlsRedis(t, authority, own);
  const busPort = `${await freePort()}`;
  const settings = { 'cluster-enabled': 'yes', 'tls-cluster': 'yes', 'cluster-announce-ip': '127.0.0.1' };
  const node = await startTlsRedis(t, authority, own, { ...settings, 'cluster-port': busPort });
  assert.equal(await node.direct.ask('CLUSTER', 'ADDSLOTSRANGE', '0', '16383'), 'OK');
  const subject = await startDeclaredEnvoy(t);
  const clusters = [
    { ...clusterOf(redis, {}, 'plain'), prefix: 'plain:', health_check: { interval: '1s' } },
    { ...clusterOf(node, {}, 'spread'), prefix: 'spread:', kind: 'redis_cluster' },
  ];
  subject.declare({ clusters, secrets: [ca('ca', authority), certificate('envoy', authority.issue('envoy'))] });
  await subject.envoy.untilLive();
  const client = await subject.connect();
  for (const name of ['plain', 'spread']) {
    await waitUntil(`${name} is served`, async () => (await client.ask('SET', `${name}:key`, 'value')) === 'OK');
  }
  await waitUntil('the server is checked', async () => {
    return ((await subject.envoy.stats('^cluster.plain.health_check.success$')).values().next().value ?? 0) > 0;
  });
  const failures = await subject.envoy.stats('^cluster.plain.health_check.failure$');
  assert.deepEqual([...failures.values()], [0]);
  await subject.assertAllTaken();
});

for (const version of envoyReleases) {
  test(`Envoy ${version} outlives a MULTI where there is no server, no secret, or the wrong one`, async (t) => {
    const authority = makeAuthority();
    const redis = await startTlsRedis(t, authority, authority.issue('redis', serverHosts));
    const subject = await startDeclaredEnvoy(t, { version });
    const names = ['empty', 'missing', 'wrong'];
    const clusters = [
      { ...clusterOf(redis, {}, 'empty'), prefix: 'empty:', endpoints: [] },
      { ...clusterOf(redis, { certificate: { secret: 'nowhere' } }, 'missing'), prefix: 'missing:' },
      { ...clusterOf(redis, { sni: 'elsewhere.internal' }, 'wrong'), prefix: 'wrong:' },
    ];
    subject.declare({ clusters, secrets: [ca('ca', authority), certificate('envoy', authority.issue('envoy'))] });
    await subject.envoy.untilLive();
    for (const name of names) {
      const client = await subject.connect();
      assert.equal(await client.ask('MULTI'), 'OK');
      assert.equal(await client.ask('SET', `${name}:key`, 'value'), '(error) upstream failure');
      assert.match(await client.ask('EXEC'), /^\(error\)/u);
      client.close();
    }
    const client = await subject.connect();
    for (const name of names) assert.equal(await client.ask('GET', `${name}:key`), '(error) upstream failure');
  });
}
