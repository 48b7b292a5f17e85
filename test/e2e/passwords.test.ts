// Passwords of Redis and of its clients, declared as secrets, behind a real Envoy: they work, they are changed one after
// the other while clients go on, they outlive a kill -9, and nothing that is kept, answered or logged has them in clear.

import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';

import { runCli } from '../cli/run-cli.ts';
import { moveToLoopback, readBootstrap, withoutDrainClose } from '../support/bootstrap.ts';
import { startControlPlane } from '../support/controlplane.ts';
import type { ControlPlane } from '../support/controlplane.ts';
import { envoyReleases, startEnvoy } from '../support/envoy.ts';
import type { Envoy, EnvoyRelease } from '../support/envoy.ts';
import { freePort } from '../support/free-port.ts';
import { startRedisCluster } from '../support/redis-cluster.ts';
import { startRedis } from '../support/redis-server.ts';
import type { RedisServer } from '../support/redis-server.ts';
import { connectRedis } from '../support/resp-client.ts';
import { runCommand } from '../support/run-command.ts';
import { tempDir } from '../support/temp-dir.ts';
import { makePair } from '../support/test-vault.ts';
import { waitUntil } from '../support/wait-until.ts';

const passwords = {
  server: 'server-Zx81-password',
  'server-next': 'server-Qb47-password',
  first: 'client-Lm22-password',
  second: 'client-Rt93-password',
};
const values = Object.values(passwords);

/** Answers of the API that were seen, to be searched. */
class Subject {
  readonly controlPlane: ControlPlane;
  readonly listenerPort: number;
  readonly answers: string[] = [];

  constructor(controlPlane: ControlPlane, listenerPort: number) {
    this.controlPlane = controlPlane;
    this.listenerPort = listenerPort;
  }

