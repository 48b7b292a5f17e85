// Looks at real servers, and at what is none.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import type { Trouble } from '../../src/watch/connection.ts';
import { numberOf, parseInfo } from '../../src/watch/info.ts';
import { look } from '../../src/watch/look.ts';
import { freePort } from '../support/free-port.ts';
import { startRedis } from '../support/redis-server.ts';

const deadlineMs = 1_000;

/** Accepts connections, and does with each what it is told; gives its port. */
async function serve(t: TestContext, onConnection: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    onConnection(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return (server.address() as AddressInfo).port;
}

async function troubleOf(port: number): Promise<Trouble | undefined> {
  const seen = await look({ host: '127.0.0.1', port }, deadlineMs);
  return 'trouble' in seen ? seen.trouble : undefined;
}

describe('a real Redis server', () => {
  test('says its role, version and settings', async (t) => {
    const redis = await startRedis(t);
    await redis.direct.ask('CONFIG', 'SET', 'maxmemory', '100mb');
    const seen = await look({ host: '127.0.0.1', port: redis.port }, deadlineMs);
    assert.ok('facts' in seen);
    const { product, version, role, isClusterMode, maxMemory, maxMemoryPolicy, savesSnapshots, isAppendOnly } = seen.facts;
    assert.deepEqual([product, role, isClusterMode], ['redis', { name: 'primary' }, false]);
    assert.match(version ?? '', /^\d+\.\d+\.\d+$/);
    assert.deepEqual([maxMemory, maxMemoryPolicy, savesSnapshots, isAppendOnly], [104_857_600, 'noeviction', false, false]);
  });

  test('that is a replica says of whom', async (t) => {
    const [primary, replica] = [await startRedis(t), await startRedis(t)];
    await replica.direct.ask('REPLICAOF', '127.0.0.1', `${primary.port}`);
    const seen = await look({ host: '127.0.0.1', port: replica.port }, deadlineMs);
    assert.deepEqual('facts' in seen && seen.facts.role, { name: 'replica', follows: `127.0.0.1:${primary.port}` });
  });

  test('that wants a password is in trouble by its own fault', async (t) => {
    const redis = await startRedis(t);
    await redis.direct.ask('CONFIG', 'SET', 'requirepass', 'pw');
    assert.equal(await troubleOf(redis.port), 'auth');
  });

  test('is asked with its password, as the user that is told', async (t) => {
    const redis = await startRedis(t);
    await redis.direct.ask('ACL', 'SETUSER', 'envoy', 'on', '>acl-pw', '~*', '+@all');
    await redis.direct.ask('CONFIG', 'SET', 'requirepass', 'pw');
    const target = { host: '127.0.0.1', port: redis.port };
    for (const credentials of [{ password: 'pw' }, { username: 'envoy', password: 'acl-pw' }]) {
      assert.ok('facts' in (await look({ ...target, credentials }, deadlineMs)), JSON.stringify(credentials));
    }
    const wrong = await look({ ...target, credentials: { password: 'hunter2' } }, deadlineMs);
    assert.ok('trouble' in wrong && wrong.trouble === 'auth' && !wrong.detail.includes('hunter2'));
  });

  test('that asks for no password is fine with one', async (t) => {
    const { port } = await startRedis(t);
    assert.ok('facts' in (await look({ host: '127.0.0.1', port, credentials: { password: 'pw' } }, deadlineMs)));
  });

  test('that forbids INFO is told apart from one that is dead', async (t) => {
    const redis = await startRedis(t);
    await redis.direct.ask('ACL', 'SETUSER', 'default', '-info');
    assert.equal(await troubleOf(redis.port), 'denied');
  });

  test('that forbids ROLE and CONFIG is known by INFO, and the rest is not made up', async (t) => {
    const redis = await startRedis(t);
    await redis.direct.ask('ACL', 'SETUSER', 'default', '-role', '-config');
    const seen = await look({ host: '127.0.0.1', port: redis.port }, deadlineMs);
    assert.ok('facts' in seen);
    assert.deepEqual([seen.facts.role, seen.facts.savesSnapshots], [{ name: 'primary' }, undefined]);
  });

  test('that hangs is not waited for', async (t) => {
    const redis = await startRedis(t);
    process.kill(redis.child.pid as number, 'SIGSTOP');
    assert.equal(await troubleOf(redis.port), 'timeout');
  });

  test('leaves no connection behind', async (t) => {
    const redis = await startRedis(t);
    const count = async (): Promise<number | undefined> =>
      numberOf(parseInfo(`${await redis.direct.ask('INFO', 'clients')}`), 'connected_clients');
    const before = await count();
    await look({ host: '127.0.0.1', port: redis.port }, deadlineMs);
    await redis.child.until('the connection is gone', async () => (await count()) === before);
  });
});

describe('what is no Redis server', () => {
  test('nobody listens', async () => assert.equal(await troubleOf(await freePort()), 'refused'));

  test('it hangs up at once', async (t) => {
    assert.equal(await troubleOf(await serve(t, (socket) => void socket.destroy())), 'closed');
  });

  test('it accepts and never answers', async (t) => {
    assert.equal(await troubleOf(await serve(t, () => undefined)), 'timeout');
  });

  test('it speaks HTTP', async (t) => {
    const port = await serve(t, (socket) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    assert.equal(await troubleOf(port), 'not-redis');
  });

  for (const [line, trouble] of [
    ['-LOADING Redis is loading the dataset in memory', 'busy'],
    ['-MASTERDOWN Link with MASTER is down', 'busy'],
    ['-ERR unknown command', 'failed'],
  ] as const) {
    test(`it answers ${line}`, async (t) => {
      const port = await serve(t, (socket) => void socket.on('data', () => socket.write(`${line}\r\n`.repeat(3))));
      assert.equal(await troubleOf(port), trouble);
    });
  }

  test('it answers a byte at a time', async (t) => {
    const port = await serve(t, (socket) => {
      const timer = setInterval(() => socket.write('$'), 50).unref();
      socket.on('close', () => clearInterval(timer));
    });
    assert.match((await troubleOf(port)) ?? '', /^(timeout|not-redis)$/);
  });

  test('a host that has no address', async () => {
    const seen = await look({ host: 'no-such-host.invalid', port: 6379 }, deadlineMs);
    assert.equal('trouble' in seen && seen.trouble, 'failed');
  });
});
