// Listeners of all kinds at once, behind a real Envoy, real Redis servers and an HTTP server.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';

import { envoyReleases } from '../support/envoy.ts';
import { freePort } from '../support/free-port.ts';
import { startRedis } from '../support/redis-server.ts';
import type { RedisServer } from '../support/redis-server.ts';
import { parseReply, showReply } from '../support/resp.ts';
import type { RespClient } from '../support/resp-client.ts';
import { waitUntil } from '../support/wait-until.ts';
import { startDeclaredEnvoy } from './declared-envoy.ts';
import type { DeclaredEnvoy } from './declared-envoy.ts';

const noUpstreamHost = '(error) no upstream host';

function endpointOf({ address, port }: { address: string; port: number }): { address: string; port: number } {
  return { address, port };
}

/** Servers that know their names. */
async function startNamed(t: TestContext, ...names: readonly string[]): Promise<RedisServer[]> {
  return Promise.all(
    names.map(async (name) => {
      const server = await startRedis(t);
      await server.direct.ask('SET', 'name', name);
      return server;
    }),
  );
}

function at(port: number): string {
  return `127.0.0.1:${port}`;
}

function tcpAt(port: number): object {
  return { name: 'tcp', kind: 'tcp', address: at(port) };
}

function webAt(port: number): object {
  return { name: 'web', kind: 'http', address: at(port) };
}

/** Says what it was asked for. */
async function startWeb(t: TestContext): Promise<Server> {
  const web = createServer((request, response) => response.end(`${request.url}`));
  web.listen(0, '127.0.0.1');
  await once(web, 'listening');
  t.after(() => {
    web.close();
    web.closeAllConnections();
  });
  return web;
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

/** All that comes on a connection of its own that sends one command, in the order in which it comes. */
function listenTo(t: TestContext, port: number, command: string): string[] {
  const heard: string[] = [];
  let received = Buffer.alloc(0);
  const socket = connect({ host: '127.0.0.1', port });
  t.after(() => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    for (let parsed = parseReply(received); parsed !== undefined; parsed = parseReply(received)) {
      heard.push(showReply(parsed.reply));
      received = received.subarray(parsed.length);
    }
  });
  socket.write(`${command}\r\n`);
  return heard;
}

