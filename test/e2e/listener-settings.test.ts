// What a Redis listener may say beside its routes, behind a real Envoy and real Redis servers: each setting does what
// it is for.

import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';

import { envoyReleases } from '../support/envoy.ts';
import { freePort } from '../support/free-port.ts';
import { startRedis } from '../support/redis-server.ts';
import type { RedisServer } from '../support/redis-server.ts';
import type { RespClient } from '../support/resp-client.ts';
import { waitUntil } from '../support/wait-until.ts';
import { startDeclaredEnvoy } from './declared-envoy.ts';
import type { ConfigText, DeclaredEnvoy, DeclaredEnvoyOptions } from './declared-envoy.ts';

const injected = '(error) Fault Injected: Error';

interface Subject {
  readonly subject: DeclaredEnvoy;
  readonly server: RedisServer;
  readonly other: RedisServer;
  readonly redis: RespClient;
  readonly port: number;
  open(): Promise<RespClient>;
}

/** Clusters `main` and `other` of a server each, `empty` of none, and one Redis listener. */
async function start(t: TestContext, listener: object, options: DeclaredEnvoyOptions = {}): Promise<Subject> {
  const [server, other] = await Promise.all([startRedis(t), startRedis(t)]);
  const port = await freePort();
  const subject = await startDeclaredEnvoy(t, options);
  const clusterOf = (name: string, { address, port: at }: RedisServer) => ({ name, endpoints: [{ address, port: at }] });
  const config: ConfigText = {
    clusters: [clusterOf('main', server), clusterOf('other', other), { name: 'empty' }],
    listeners: [{ name: 'l', address: `127.0.0.1:${port}`, catch_all: 'main', ...listener }],
  };
  subject.declare(config);
  await subject.envoy.untilLive();
  const open = (): Promise<RespClient> => subject.connect(port);
  return { subject, server, other, redis: await open(), port, open };
}

describe('a mirror', () => {
  for (const version of envoyReleases) {
    test(`Envoy ${version}: is sent what the cluster is, or only what writes`, async (t) => {
      const mirrors = [{ cluster: 'other', exclude_reads: true }];
      const { subject, server, other, redis } = await start(t, { catch_all: { cluster: 'main', mirrors } }, { version });
      assert.equal(await redis.ask('SET', 'k', 'value'), 'OK');
      assert.equal(await server.direct.ask('GET', 'k'), '"value"');
      await waitUntil('the mirror has it', async () => (await other.direct.ask('GET', 'k')) === '"value"');
      await other.direct.ask('CONFIG', 'RESETSTAT');
      assert.equal(await redis.ask('GET', 'k'), '"value"');
      assert.equal(await redis.ask('INCR', 'n'), '(integer) 1');
      await waitUntil('the mirror counts', async () => (await other.direct.ask('EXISTS', 'n')) === '(integer) 1');
      const stats = await other.direct.ask('INFO', 'commandstats');
      assert.match(stats, /cmdstat_incr:calls=1,/u);
      assert.doesNotMatch(stats, /cmdstat_get:/u);
      await subject.assertAllTaken();
    });

    test(`Envoy ${version}: lives through MULTI on a route that is mirrored to a cluster without servers`, async (t) => {
      const routes = [{ prefix: 'm:', cluster: 'main', mirrors: [{ cluster: 'empty' }, { cluster: 'other' }] }];
      const { subject, other, open } = await start(t, { routes, catch_all: 'none' }, { version });
      await subject.untilSynced();
      for (const [index, end] of ['EXEC', 'DISCARD', undefined].entries()) {
        const redis = await open();
        assert.equal(await redis.ask('MULTI'), 'OK');
        assert.equal(await redis.ask('SET', `m:${index}`, 'value'), 'QUEUED');
        if (end !== undefined) assert.match(await redis.ask(end), /OK/u);
        redis.close();
      }
      const redis = await open();
      assert.deepEqual([await redis.ask('GET', 'm:0'), await redis.ask('GET', 'm:1')], ['"value"', '(nil)']);
      await waitUntil('the mirror has the transaction', async () => (await other.direct.ask('GET', 'm:0')) === '"value"');
      await subject.envoy.stats('^server.live$');
      await subject.assertAllTaken();
    });
  }

  test('is sent a part of the commands', async (t) => {
    const { other, redis } = await start(t, { catch_all: { cluster: 'main', mirrors: [{ cluster: 'other', percent: 50 }] } });
    const keys = Array.from({ length: 200 }, (_, index) => `k${index}`);
    assert.deepEqual(new Set(await Promise.all(keys.map((key) => redis.ask('SET', key, 'v')))), new Set(['OK']));
    await waitUntil('some are there', async () => Number(digitsOf(await other.direct.ask('DBSIZE'))) > 40);
    assert.ok(Number(digitsOf(await other.direct.ask('DBSIZE'))) < 160);
  });
});