  async call(method: string, path: string, body?: object): Promise<any> {
    const response = await fetch(`http://${this.controlPlane.api}/api/v2/${path}`, {
      method,
      headers: { 'Content-Type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    this.answers.push(text);
    assert.ok(response.ok, `${method} ${path}: ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  }

  setPassword(name: string, value: string): Promise<void> {
    return this.call('PUT', `secrets/${name}`, { kind: 'password', value });
  }

  /** What clients may say, by the names of secrets. */
  setAuth(...secrets: readonly string[]): Promise<void> {
    return this.call('PUT', 'listeners/redis_listener', { auth: { passwords: secrets.map((secret) => ({ secret })) } });
  }

  /** Resolves when every Envoy has it. */
  async commit(): Promise<void> {
    const { converged, not_in_sync: others } = await this.call('POST', 'commit?wait=20s', {});
    assert.ok(converged, JSON.stringify(others));
  }

  /** An Envoy that takes all from here. */
  async startEnvoy(t: TestContext, version?: EnvoyRelease): Promise<Envoy> {
    const ports = { admin: await freePort(), xds: this.controlPlane.place.xdsPort };
    const bootstrap = moveToLoopback(await readBootstrap('envoy/redis-v3-ads.yaml'), ports);
    return startEnvoy(t, withoutDrainClose(bootstrap), version === undefined ? {} : { version });
  }

  /** What a command on a new connection is answered. */
  async ask(t: TestContext, password: string, ...command: readonly string[]): Promise<string> {
    const redis = await connectRedis(t, this.listenerPort);
    try {
      const authenticated = await redis.ask('AUTH', password);
      return authenticated === 'OK' ? await redis.ask(...command) : authenticated;
    } finally {
      redis.close();
    }
  }
}

async function start(t: TestContext): Promise<Subject> {
  const port = await freePort();
  const flags = ['--redis-listener', `127.0.0.1:${port}`, '--log-level', 'debug'];
  return new Subject(await startControlPlane(t, flags), port);
}

/** A server that asks for its password. */
async function startGuarded(t: TestContext, password: string): Promise<RedisServer> {
  const server = await startRedis(t);
  await server.direct.ask('SET', 'key', 'value');
  await server.direct.ask('CONFIG', 'SET', 'requirepass', password);
  return server;
}

function endpointOf({ address, port }: RedisServer): { address: string; port: number } {
  return { address, port };
}

/** Commands on new connections and on one that stays, all of which must be answered. */
class Load {
  password: string;
  commands = 0;
  readonly failures: string[] = [];
  #isStopped = false;
  readonly #running: Promise<unknown>;

  constructor(t: TestContext, subject: Subject, password: string) {
    this.password = password;
    const note = (reply: string): void => {
      this.commands += 1;
      if (reply !== '"value"') this.failures.push(reply);
    };
    const onNew = async (): Promise<void> => {
      while (!this.#isStopped) note(await subject.ask(t, this.password, 'GET', 'key').catch(({ message }) => message));
    };
    const onKept = async (): Promise<void> => {
      const redis = await connectRedis(t, subject.listenerPort);
      await redis.ask('AUTH', password);
      while (!this.#isStopped) note(await redis.ask('GET', 'key').catch(({ message }) => message));
    };
    this.#running = Promise.all([onNew(), onKept()]);
  }

  async untilMore(): Promise<void> {
    const wanted = this.commands + 100;
    await waitUntil('more commands are answered', () => this.commands >= wanted || this.failures.length > 0);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
  }
}

describe('passwords', { concurrency: 1 }, () => {
  test('of clients are changed one after the other without a failed command, and survive a kill -9', async (t) => {
    const subject = await start(t);
    const server = await startGuarded(t, passwords.server);
    for (const name of ['server', 'first', 'second'] as const) await subject.setPassword(name, passwords[name]);
    const cluster = { endpoints: [endpointOf(server)], upstream_auth: { password: { secret: 'server' } } };
    await subject.call('PUT', 'clusters/c', cluster);
    await subject.setAuth('first');
    await subject.call('POST', 'commit', {});
    const envoy = await subject.startEnvoy(t);
    await envoy.untilLive();

    const bare = await connectRedis(t, subject.listenerPort);
    assert.equal(await bare.ask('GET', 'key'), '(error) NOAUTH Authentication required.');
    assert.equal(await subject.ask(t, passwords.second, 'GET', 'key'), '(error) ERR invalid password');
    const load = new Load(t, subject, passwords.first);
    await load.untilMore();
    await subject.setAuth('first', 'second');
    await subject.commit();
    await load.untilMore();
    load.password = passwords.second;
    await load.untilMore();
    await subject.setAuth('second');
    await subject.call('DELETE', 'secrets/first');
    await subject.commit();
    await load.untilMore();
    await load.stop();
    assert.deepEqual(load.failures, []);
    assert.equal(await subject.ask(t, passwords.first, 'GET', 'key'), '(error) ERR invalid password');

    await subject.controlPlane.kill();
    await subject.controlPlane.comeBack();
    assert.equal(await subject.ask(t, passwords.second, 'GET', 'key'), '"value"');
    const dump = JSON.stringify(await envoy.configDump());
    assert.deepEqual(values.filter((value) => dump.includes(value)), []);
    await envoy.child.end('SIGKILL');
    const next = await subject.startEnvoy(t);
    await next.untilLive();
    assert.equal(await subject.ask(t, passwords.second, 'GET', 'key'), '"value"');
  });

  test('of servers are those of an ACL user, of one server alone, and change with their secret', async (t) => {
    const subject = await start(t);
    const [server, other] = [await startGuarded(t, passwords.server), await startGuarded(t, passwords['server-next'])];
    const acl = await startGuarded(t, 'nobody-knows');
    await acl.direct.ask('ACL', 'SETUSER', 'envoy', 'on', `>${passwords.server}`, '~*', '+@all');
    await subject.setPassword('server', passwords.server);
    await subject.setPassword('other', passwords['server-next']);
    const auth = (secret: string, username?: string) => ({ username, password: { secret } });
    await subject.call('PUT', 'clusters/two', {
      prefix: 'two:',
      endpoints: [endpointOf(server), { ...endpointOf(other), upstream_auth: auth('other') }],
      upstream_auth: auth('server'),
    });
    await subject.call('PUT', 'clusters/acl', { endpoints: [endpointOf(acl)], upstream_auth: auth('server', 'envoy') });
    await subject.call('PUT', 'listeners/redis_listener', { catch_all: 'acl' });
    await subject.call('POST', 'commit', {});
    const envoy = await subject.startEnvoy(t);
    await envoy.untilLive();
    const redis = await connectRedis(t, subject.listenerPort);
    assert.equal(await redis.ask('GET', 'key'), '"value"');
    for (let round = 0; round < 4; round += 1) assert.equal(await redis.ask('SET', `two:${round}`, 'x'), 'OK');
    const seen = await Promise.all([server, other].map(({ direct }) => direct.ask('DBSIZE')));
    assert.ok(seen.every((count) => count !== '(integer) 1'), seen.join());

    await acl.direct.ask('ACL', 'SETUSER', 'envoy', `>${passwords['server-next']}`, `<${passwords.server}`);
    await acl.direct.ask('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    await server.direct.ask('CONFIG', 'SET', 'requirepass', passwords['server-next']);
    await subject.setPassword('server', passwords['server-next']);
    const { resources } = await subject.call('POST', 'plan', {});
    assert.deepEqual(resources, [{ group: '', kind: 'cluster', added: [], changed: ['acl', 'two'], removed: [] }]);
    await subject.commit();
    await waitUntil('the new password is used', async () => (await redis.ask('GET', 'key')) === '"value"');
    assert.deepEqual([...(await envoy.stats('update_rejected$')).values()].filter((count) => count > 0), []);
  });

  test('go to replicas, to checks of servers, and to a Redis Cluster', async (t) => {
    const subject = await start(t);
    const [primary, replica] = [await startGuarded(t, passwords.server), await startGuarded(t, passwords.server)];
    await replica.direct.ask('CONFIG', 'SET', 'masterauth', passwords.server);
    await replica.direct.ask('REPLICAOF', primary.address, `${primary.port}`);
    await waitUntil('it replicates', async () => (await replica.direct.ask('ROLE')).includes('"connected"'));
    const nodes = await startRedisCluster(t);
    for (const { direct } of nodes) await direct.ask('CONFIG', 'SET', 'requirepass', passwords['server-next']);
    await subject.setPassword('server', passwords.server);
    await subject.setPassword('nodes', passwords['server-next']);
    await subject.call('PUT', 'clusters/group', {
      kind: 'replicated',
      prefix: 'group:',
      primary: `${primary.address}:${primary.port}`,
      endpoints: [endpointOf(primary), endpointOf(replica)],
      reads: 'replica',
      health_check: { interval: '200ms' },
      upstream_auth: { password: { secret: 'server' } },
    });
    await subject.call('PUT', 'clusters/nodes', {
      kind: 'redis_cluster',
      endpoints: nodes.map(endpointOf),
      upstream_auth: { password: { secret: 'nodes' } },
    });
    await subject.call('PUT', 'listeners/redis_listener', { catch_all: 'nodes' });
    await subject.call('POST', 'commit', {});
    const envoy = await subject.startEnvoy(t);
    await envoy.untilLive();
    const redis = await connectRedis(t, subject.listenerPort);
    const keys = Array.from({ length: 30 }, (_, index) => `${index}`);
    await waitUntil('the nodes are known', async () => (await redis.ask('SET', 'first', 'x')) === 'OK');
    for (const key of keys) assert.equal(await redis.ask('SET', key, 'value'), 'OK');
    assert.equal(await redis.ask('SET', 'group:key', 'value'), 'OK');
    await waitUntil('the replica has it', async () => (await replica.direct.ask('GET', 'group:key')) === '"value"');
    assert.equal(await redis.ask('GET', 'group:key'), '"value"');
    await waitUntil('the servers are checked', async () => {
      const checks = await envoy.stats('^cluster\\.group.*health_check\\.success$');
      return checks.size > 0 && [...checks.values()].every((count) => count > 2);
    });
    const failures = await envoy.stats('^cluster\\.group.*health_check\\.failure$');
    assert.deepEqual([...failures.values()].filter((count) => count > 0), []);
  });

  for (const version of envoyReleases) {
    test(`and private keys are nowhere in clear in what Envoy ${version} shows of its configuration`, async (t) => {
      const subject = await start(t);
      for (const [name, value] of Object.entries(passwords)) await subject.setPassword(name, value);
      const pair = makePair({ name: 'edge' });
      await subject.call('PUT', 'secrets/edge', { kind: 'certificate', ...pair });
      const [server, own] = [await startGuarded(t, passwords.server), await startGuarded(t, passwords['server-next'])];
      await subject.call('PUT', 'clusters/c', {
        endpoints: [endpointOf(server), { ...endpointOf(own), upstream_auth: { password: { secret: 'server-next' } } }],
        upstream_auth: { password: { secret: 'server' } },
      });
      await subject.setAuth('first', 'second');
      const tls = { certificate: { secret: 'edge' } };
      const auth = { passwords: [{ secret: 'second' }] };
      await subject.call('PUT', 'listeners/tls', { address: `127.0.0.1:${await freePort()}`, catch_all: 'c', tls, auth });
      await subject.call('POST', 'commit', {});
      const envoy = await subject.startEnvoy(t, version);
      await envoy.untilLive();

      const dump = JSON.stringify(await envoy.configDump());
      for (const there of ['EndpointsConfigDump', 'SecretsConfigDump', '"name":"tls"', `"port_value":${own.port}`, '[redacted]']) {
        assert.ok(dump.includes(there), there);
      }
      const keyLines = pair.key.trim().split('\n').slice(1, -1);
      const secrets = [...values, ...keyLines];
      const spelled = [...secrets, ...secrets.map((secret) => Buffer.from(secret).toString('base64'))];
      assert.deepEqual(spelled.filter((secret) => dump.includes(secret)), []);
    });
  }

  test('and private keys are nowhere in clear: on disk, in backups, logs, answers, metrics, output of commands', async (t) => {
    const subject = await start(t);
    const { api, child, place } = subject.controlPlane;
    for (const [name, value] of Object.entries(passwords)) await subject.setPassword(name, value);
    const [pair, other] = [makePair({ name: 'edge' }), makePair({ name: 'other' })];
    const keyLines = [pair.key, other.key].flatMap((key) => key.trim().split('\n').slice(1, -1));
    await subject.call('PUT', 'secrets/edge', { kind: 'certificate', ...pair });
    const tls = { certificate: { secret: 'edge' } };
    await subject.call('PUT', 'listeners/tls', { address: '127.0.0.1:6999', catch_all: 'c', tls });
    const refusals: string[] = [];
    for (const body of [
      { kind: 'password', value: { text: passwords.first } },
      { kind: 'certificate', chain: pair.chain, key: other.key },
      { kind: 'certificate', chain: pair.key, key: pair.key },
      { kind: 'ca', value: pair.key },
    ]) {
      const headers = { 'Content-Type': 'application/json' };
      const refused = await fetch(`http://${api}/api/v2/secrets/x`, { method: 'PUT', headers, body: JSON.stringify(body) });
      assert.equal(refused.status, 422);
      refusals.push(await refused.text());
    }
    const auth = { password: { secret: 'server' } };
    await subject.call('PUT', 'clusters/c', { endpoints: [{ address: '127.0.0.1', port: 1 }], upstream_auth: auth });
    await subject.setAuth('first', 'second');
    await subject.call('POST', 'commit', {});
    await subject.setPassword('server', passwords['server-next']);
    await subject.call('PUT', 'secrets/edge', { kind: 'certificate', ...other });
    const paths = ['diff', 'staged', 'log', 'config', 'secrets', 'secrets/first', 'secrets/edge', 'revisions/1', 'clients'];
    for (const path of paths) {
      await subject.call('GET', path);
    }
    await subject.call('POST', 'plan', {});
    const backup = join(await tempDir(t), 'backup.db');
    const outputs = [];
    for (const words of [['backup', backup], ['secret', 'list'], ['secret', 'get', 'first', '-o', 'json'], ['export'], ['diff'], ['show', '1', '-o', 'yaml']]) {
      const { stdout, stderr } = await runCli([...words, '--api', api]);
      assert.deepEqual([stdout === '', stderr], [false, ''], words.join(' '));
      outputs.push(stdout, stderr);
    }
    const metrics = await (await fetch(`http://${api}/metrics`)).text();
    const files = await Promise.all(
      [backup, ...(await readdir(place.dataDir)).map((name) => join(place.dataDir, name))].map((path) => readFile(path, 'latin1')),
    );
    const texts = [...refusals, ...subject.answers, ...outputs, metrics, ...files, child.output];
    assert.ok(child.output.includes('/api/v2/secrets/first') && files.length >= 3);
    const leaks = [...values, ...keyLines].flatMap((value) => texts.filter((text) => text.includes(value)).map((text) => text.slice(0, 200)));
    assert.deepEqual(leaks, []);
    assert.equal((await runCommand('grep', ['-rl', passwords.first, place.dataDir])).status, 1);
  });
});