async function get(port: number, path: string): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`);
  return `${response.status} ${await response.text()}`;
}

for (const [version, way] of [
  ['1.40.0', 'ads'],
  ['1.40.0', 'delta-ads'],
  ['1.40.0', 'streams'],
  ['1.40.0', 'delta-streams'],
  ['1.36.2', 'ads'],
] as const) {
  test(`Envoy ${version}, ${way}: listeners of all kinds, that come, change and go`, async (t) => {
    const [first, second] = await startNamed(t, 'first', 'second');
    assert.ok(first !== undefined && second !== undefined);
    const web = await startWeb(t);
    const ports = { list: await freePort(), tcp: await freePort(), web: await freePort(), generic: await freePort() };
    const subject = await startDeclaredEnvoy(t, { way, version });
    const clusters = [
      { name: 'first', prefix: 'one:', endpoints: [endpointOf(first)] },
      { name: 'second', prefix: 'two:', endpoints: [endpointOf(second)] },
      { name: 'web', prefix: '/web/', endpoints: [{ address: '127.0.0.1', port: portOf(web) }] },
    ];
    const listeners = [
      {
        name: 'list',
        address: at(ports.list),
        routes: [
          { prefix: 'cut:', cluster: 'first', remove_prefix: true },
          { prefix: 'cut:not:', cluster: 'second' },
        ],
        catch_all: 'second',
        op_timeout: '1500ms',
        enable_hashtagging: true,
        case_insensitive: true,
      },
      { ...tcpAt(ports.tcp), cluster: 'first', idle_timeout: '90s', max_connect_attempts: 2 },
      {
        ...webAt(ports.web),
        routes: [
          { prefix: '/', cluster: 'web' },
          { prefix: '/cut/', cluster: 'web', remove_prefix: true },
        ],
      },
      { name: 'generic_route', kind: 'http', address: at(ports.generic) },
    ];
    subject.declare({ clusters, listeners });
    await subject.envoy.untilLive();

    const redis = await subject.connect();
    assert.equal(await redis.ask('SET', 'one:k', '1'), 'OK');
    assert.equal(await first.direct.ask('GET', 'one:k'), '"1"');
    assert.equal(await redis.ask('GET', 'name'), noUpstreamHost);

    const list = await subject.connect(ports.list);
    assert.equal(await list.ask('GET', 'CUT:name'), '"first"');
    assert.equal(await list.ask('SET', 'cut:not:k', '2'), 'OK');
    assert.equal(await second.direct.ask('GET', 'cut:not:k'), '"2"');
    assert.equal(await list.ask('GET', 'name'), '"second"');

    const tcp = await subject.connect(ports.tcp);
    assert.equal(await tcp.ask('GET', 'name'), '"first"');

    // The routes come after the listener.
    await waitUntil('HTTP is served', async () => (await get(ports.web, '/')) === '200 /');
    assert.equal(await get(ports.web, '/cut/a?b=c'), '200 /a?b=c');
    assert.equal(await get(ports.web, '/other/a'), '200 /other/a');
    await waitUntil('HTTP is served', async () => (await get(ports.generic, '/web/a')) === '200 /a');
    assert.match(await get(ports.generic, '/nowhere'), /^404/u);

    await subject.untilSynced();
    subject.declare({
      clusters,
      listeners: [
        { name: 'list', address: at(ports.list), catch_all: 'first' },
        { ...webAt(ports.web), routes: [{ prefix: '/a/', cluster: 'web', remove_prefix: true }] },
        { name: 'redis_listener', catch_all: 'second' },
      ],
    });
    await waitUntil('the Redis listener that changed', async () => {
      return (await (await subject.connect(ports.list)).ask('GET', 'name')) === '"first"';
    });
    await waitUntil('the implicit one has a catch-all', async () => {
      return (await (await subject.connect()).ask('GET', 'name')) === '"second"';
    });
    await waitUntil('routes that changed', async () => (await get(ports.web, '/a/b')) === '200 /b');
    await waitUntil('listeners that went', async () => {
      const counts = await subject.envoy.stats('^listener_manager\\.total_listeners_(active|warming)$');
      return [...counts.values()].join() === '3,0';
    });
    await subject.untilSynced();
    await subject.assertAllTaken();
  });
}

interface Pinned {
  readonly subject: DeclaredEnvoy;
  readonly servers: readonly RedisServer[];
  readonly port: number;
  connect(): Promise<RespClient>;
}

/** Two servers behind one TCP listener. */
async function startPinned(t: TestContext, tcp: object = {}, cluster: object = {}): Promise<Pinned> {
  const servers = await startNamed(t, 'first', 'second');
  const port = await freePort();
  const subject = await startDeclaredEnvoy(t);
  subject.declare({
    clusters: [{ name: 'pair', endpoints: servers.map(endpointOf), ...cluster }],
    listeners: [{ ...tcpAt(port), cluster: 'pair', ...tcp }],
  });
  await subject.envoy.untilLive();
  return { subject, servers, port, connect: () => subject.connect(port) };
}

describe('a connection through a TCP listener', () => {
  test('stays with one server, another may have another', async (t) => {
    const { subject, connect: open } = await startPinned(t);
    const connections = await Promise.all(Array.from({ length: 6 }, open));
    const rounds = [];
    for (let round = 0; round < 5; round += 1) {
      rounds.push(await Promise.all(connections.map((each) => each.ask('GET', 'name'))));
    }
    assert.deepEqual(new Set(rounds[0]), new Set(['"first"', '"second"']));
    for (const round of rounds) assert.deepEqual(round, rounds[0]);
    await subject.assertAllTaken();
  });

  test('has transactions with WATCH', async (t) => {
    const { servers, connect: open } = await startPinned(t);
    const redis = await open();
    const own = (await redis.ask('GET', 'name')) === '"first"' ? servers[0] : servers[1];
    assert.ok(own !== undefined);

    assert.equal(await redis.ask('WATCH', 'k'), 'OK');
    assert.equal(await redis.ask('MULTI'), 'OK');
    assert.equal(await redis.ask('SET', 'k', 'mine'), 'QUEUED');
    assert.equal(await own.direct.ask('SET', 'k', 'theirs'), 'OK');
    assert.equal(await redis.ask('EXEC'), '(nil)');
    assert.equal(await own.direct.ask('GET', 'k'), '"theirs"');

    assert.equal(await redis.ask('WATCH', 'k'), 'OK');
    assert.equal(await redis.ask('MULTI'), 'OK');
    assert.equal(await redis.ask('SET', 'k', 'mine'), 'QUEUED');
    assert.match(await redis.ask('EXEC'), /OK/u);
    assert.equal(await own.direct.ask('GET', 'k'), '"mine"');
  });

  test('may wait for an element with BLPOP', async (t) => {
    const { servers, connect: open } = await startPinned(t);
    const redis = await open();
    const popped = redis.ask('BLPOP', 'queue', '0');
    await waitUntil('a server has a client that waits', async () => {
      const infos = await Promise.all(servers.map(({ direct }) => direct.ask('INFO', 'clients')));
      return infos.some((info) => info.includes('blocked_clients:1'));
    });
    for (const { direct } of servers) await direct.ask('RPUSH', 'queue', 'element');
    assert.match(await popped, /"queue"[^"]*"element"/u);
  });

  test('may subscribe, and hears what is published', async (t) => {
    const { servers, port, connect: open } = await startPinned(t);
    await open();
    const heard = listenTo(t, port, 'SUBSCRIBE news');
    await waitUntil('it has subscribed', () => heard.length === 1);
    await Promise.all(servers.map(({ direct }) => direct.ask('PUBLISH', 'news', 'headline')));
    await waitUntil('it hears', () => heard.length === 2);
    assert.match(heard[1] ?? '', /"message"[^"]*"news"[^"]*"headline"/u);
  });

  for (const policy of ['maglev', 'ring_hash']) {
    test(`goes where all of its address go, when it is sticky: ${policy}`, async (t) => {
      const { subject, connect: open } = await startPinned(t, { sticky: 'source_ip' }, { load_balancing: { policy } });
      const connections = await Promise.all(Array.from({ length: 16 }, open));
      const names = await Promise.all(connections.map((each) => each.ask('GET', 'name')));
      assert.equal(new Set(names).size, 1);
      await subject.assertAllTaken();
    });
  }
});

for (const version of envoyReleases) {
  test(`Envoy ${version} lives through MULTI by every Redis listener to a cluster without servers`, async (t) => {
    const ports = { redis: await freePort(), tcp: await freePort(), web: await freePort() };
    const subject = await startDeclaredEnvoy(t, { version });
    subject.declare({
      clusters: [{ name: 'empty', prefix: 'e:' }, { name: 'no-shards', kind: 'sharded', shards: [] }],
      listeners: [
        {
          name: 'redis',
          address: at(ports.redis),
          routes: [{ prefix: 'x', cluster: 'empty', remove_prefix: true }],
          catch_all: 'no-shards',
        },
        { ...tcpAt(ports.tcp), cluster: 'empty' },
        { ...webAt(ports.web), routes: [{ prefix: '/', cluster: 'empty' }] },
      ],
    });
    await subject.envoy.untilLive();
    await subject.untilSynced();
    for (const [port, key] of [
      [subject.redisPort, 'e:1'],
      [ports.redis, 'x1'],
      [ports.redis, 'other'],
      [ports.tcp, 'any'],
    ] as const) {
      for (const end of ['EXEC', 'DISCARD', undefined]) {
        const redis = await subject.connect(port);
        assert.equal(await redis.ask('MULTI'), 'OK');
        assert.equal(await redis.ask('SET', key, 'value'), noUpstreamHost, `${port} ${key}`);
        if (end !== undefined) await redis.ask(end);
        redis.close();
      }
    }
    assert.match(await get(ports.web, '/'), /^50[23] /u);
    await subject.envoy.stats('^server.live$');
    await subject.assertAllTaken();
  });
}