for (const version of envoyReleases) {
  test(`Envoy ${version} formats keys, whatever they hold`, async (t) => {
    const routes = [
      { prefix: 'cut:', cluster: 'main', remove_prefix: true, key_formatter: 't7:{%KEY%}' },
      { prefix: 'twice:', cluster: 'main', key_formatter: '%KEY%/%KEY%' },
    ];
    const { subject, server, redis } = await start(t, { routes }, { version });
    const keys = ['cut:a', 'cut:%', 'cut:%START_TIME%', 'cut:%KEY%', 'cut:100%%', 'twice:%REQ(', 'plain%'];
    assert.deepEqual(new Set(await Promise.all(keys.map((key) => redis.ask('SET', key, key)))), new Set(['OK']));
    const stored = ['t7:{a}', 't7:{%}', 't7:{%START_TIME%}', 't7:{%KEY%}', 't7:{100%%}', 'twice:%REQ(/twice:%REQ(', 'plain%'];
    assert.deepEqual(await Promise.all(stored.map((key) => server.direct.ask('GET', key))), keys.map((key) => `"${key}"`));
    await subject.assertAllTaken();
  });
}

test('faults fail some commands, delay others, and leave the rest alone', async (t) => {
  const faults = [
    { type: 'error', percent: 100, commands: ['GET', 'incr'] },
    { type: 'delay', percent: 100, delay: '300ms', commands: ['SET'] },
  ];
  const { subject, redis } = await start(t, { faults }, { render: { redisDeny: ['select'] } });
  const beginMs = performance.now();
  assert.equal(await redis.ask('SET', 'k', 'v'), 'OK');
  assert.ok(performance.now() - beginMs >= 295);
  assert.deepEqual([await redis.ask('GET', 'k'), await redis.ask('INCR', 'k'), await redis.ask('SELECT', '1')], [
    injected, injected, injected,
  ]);
  assert.equal(await redis.ask('STRLEN', 'k'), '(integer) 1');
  await subject.assertAllTaken();
});

test('a fault of a part of the commands fails that part', async (t) => {
  const { redis } = await start(t, { faults: [{ type: 'error', percent: 50 }] });
  const replies = await Promise.all(Array.from({ length: 200 }, () => redis.ask('STRLEN', 'k')));
  const failed = replies.filter((reply) => reply === injected).length;
  assert.ok(failed > 40 && failed < 160, `${failed}`);
});

test('faults of one command add up', async (t) => {
  const { redis } = await start(t, {
    faults: [
      { type: 'error', percent: 50 },
      { type: 'error', percent: 50, delay: '1ms', commands: ['strlen'] },
    ],
  });
  const replies = await Promise.all(Array.from({ length: 200 }, () => redis.ask('STRLEN', 'k')));
  assert.deepEqual(new Set(replies), new Set([injected]));
});

test('a custom command is passed on by its first argument', async (t) => {
  const { subject, server, other, redis } = await start(t, {
    routes: [{ prefix: 'o:', cluster: 'other' }],
    custom_commands: ['EXPIRETIME', 'lcs'],
  });
  await Promise.all([server, other].map(({ direct }) => direct.ask('MSET', 'o:k', 'v', 'k', 'v')));
  await other.direct.ask('EXPIREAT', 'o:k', '33177117420');
  assert.equal(await redis.ask('EXPIRETIME', 'o:k'), '(integer) 33177117420');
  assert.equal(await redis.ask('expiretime', 'k'), '(integer) -1');
  assert.equal(await redis.ask('LCS', 'k', 'k'), '"v"');
  assert.match(await redis.ask('PEXPIRETIME', 'k'), /^\(error\) ERR unknown command/u);
  await subject.assertAllTaken();
});

for (const version of envoyReleases) {
  test(`Envoy ${version}: a custom command that writes passes for a read, to replicas and to mirrors`, async (t) => {
    const [primary, replica, mirror] = await Promise.all([startRedis(t), startRedis(t), startRedis(t)]);
    await replica.direct.ask('REPLICAOF', primary.address, `${primary.port}`);
    await waitUntil('it is a replica', async () => (await replica.direct.ask('INFO', 'replication')).includes('role:slave'));
    const subject = await startDeclaredEnvoy(t, { version });
    const port = await freePort();
    const [first, second, third] = [primary, replica, mirror].map(({ address, port: at }) => ({ address, port: at }));
    const routes = [
      { prefix: 'r:', cluster: 'group', reads: 'replica' },
      { prefix: 'm:', cluster: 'group', mirrors: [{ cluster: 'mirror', exclude_reads: true }] },
    ];
    subject.declare({
      clusters: [
        { name: 'group', kind: 'replicated', primary: `${primary.address}:${primary.port}`, endpoints: [first, second] },
        { name: 'mirror', endpoints: [third] },
      ],
      listeners: [{ name: 'l', address: `127.0.0.1:${port}`, routes, catch_all: 'none', custom_commands: ['xsetid', 'move'] }],
    });
    await subject.envoy.untilLive();
    const redis = await subject.connect(port);
    assert.match(await redis.ask('XSETID', 'r:key', '1-1'), /READONLY/u);
    assert.match(await redis.ask('MOVE', 'r:key', '1'), /READONLY/u);
    assert.equal(await redis.ask('SET', 'm:key', 'x'), 'OK');
    await waitUntil('the mirror has it', async () => (await mirror.direct.ask('GET', 'm:key')) === '"x"');
    assert.equal(await redis.ask('MOVE', 'm:key', '1'), '(integer) 1');
    assert.equal(await redis.ask('SET', 'm:last', 'x'), 'OK');
    await waitUntil('the mirror has what came after', async () => (await mirror.direct.ask('GET', 'm:last')) === '"x"');
    assert.equal(await mirror.direct.ask('GET', 'm:key'), '"x"');
    await subject.assertAllTaken();
  });
}

