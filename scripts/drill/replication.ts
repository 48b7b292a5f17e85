// What servers that replicate say of themselves, asked by the drill itself: who is primary now, and what it has.

import { setTimeout as sleep } from 'node:timers/promises';

import type { RedisServer } from '../../test/support/redis-server.ts';
import { clockMs } from './timeline.ts';

const pollMs = 2;
const limitMs = 120_000;
const keysAtOnce = 500;

/** Whoever of several servers first answers that it is the primary, and when (Unix, ms). */
export async function untilElected(servers: readonly RedisServer[]): Promise<{ elected: RedisServer; atMs: number }> {
  const found = Promise.withResolvers<{ elected: RedisServer; atMs: number }>();
  const deadlineMs = clockMs() + limitMs;
  let isOver = false;
  const ask = async (server: RedisServer): Promise<void> => {
    while (!isOver) {
      const role = await server.direct.ask('ROLE');
      if (role.startsWith('1) "master"')) found.resolve({ elected: server, atMs: clockMs() });
      if (clockMs() > deadlineMs) throw new Error(`no replica has become the primary in ${limitMs / 1_000} s`);
      await sleep(pollMs);
    }
  };
  servers.forEach((server) => void ask(server).catch(found.reject));
  return found.promise.finally(() => (isOver = true));
}

/** How many of these keys a server does not have. In a Redis Cluster they must be of one slot. */
export async function countMissing({ direct }: RedisServer, keys: readonly string[]): Promise<number> {
  let there = 0;
  for (let at = 0; at < keys.length; at += keysAtOnce) {
    const reply = await direct.ask('EXISTS', ...keys.slice(at, at + keysAtOnce));
    there += Number(/^\(integer\) (\d+)$/u.exec(reply)?.[1] ?? NaN);
  }
  if (Number.isNaN(there)) throw new Error('the server does not say which keys it has');
  return keys.length - there;
}
