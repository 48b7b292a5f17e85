// Promotions through real Envoys under load: a switchover loses no write that was acknowledged, a dead primary is
// replaced, and the one that returns is made to follow before anything is sent to it.

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';

import type { FailoversMessage, PromotionMessage } from '../../src/api/v2/messages.ts';
import { runInProcess } from '../cli/canned-api.ts';
import { ask, infoOf, nameOf, roleOf, startGroup } from '../failover/redis-group.ts';
import { moveToLoopback, readBootstrap } from '../support/bootstrap.ts';
import { startControlPlane } from '../support/controlplane.ts';
import type { ControlPlane } from '../support/controlplane.ts';
import { startEnvoy } from '../support/envoy.ts';
import type { Envoy } from '../support/envoy.ts';
import { freePort } from '../support/free-port.ts';
import { startRedis } from '../support/redis-server.ts';
import type { RedisServer } from '../support/redis-server.ts';
import { startWatchedGroup } from '../support/redis-sentinel.ts';
import { connectRedis } from '../support/resp-client.ts';
import type { RespClient } from '../support/resp-client.ts';
import type { Finished } from '../support/run-command.ts';
import { waitUntil } from '../support/wait-until.ts';

interface Setting {
  readonly controlPlane: ControlPlane;
  readonly servers: RedisServer[];
  readonly envoys: readonly Envoy[];
  /** Through the first Envoy, and the others in turn. */
  readonly connect: (index?: number) => Promise<RespClient>;
  readonly run: (...words: readonly string[]) => Promise<Finished>;
  readonly promotions: () => Promise<readonly PromotionMessage[]>;
}

/** A replicated cluster `sessions`, the first server its primary, behind two Envoys. */
async function start(t: TestContext, failover: object, replicas = 2): Promise<Setting> {
  return declare(t, failover, await startGroup(t, replicas));
}