test('a listener for RESP3 gives clients that say so replies of RESP3, and refuses others', async (t) => {
  const { subject, server, redis, port } = await start(t, { protocol: 'RESP3' });
  assert.equal(await redis.ask('GET', 'k'), '(error) NOPROTO unsupported protocol version');
  await server.direct.ask('HSET', 'hash', 'field', 'value');
  const heard = await exchange(t, port, ['HELLO 3', 'HGETALL hash', 'GET nothing'], '_\r\n');
  assert.match(heard, /^%7\r\n[^]*proto\r\n:3\r\n[^]*%1\r\n\$5\r\nfield\r\n\$5\r\nvalue\r\n_\r\n$/u);
  await subject.assertAllTaken();
});

test('MOVED is followed, to servers that the cluster does not list, as far as it is let', async (t) => {
  for (const [settings, replies] of [
    [{}, /^\(error\) MOVED/u],
    [{ enable_redirection: true }, /^"there"$/u],
    [{ enable_redirection: true, max_upstream_unknown_connections: 0 }, /^\(error\) MOVED/u],
  ] as const) {
    const { other, redis, server } = await start(t, settings);
    await other.direct.ask('SET', 'k', 'there');
    const script = `return redis.error_reply('MOVED 1 127.0.0.1:${other.port}')`;
    // A server that has the command answers it, one that has not says where to.
    await server.direct.ask('SET', 'k', 'here');
    const reply = await redis.ask('EVAL', `if redis.call('GET', KEYS[1]) == 'there' then return 'there' end ${script}`, '1', 'k');
    assert.match(reply, replies, JSON.stringify(settings));
  }
});

test('a buffered command waits for others, and not for longer than it may', async (t) => {
  const { subject, redis } = await start(t, { buffer: { max_bytes: 10_000, flush_timeout: '300ms' } });
  const beginMs = performance.now();
  assert.equal(await redis.ask('SET', 'k', 'v'), 'OK');
  assert.ok(performance.now() - beginMs >= 295);
  await subject.assertAllTaken();
});

test('command statistics and a rate of connections are told and kept', async (t) => {
  const { subject, server, redis } = await start(t, { command_stats: true, connection_rate_limit: 1, op_timeout: '1s' });
  assert.equal(await redis.ask('SET', 'k', 'v'), 'OK');
  await waitUntil('the command is counted', async () => {
    const counts = await subject.envoy.stats('^cluster\\.main\\.redis_cluster\\.upstream_commands\\.set\\.total$');
    return [...counts.values()].join() === '1';
  });
  await server.child.end('SIGKILL');
  await waitUntil('connections are held back', async () => {
    await redis.ask('GET', 'k');
    const counts = await subject.envoy.stats('^cluster\\.main\\.redis_cluster\\.connection_rate_limited$');
    return [...counts.values()].some((count) => count > 0);
  });
  // Each on a connection of its own, that has opened no transaction before.
  assert.equal(await redis.ask('MULTI'), 'OK');
  assert.match(await redis.ask('SET', 'k', 'v'), /^\(error\)/u);
  assert.match(await redis.ask('EXEC'), /^\(error\)/u);
  await subject.envoy.stats('^server.live$');
  await subject.assertAllTaken();
});

/** All that comes on a connection, until what came last ends as told. */
async function exchange(t: TestContext, port: number, commands: readonly string[], end: string): Promise<string> {
  let heard = '';
  const socket = connect({ host: '127.0.0.1', port }).setEncoding('utf8');
  t.after(() => socket.destroy());
  socket.on('data', (text: string) => (heard += text));
  for (const command of commands) socket.write(`${command}\r\n`);
  await waitUntil(`all replies are there: ${heard}`, () => heard.endsWith(end));
  return heard;
}

function digitsOf(reply: string): string {
  return reply.replace('(integer) ', '');
}
