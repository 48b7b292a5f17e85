// A server drained, restarted and taken back under load, through a real Envoy with two workers: no command is lost.

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';

import { runInProcess } from '../cli/canned-api.ts';
import { moveToLoopback, readBootstrap } from '../support/bootstrap.ts';
import { startControlPlane } from '../support/controlplane.ts';
import type { ControlPlane } from '../support/controlplane.ts';
import { startEnvoy } from '../support/envoy.ts';
import type { Envoy } from '../support/envoy.ts';
import { freePort } from '../support/free-port.ts';
import { startRedis } from '../support/redis-server.ts';
import type { RedisServer } from '../support/redis-server.ts';
import { connectRedis } from '../support/resp-client.ts';
import type { RespClient } from '../support/resp-client.ts';
import type { Finished } from '../support/run-command.ts';
import { waitUntil } from '../support/wait-until.ts';

interface Setting {
  readonly controlPlane: ControlPlane;
  readonly envoy: Envoy;
  readonly servers: RedisServer[];
  readonly connect: () => Promise<RespClient>;
  /** A connection to one of the servers, through the TCP listener. */
  readonly pin: () => Promise<RespClient>;
  /** An order that is to end with 0; gives what it printed. */
  readonly order: (...words: readonly string[]) => Promise<string>;
  readonly run: (...words: readonly string[]) => Promise<Finished>;
}

