// Bad days of servers, of the network and of the control plane itself, and what Envoys are given then. docs/bad-days.md
// has a line for each.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import type { HealthMessage, ServerHealthMessage } from '../../src/api/v2/messages.ts';
import { moveToLoopback, readBootstrap } from '../support/bootstrap.ts';
import { checkoutPath } from '../support/checkout.ts';
import { startControlPlane } from '../support/controlplane.ts';
import type { ControlPlane } from '../support/controlplane.ts';
import { startEnvoy } from '../support/envoy.ts';
import { freePort } from '../support/free-port.ts';
import { startRedis } from '../support/redis-server.ts';
import { connectRedis } from '../support/resp-client.ts';
import { waitUntil } from '../support/wait-until.ts';
import { LightFleet } from '../support/xds/light-fleet.ts';
import type { AssignedServer } from '../support/xds/light-fleet.ts';
import { startStandIn } from '../watch/resp-stand-in.ts';
import type { Reaction } from '../watch/resp-stand-in.ts';

const watch = { interval: '100ms', timeout: '500ms', down_after: 2, up_after: 1 };

interface Setting {
  readonly controlPlane: ControlPlane;
  readonly call: (method: string, path: string, body?: object) => Promise<any>;
  /** By server, of all clusters. */
  readonly health: () => Promise<ReadonlyMap<string, ServerHealthMessage>>;
  readonly until: (state: string, ...servers: readonly string[]) => Promise<void>;
}