async function declare(t: TestContext, failover: object, servers: RedisServer[]): Promise<Setting> {
  const controlPlane = await startControlPlane(t);
  const url = `http://${controlPlane.api}/api/v2`;
  const put = async (path: string, body: object): Promise<void> => {
    const request = { method: 'PUT', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
    const response = await fetch(`${url}/${path}`, request);
    assert.ok(response.ok, await response.text());
  };
  const endpoints = servers.map(({ address, port }) => ({ address, port }));
  const watch = { interval: '100ms', timeout: '200ms', down_after: 2 };
  const [first] = servers;
  assert.ok(first !== undefined);
  await put('clusters/sessions', { kind: 'replicated', primary: nameOf(first), endpoints, watch, failover });
  // Each Envoy gets a listener of its own, by its node group.
  const ports = [await freePort(), await freePort()];
  await Promise.all(ports.map((port, index) => put(`listeners/redis-${index}`, {
    address: `127.0.0.1:${port}`, catch_all: 'sessions', op_timeout: '30s', groups: [`group-${index}`],
  })));
  const run = (...words: readonly string[]): Promise<Finished> => runInProcess([...words, '--api', controlPlane.api]);
  const envoys: Envoy[] = [];
  for (const index of ports.keys()) {
    const places = { admin: await freePort(), xds: controlPlane.place.xdsPort };
    const bootstrap = moveToLoopback(await readBootstrap('envoy/redis-v3-ads.yaml'), places);
    const node = { id: `envoy-${index}`, cluster: `group-${index}` };
    const envoy = await startEnvoy(t, { ...bootstrap, node }, { concurrency: 2 });
    await envoy.untilStreams('open');
    envoys.push(envoy);
  }
  const committed = await run('commit', '--wait', '20s');
  assert.equal(committed.status, 0, committed.stdout + committed.stderr);
  return {
    ...{ controlPlane, servers, envoys, run },
    connect: (index = 0) => waitUntil('the listener is there', () => connectRedis(t, ports[index % ports.length] ?? 0)),
    promotions: async () => {
      const answer = (await (await fetch(`${url}/failovers`)).json()) as FailoversMessage;
      return answer.promotions;
    },
  };
}

/** Unique keys on each connection, until it is stopped; gives those that were acknowledged, and each other answer. */
function load(clients: readonly RespClient[]): { stop: () => Promise<{ acked: string[]; wrong: string[] }> } {
  let isOver = false;
  const acked: string[] = [];
  const wrong: string[] = [];
  const runs = clients.map(async (client, index) => {
    for (let number = 0; !isOver; number += 1) {
      const key = `key-${index}-${number}`;
      const reply = await client.ask('SET', key, 'value').catch((error: Error) => error.message);
      if (reply === 'OK') acked.push(key);
      else wrong.push(reply);
      await sleep(5);
    }
  });
  return {
    stop: async () => {
      isOver = true;
      await Promise.all(runs);
      return { acked, wrong };
    },
  };
}

async function lostOf(primary: RedisServer, keys: readonly string[]): Promise<string[]> {
  const lost: string[] = [];
  for (const key of keys) if ((await ask(primary, 'EXISTS', key)) !== 1) lost.push(key);
  return lost;
}

async function primaryOf(servers: readonly RedisServer[]): Promise<RedisServer> {
  const roles = await Promise.all(servers.map(async (server) => [server, await roleOf(server)] as const));
  const primaries = roles.filter(([, role]) => role === 'master').map(([server]) => server);
  const [primary] = primaries;
  assert.ok(primary !== undefined && primaries.length === 1, `${primaries.length} primaries`);
  return primary;
}

describe('a switchover under load', () => {
  for (const replicas of [1, 2]) {
    test(`loses no acknowledged write, there and back, with ${replicas} replicas`, async (t) => {
      const { servers, run, connect } = await start(t, { by: 'none' }, replicas);
      const clients = await Promise.all(Array.from({ length: 8 }, (_, index) => connect(index)));
      const running = load(clients);
      await sleep(500);
      for (let round = 0; round < 3; round += 1) {
        const before = await primaryOf(servers);
        const { status, stdout, stderr } = await run('switchover', 'sessions');
        assert.equal(status, 0, stdout + stderr);
        assert.match(stdout, /: done\n/u);
        assert.notEqual(nameOf(await primaryOf(servers)), nameOf(before));
        await sleep(300);
      }
      const { acked, wrong } = await running.stop();
      const primary = await primaryOf(servers);
      assert.deepEqual(await lostOf(primary, acked), []);
      assert.ok(acked.length > 500, `${acked.length} writes`);
      // What was under way then is refused, and was not executed.
      const odd = wrong.filter((reply) => !/READONLY|upstream failure/u.test(reply));
      assert.deepEqual(odd, []);
    });
  }
});

describe('a control plane that is killed', () => {
  for (const afterMs of [15, 30, 40, 55]) {
    test(`${afterMs} ms after a switchover was told loses no acknowledged write, and leaves one primary`, async (t) => {
      const { servers, controlPlane, connect, promotions } = await start(t, { by: 'none' });
      const clients = await Promise.all(Array.from({ length: 4 }, (_, index) => connect(index)));
      const running = load(clients);
      await sleep(200);
      const url = `http://${controlPlane.api}/api/v2/clusters/sessions/failover`;
      const headers = { 'content-type': 'application/json' };
      const told = fetch(url, { method: 'POST', headers, body: '{"action":"switchover"}' }).catch(() => undefined);
      await sleep(afterMs);
      await controlPlane.kill();
      await told;
      await controlPlane.comeBack();
      await waitUntil('it is over', async () => {
        const [last] = await promotions();
        return last === undefined || ((last.step === 'done' || last.step === 'aborted') && last.pending.length === 0);
      });
      await waitUntil('writes go on', async () => (await (await connect()).ask('SET', 'a', 'b')) === 'OK');
      const { acked } = await running.stop();
      const primary = await primaryOf(servers);
      assert.deepEqual(await lostOf(primary, acked), []);
      const [last] = await promotions();
      t.diagnostic(`${last?.step ?? 'nothing kept'}: ${last?.steps.map(({ step }) => step).join(' ') ?? ''}`);
      assert.equal(nameOf(primary), last === undefined || last.step === 'aborted' ? nameOf(servers[0] as RedisServer) : last.to);
    });
  }
});

describe('a primary that dies', () => {
  test('is replaced; when it returns it follows before anything is sent to it', async (t) => {
    const { servers, run, connect, promotions, envoys } = await start(t, { by: 'controlplane', down_after: '1s' });
    const [old] = servers;
    assert.ok(old !== undefined);
    const client = await connect();
    assert.equal(await client.ask('SET', 'kept', '1'), 'OK');
    await waitUntil('a replica has it', async () => (await ask(servers[1] as RedisServer, 'GET', 'kept')) === '1');
    old.direct.close();
    await old.child.end('SIGKILL');
    await waitUntil('another one takes writes', async () => (await client.ask('SET', 'after', '2')) === 'OK');
    const [made] = await promotions();
    assert.equal(made?.kind, 'failover');
    const others = servers.slice(1);
    const primary = await primaryOf(others);
    assert.equal(await ask(primary, 'GET', 'kept'), '1');
    await waitUntil('it is over', async () => (await promotions())[0]?.step === 'done');
    assert.deepEqual((await promotions())[0]?.pending, [nameOf(old)]);
    // It comes back empty, as a primary.
    const again = await startRedis(t, old.port);
    await waitUntil('it follows', async () => (await infoOf(again, 'role')) === 'slave');
    assert.equal(await infoOf(again, 'master_port'), `${primary.port}`);
    await waitUntil('nothing is pending', async () => (await promotions())[0]?.pending.length === 0);
    assert.equal(await client.ask('GET', 'kept'), '"1"');
    for (const envoy of envoys) await envoy.untilHosts('sessions', [nameOf(primary)]);
    // Within the cool-down no other one follows, until it is acknowledged.
    await waitUntil('it has all', async () => (await ask(again, 'GET', 'kept')) === '1');
    await primary.child.end('SIGKILL');
    await waitUntil('it is said', async () => (await run('status')).stdout.includes('failover ack'));
    assert.equal((await promotions()).length, 1);
    assert.match((await run('failover', 'ack', 'sessions')).stdout, /acknowledged/u);
    await waitUntil('another one takes writes', async () => (await client.ask('SET', 'again', '3')) === 'OK');
  });

  test('in name only, while replicas are linked to it, stays', async (t) => {
    const { servers, promotions, run, connect } = await start(t, { by: 'controlplane', down_after: '1s' }, 1);
    const [primary] = servers as [RedisServer];
    const client = await connect();
    const { pid } = primary.child;
    assert.ok(pid !== undefined);
    // It hangs: its replica goes on to hold its connection.
    process.kill(pid, 'SIGSTOP');
    await waitUntil('it is said', async () => (await run('status')).stdout.includes('still linked to'));
    process.kill(pid, 'SIGCONT');
    assert.deepEqual(await promotions(), []);
    await waitUntil('writes go on', async () => (await client.ask('SET', 'a', 'b')) === 'OK');
  });
});

describe('where Sentinels watch', () => {
  test('a switchover is made by one of them, and followed', async (t) => {
    const { primary, replicas, sentinels } = await startWatchedGroup(t);
    const servers = [primary, ...replicas];
    const failover = { by: 'sentinel', master: 'mymaster', sentinels: sentinels.map(({ address }) => address) };
    const { run, connect } = await declare(t, failover, servers);
    const client = await connect();
    assert.equal(await client.ask('SET', 'a', '1'), 'OK');
    const { status, stdout, stderr } = await run('switchover', 'sessions');
    assert.equal(status, 0, stdout + stderr);
    const next = await waitUntil('there is one primary', () => primaryOf(servers));
    assert.notEqual(nameOf(next), nameOf(primary));
    await waitUntil('it takes writes', async () => (await client.ask('SET', 'a', '2')) === 'OK');
    const [refused, chosen] = [await run('promote', 'sessions', nameOf(primary)), await run('switchover', 'sessions', '--to', nameOf(primary))];
    assert.match(refused.stderr, /Sentinels promote for "mymaster": use switchover/u);
    assert.match(chosen.stderr, /Sentinels choose themselves/u);
  });

  test('and failover is not by them, nothing is promoted', async (t) => {
    const { primary, replicas } = await startWatchedGroup(t);
    const { run, promotions } = await declare(t, { by: 'controlplane', down_after: '1s' }, [primary, ...replicas]);
    for (const words of [['switchover', 'sessions'], ['promote', 'sessions', nameOf(replicas[0] as RedisServer), '--force']]) {
      const { status, stderr } = await run(...words);
      assert.equal(status, 1);
      assert.match(stderr, /Sentinels watch it, and would undo it/u);
    }
    assert.deepEqual(await promotions(), []);
  });
});