/** One plain cluster `carts`, and two listeners for it. */
async function start(t: TestContext, count: number): Promise<Setting> {
  const servers = await Promise.all(Array.from({ length: count }, () => startRedis(t)));
  const listener = await freePort();
  const controlPlane = await startControlPlane(t);
  const put = async (path: string, body: object): Promise<void> => {
    const request = { method: 'PUT', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
    const response = await fetch(`http://${controlPlane.api}/api/v2/${path}`, request);
    assert.ok(response.ok, await response.text());
  };
  await put('clusters/carts', { endpoints: servers.map(({ address, port }) => ({ address, port })) });
  const pinned = await freePort();
  await put('listeners/redis', { address: `127.0.0.1:${listener}`, catch_all: 'carts', op_timeout: '30s' });
  await put('listeners/pinned', { kind: 'tcp', address: `127.0.0.1:${pinned}`, cluster: 'carts' });
  const run = (...words: readonly string[]): Promise<Finished> => runInProcess([...words, '--api', controlPlane.api]);
  const order = async (...words: readonly string[]): Promise<string> => {
    const { status, stdout, stderr } = await run(...words);
    assert.equal(status, 0, `${words.join(' ')}: ${stdout}${stderr}`);
    return stdout;
  };
  const ports = { admin: await freePort(), xds: controlPlane.place.xdsPort };
  const bootstrap = moveToLoopback(await readBootstrap('envoy/redis-v3-ads.yaml'), ports);
  const envoy = await startEnvoy(t, bootstrap, { concurrency: 2 });
  await envoy.untilStreams('open');
  await order('commit', '--wait', '20s');
  const connectTo = (port: number) => (): Promise<RespClient> => {
    return waitUntil('the listener is there', () => connectRedis(t, port));
  };
  return { controlPlane, envoy, servers, connect: connectTo(listener), pin: connectTo(pinned), order, run };
}

const nameOf = ({ address, port }: RedisServer): string => `${address}:${port}`;

/** How many commands it has run of those that come through Envoy. */
async function callsOf({ direct }: RedisServer, command: string): Promise<number> {
  const stats = await direct.ask('INFO', 'commandstats');
  return Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`, 'u').exec(stats)?.[1] ?? 0);
}

/** Commands on each connection, one after the other, until it is stopped; gives how many, and each wrong answer. */
function load(clients: readonly RespClient[]): { stop: () => Promise<{ count: number; wrong: string[] }> } {
  let isOver = false;
  let count = 0;
  const wrong: string[] = [];
  const runs = clients.map(async (client, index) => {
    for (let number = 0; !isOver; number += 1) {
      const reply = await client.ask('SET', `key-${index}-${number % 100}`, 'value').catch((error: Error) => error.message);
      count += 1;
      if (reply !== 'OK') wrong.push(reply);
      await sleep(1);
    }
  });
  return {
    stop: async () => {
      isOver = true;
      await Promise.all(runs);
      return { count, wrong };
    },
  };
}

describe('a drain', () => {
  test('of each server in turn, with a restart in between, loses no command', async (t) => {
    const { servers, envoy, connect, order } = await start(t, 3);
    const clients = await Promise.all(Array.from({ length: 8 }, connect));
    const running = load(clients);
    for (const [index, server] of servers.entries()) {
      const drained = await order('drain', 'carts', nameOf(server), '-m', 'restart', '--wait', '30s');
      assert.match(drained, /: drained \(restart\): 1 of 1 Envoys have taken it, nothing is unanswered after /u);
      await envoy.untilHosts('carts', servers.filter((other) => other !== server).map(nameOf));
      server.direct.close();
      await server.child.end('SIGTERM');
      const again = await startRedis(t, server.port);
      servers[index] = again;
      assert.match(await order('undrain', 'carts', nameOf(server)), /: undrained: 1 of 1 Envoys have taken it/u);
      await waitUntil('it is used again', async () => (await callsOf(again, 'set')) > 0);
    }
    const { count, wrong } = await running.stop();
    assert.deepEqual(wrong, []);
    assert.ok(count > 500, `${count} commands`);
    assert.equal((await order('status')).includes('drained:'), false);
  });

  test('waits for commands that are blocked, and sends no other meanwhile', async (t) => {
    const { servers, connect, order, run } = await start(t, 2);
    const [server] = servers;
    assert.ok(server !== undefined);
    const client = await connect();
    await server.direct.ask('CLIENT', 'PAUSE', '60000', 'WRITE');
    const blocked = Promise.all(['a', 'b', 'c', 'd'].map((key) => client.ask('SET', key, 'value')));
    await waitUntil('it has some of them', async () => / flags=b /u.test(await server.direct.ask('CLIENT', 'LIST')));
    const early = await run('drain', 'carts', nameOf(server), '--wait', '1s');
    assert.equal(early.status, 3, early.stdout);
    assert.match(early.stdout, /: drain is in force: 1 of 1 Envoys have taken it/u);
    assert.match(early.stdout, /^still in use: 1 connection from 127\.0\.0\.1, 1 of them .*last commands: set\)$/mu);
    const second = await connect();
    for (let index = 0; index < 20; index += 1) assert.equal(await second.ask('GET', `key-${index}`), '(nil)');
    assert.equal(await callsOf(server, 'get'), 0);
    const waiting = order('drain', 'carts', nameOf(server), '--wait', '30s');
    await sleep(300);
    await server.direct.ask('CLIENT', 'UNPAUSE');
    assert.deepEqual(await blocked, ['OK', 'OK', 'OK', 'OK']);
    assert.match(await waiting, /: it was so already, drained: 1 of 1 Envoys have taken it, nothing is unanswered/u);
  });

  test('leaves connections of a TCP listener where they are, and waits while they are in use', async (t) => {
    const { servers, pin, order, run } = await start(t, 2);
    const client = await pin();
    const blocked = client.ask('BLPOP', 'queue', '0');
    const holder = await waitUntil('one of both is asked', async () => {
      for (const each of servers) if (/ flags=b /u.test(await each.direct.ask('CLIENT', 'LIST'))) return each;
      return undefined;
    });
    const early = await run('drain', 'carts', nameOf(holder), '--wait', '1s');
    assert.equal(early.status, 3, early.stdout);
    assert.match(early.stdout, /^still in use: 1 connection from 127\.0\.0\.1, 1 of them .*last commands: blpop\)$/mu);
    const waiting = order('drain', 'carts', nameOf(holder), '--wait', '30s');
    await holder.direct.ask('RPUSH', 'queue', 'element');
    assert.equal(await blocked, '1) "queue"\n2) "element"');
    await waiting;
    assert.equal(await client.ask('PING'), 'PONG');
    const other = await pin();
    await other.ask('SET', 'key', 'value');
    assert.equal(await callsOf(holder, 'set'), 0);
  });

  test('waits for a server that does not answer anybody', async (t) => {
    const { servers, connect, order } = await start(t, 2);
    const [server] = servers;
    assert.ok(server !== undefined);
    const client = await connect();
    server.child.signal('SIGSTOP');
    const replies = Promise.all(['a', 'b', 'c', 'd'].map((key) => client.ask('SET', key, 'value')));
    let isAwake = false;
    setTimeout(() => {
      isAwake = true;
      server.child.signal('SIGCONT');
    }, 2_500);
    await order('drain', 'carts', nameOf(server), '--wait', '30s');
    assert.equal(isAwake, true);
    assert.deepEqual(await replies, ['OK', 'OK', 'OK', 'OK']);
  });

  test('says that it can\'t be seen where the server lets nobody ask', async (t) => {
    const { servers, run } = await start(t, 2);
    const [server] = servers;
    assert.ok(server !== undefined);
    await server.direct.ask('ACL', 'SETUSER', 'default', '-client|list');
    const { status, stdout } = await run('drain', 'carts', nameOf(server), '--wait', '5s');
    assert.equal(status, 3);
    assert.match(stdout, /^whether it still answers commands can't be seen: .*NOPERM/mu);
  });
});

test('an order outlives kill -9, and Envoys that come back are given what it leaves', async (t) => {
  const { controlPlane, envoy, servers, order, run } = await start(t, 3);
  const [server, ...others] = servers;
  assert.ok(server !== undefined);
  // Nothing of what is staged goes out by it.
  await order('cluster', 'add', 'staged');
  await order('disable', 'carts', nameOf(server), '-m', 'broken disk');
  await controlPlane.kill();
  await controlPlane.comeBack();
  await envoy.untilStreams('open');
  await envoy.untilHosts('carts', others.map(nameOf));
  const list = (await run('endpoint', 'list', 'carts')).stdout;
  assert.match(list, new RegExp(`^disabled: ${nameOf(server)} of cluster carts since \\S+ by ann \\(broken disk\\)$`, 'mu'));
  assert.match((await run('status')).stdout, /^disabled: .*\(broken disk\)$/mu);
  assert.equal((await envoy.clusters()).includes('staged'), false);
  await order('enable', 'carts', nameOf(server), '--at-least', '1');
  await envoy.untilHosts('carts', servers.map(nameOf));
  assert.match((await run('drain', 'staged', nameOf(server))).stderr, /cluster "staged": is not committed/u);
});