async function start(t: TestContext, flags: readonly string[] = []): Promise<Setting> {
  const controlPlane = await startControlPlane(t, flags);
  const call = async (method: string, path: string, body?: object): Promise<any> => {
    const response = await fetch(`http://${controlPlane.api}/api/v2/${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    });
    const answer = await response.text();
    assert.ok(response.ok, `${method} ${path}: ${answer}`);
    return JSON.parse(answer);
  };
  const health = async (): Promise<ReadonlyMap<string, ServerHealthMessage>> => {
    const { clusters } = (await call('GET', 'health')) as HealthMessage;
    return new Map(clusters.flatMap(({ servers }) => servers.map((server) => [server.address, server] as const)));
  };
  const until = async (state: string, ...servers: readonly string[]): Promise<void> => {
    await waitUntil(`${servers[0]} and ${servers.length - 1} more are ${state}`, async () => {
      const seen = await health();
      const others = servers.filter((server) => seen.get(server)?.state !== state);
      if (others.length > 0) throw new Error(JSON.stringify(others.map((server) => seen.get(server))));
      return true;
    });
  };
  return { controlPlane, call, health, until };
}

/** Light Envoys that have the cluster as it is published now. */
async function follow(t: TestContext, { controlPlane }: Setting, cluster: string, size: number): Promise<LightFleet> {
  const fleet = new LightFleet(t, `127.0.0.1:${controlPlane.place.xdsPort}`, 3, ['light']);
  await fleet.until(cluster, haveHealthy(size));
  return fleet;
}

function haveHealthy(count: number): (servers: readonly AssignedServer[]) => boolean {
  return (servers) => servers.filter(({ isHealthy }) => isHealthy).length === count;
}

const nameOf = (port: number): string => `127.0.0.1:${port}`;
const endpointsOf = (ports: readonly number[]): object[] => ports.map((port) => ({ address: '127.0.0.1', port }));

const goodAnswers: Readonly<Record<string, Reaction>> = {
  PING: 'PONG',
  ROLE: ['master', 7, []],
  INFO: 'redis_version:7.0.15',
};
const answerWell = (command: string): Reaction => goodAnswers[command];

test('1,000 servers that vanish together stay published, and it is told', async (t) => {
  const size = 100;
  const program = ['--disable-warning=ExperimentalWarning', checkoutPath('bench/responders.ts'), `${10 * size}`];
  const responders = spawn(process.execPath, program, { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => responders.kill('SIGKILL'));
  const [line] = (await once(createInterface(responders.stdout), 'line')) as [string];
  const ports = JSON.parse(line) as number[];
  const setting = await start(t);
  const { call, until } = setting;
  for (let index = 0; index < 10; index += 1) {
    await call('PUT', `clusters/c${index}`, { endpoints: endpointsOf(ports.slice(index * size, (index + 1) * size)) });
  }
  await call('POST', 'commit', {});
  const names = ports.map(nameOf);
  await until('up', ...names);
  const fleet = await follow(t, setting, 'c9', size);
  const before = fleet.responses;
  responders.kill('SIGKILL');
  await until('down', ...names);
  const { warnings } = await call('GET', 'clients?node=nobody');
  const held = warnings.filter(({ code }: any) => code === 'servers-held');
  assert.equal(held.length, 10);
  assert.equal(fleet.responses, before);
});

for (const [what, reaction, reason] of [
  ['garbage', { bytes: '\u0000\u0001{"not": "RESP"}\n' }, /^not-redis: /],
  ['one byte a second', { bytes: '+PONG\r\n', everyMs: 1_000 }, /^timeout: /],
] as const) {
  test(`a server that answers ${what} is left out, and comes back when it answers well`, async (t) => {
    const setting = await start(t);
    const { call, health, until } = setting;
    const [first, second] = [await startRedis(t), await startRedis(t)];
    const standIn = await startStandIn(t, answerWell);
    const ports = [first.port, second.port, standIn.port];
    await call('PUT', 'clusters/c', { endpoints: endpointsOf(ports), watch });
    await call('POST', 'commit', {});
    await until('up', ...ports.map(nameOf));
    const fleet = await follow(t, setting, 'c', 3);
    standIn.answer = () => reaction;
    const faulty = nameOf(standIn.port);
    await fleet.until('c', (servers) => servers.every(({ address, isHealthy }) => isHealthy === (address !== faulty)));
    assert.match((await health()).get(faulty)?.reason ?? '', reason);
    standIn.answer = answerWell;
    await fleet.until('c', (servers) => servers.every(({ isHealthy }) => isHealthy));
  });
}

test('servers that do not let the watcher in any more stay as they are, and it is told', async (t) => {
  const servers = [await startRedis(t), await startRedis(t)];
  for (const { direct } of servers) {
    await direct.ask('ACL', 'SETUSER', 'watcher', 'on', '>pw', '+ping', '+role', '+info');
  }
  const setting = await start(t);
  const { call, health, until } = setting;
  const names = servers.map(({ port }) => nameOf(port));
  await call('PUT', 'secrets/pw', { kind: 'password', value: 'pw' });
  const asWatcher = { ...watch, username: 'watcher', password: { secret: 'pw' } };
  await call('PUT', 'clusters/c', { endpoints: endpointsOf(servers.map(({ port }) => port)), watch: asWatcher });
  await call('POST', 'commit', {});
  await until('up', ...names);
  const fleet = await follow(t, setting, 'c', 2);
  const before = fleet.responses;
  for (const { direct } of servers) {
    await direct.ask('ACL', 'SETUSER', 'watcher', 'resetpass', '>another');
    await direct.ask('CLIENT', 'KILL', 'USER', 'watcher');
  }
  const reasons = async (): Promise<string[]> => Array.from((await health()).values(), ({ reason = '' }) => reason);
  await waitUntil('it is told', async () => (await reasons()).every((reason) => /^auth: WRONGPASS/u.test(reason)));
  // As long as it takes to find a server down, and more.
  await sleep(2_000);
  assert.deepEqual(Array.from((await health()).values(), ({ state }) => state), ['up', 'up']);
  assert.equal(fleet.responses, before);
});

describe('a control plane that', { concurrency: true }, () => {
  test('is stopped for a minute and goes on has seen nothing of it, and Envoys have what they had', async (t) => {
    const servers = [await startRedis(t), await startRedis(t)];
    const listener = await freePort();
    const setting = await start(t, ['--redis-listener', `127.0.0.1:${listener}`]);
    const { controlPlane, call, health, until } = setting;
    const ports = { admin: await freePort(), xds: controlPlane.place.xdsPort };
    const envoy = await startEnvoy(t, moveToLoopback(await readBootstrap('envoy/redis-v3-delta-ads.yaml'), ports));
    const names = servers.map(({ port }) => nameOf(port));
    await call('PUT', 'clusters/c', { endpoints: endpointsOf(servers.map(({ port }) => port)), watch });
    await call('POST', 'commit', {});
    await until('up', ...names);
    await envoy.untilHealthy('c', names);
    const redis = await waitUntil('the Redis listener is there', () => connectRedis(t, listener));
    await waitUntil('it serves', async () => (await redis.ask('SET', 'k', 'v')) === 'OK');
    const before = Array.from((await health()).values(), ({ since }) => since);
    const versionsOf = async (): Promise<unknown> => {
      return JSON.stringify(await envoy.configDump()).match(/"version_info":"[^"]*"/gu);
    };
    const versions = await versionsOf();

    controlPlane.child.signal('SIGSTOP');
    const replies = new Set<string>();
    const endMs = performance.now() + 60_000;
    while (performance.now() < endMs) {
      replies.add(await redis.ask('SET', 'k', 'v'));
      await sleep(20);
    }
    controlPlane.child.signal('SIGCONT');
    await waitUntil('it answers again', health);
    await envoy.untilStreams('open');
    await until('up', ...names);
    // As long as it takes to find a server down, and more.
    await sleep(2_000);
    assert.deepEqual(Array.from((await health()).values(), ({ since }) => since), before);
    assert.deepEqual(await envoy.healthyHosts('c'), names.toSorted());
    assert.deepEqual(await versionsOf(), versions);
    assert.deepEqual([...replies], ['OK']);
  });

  test('has its clock put by an hour publishes nothing for it, and lets servers in as always', async (t) => {
    // By each SIGUSR2 an hour on, by each SIGPIPE an hour back.
    const skew = `
      const now = Date.now;
      let byMs = 0;
      Date.now = () => now() + byMs;
      process.on('SIGUSR2', () => (byMs += 3_600_000)).on('SIGPIPE', () => (byMs -= 3_600_000));
    `;
    process.env['NODE_OPTIONS'] = `--import=data:text/javascript,${encodeURIComponent(skew)}`;
    const setting = await start(t).finally(() => delete process.env['NODE_OPTIONS']);
    const { controlPlane, call, until } = setting;
    const servers = [await startRedis(t), await startRedis(t), await startRedis(t)];
    const names = servers.map(({ port }) => nameOf(port));
    const [first] = servers as [(typeof servers)[0]];
    await call('PUT', 'clusters/c', { endpoints: endpointsOf(servers.map(({ port }) => port)), watch });
    await call('POST', 'commit', {});
    await until('up', ...names);
    const fleet = await follow(t, setting, 'c', 3);
    const before = fleet.responses;
    for (const signal of ['SIGUSR2', 'SIGPIPE', 'SIGPIPE'] as const) {
      controlPlane.child.signal(signal);
      await sleep(1_000);
    }
    assert.equal(fleet.responses, before);

    // Out at one time, and in again at an earlier one; twice, since a return is what the next one waits for.
    for (let times = 0; times < 2; times += 1) {
      first.child.signal('SIGSTOP');
      await fleet.until('c', haveHealthy(2));
      controlPlane.child.signal('SIGPIPE');
      first.child.signal('SIGCONT');
      await fleet.until('c', haveHealthy(3));
    }
  });
});
