// What servers that replicate say of themselves when they are asked directly: who is primary now, and what it has. On
// connections of their own: whoever promotes a server ends those that it had before.

import { setTimeout as sleep } from 'node:timers/promises';

import type { Scope } from './child-process.ts';
import type { RedisServer } from './redis-server.ts';
import { connectRedis } from './resp-client.ts';
import type { RespClient } from './resp-client.ts';

export interface Elected {
  readonly elected: RedisServer;
  /** As `performance.now()` has it. */
  readonly atMs: number;
}

const pollMs = 2;
const limitMs = 120_000;
const keysAtOnce = 500;

/** Whoever of several servers first answers that it is the primary: each is asked every 2 ms. */
export async function untilElected(scope: Scope, servers: readonly RedisServer[]): Promise<Elected> {
  const found = Promise.withResolvers<Elected>();
  const deadlineMs = performance.now() + limitMs;
  let isOver = false;
  const ask = async (server: RedisServer): Promise<void> => {
    let client: RespClient | undefined;
    while (!isOver) {
      client = client?.isClosed === false ? client : await connectRedis(scope, server.port, server.address);
      const role = await client.ask('ROLE').catch(() => 'unknown');
      if (role.startsWith('1) "master"')) found.resolve({ elected: server, atMs: performance.now() });
      if (performance.now() > deadlineMs) throw new Error(`no replica has become the primary in ${limitMs / 1_000} s`);
      await sleep(pollMs);
    }
    client?.close();
  };
  servers.forEach((server) => void ask(server).catch(found.reject));
  return found.promise.finally(() => (isOver = true));
}

/** How many of these keys a server does not have. In a Redis Cluster they must be of one slot. */
export async function countMissing(scope: Scope, server: RedisServer, keys: readonly string[]): Promise<number> {
  const client = await connectRedis(scope, server.port, server.address);
  let there = 0;
  for (let at = 0; at < keys.length; at += keysAtOnce) {
    const reply = await client.ask('EXISTS', ...keys.slice(at, at + keysAtOnce));
    there += Number(/^\(integer\) (\d+)$/u.exec(reply)?.[1] ?? NaN);
  }
  client.close();
  if (Number.isNaN(there)) throw new Error('the server does not say which keys it has');
  return keys.length - there;
}
