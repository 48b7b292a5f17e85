// What users of ioredis do.

import { Cluster, Redis } from 'ioredis';
import type { RedisOptions } from 'ioredis';

import { drive, expect, insist, noteEvent, pause, untilReplaced } from './driver.ts';
import type { Target } from './driver.ts';

type Settings = Omit<RedisOptions, 'replyMapping'> & { replyMapping?: 'resp3' };

function open({ port, username, password, options }: Target, own: Settings = {}): Redis {
  const who = { ...(username !== undefined && { username }), ...(password !== undefined && { password }) };
  const settings = { host: '127.0.0.1', port, ...who, ...options, ...own };
  return new Redis(settings).on('error', noteEvent);
}

async function setAndGet(client: Redis | Cluster, key: string): Promise<void> {
  await client.set(key, 'v');
  expect((await client.get(key)) === 'v');
}

await drive({
  connect: (target) => setAndGet(open(target), target.key),

  resp3: async (target) => {
    const client = open(target, { protocol: 3, replyMapping: 'resp3' });
    await client.hset('h', 'f', 'v');
    // RESP2 has no maps: a list.
    expect(!Array.isArray(await client.call('HGETALL', 'h')));
  },

  pipeline: async (target) => {
    const pipeline = open(target).pipeline();
    for (let n = 0; n < 10_000; n++) pipeline.incr('n');
    const replies = (await pipeline.exec()) ?? [];
    for (const [error] of replies) if (error) throw error;
    expect(replies.length === 10_000 && replies.every(([, reply], index) => reply === index + 1));
  },

  multi: async (target) => {
    const replies = await open(target).multi().set('k', '1').incr('k').exec();
    for (const [error] of replies ?? []) if (error) throw error;
    expect(JSON.stringify(replies) === '[[null,"OK"],[null,2]]');
  },

  watch: async (target) => {
    const [client, other] = [open(target), open(target)];
    await client.set('stock', '1');
    await client.watch('stock');
    await other.set('stock', '0');
    expect((await client.multi().decr('stock').exec()) === null);
  },

  pubsub: async (target) => {
    const [client, other] = [open(target), open(target)];
    const message = new Promise((resolve) => client.once('message', (_, text) => resolve(text)));
    await client.subscribe('news');
    await other.publish('news', 'hello');
    expect((await message) === 'hello');
  },

  'blocking-pop': async (target) => {
    const [client, other] = [open(target), open(target)];
    const popped = client.blpop('queue', 10);
    popped.catch(() => {});
    await pause();
    await other.rpush('queue', 'job');
    expect((await popped)?.[1] === 'job');
  },

  script: async (target) => {
    const client = open(target) as Redis & { read(key: string): Promise<string> };
    client.defineCommand('read', { lua: "return redis.call('get', KEYS[1])", numberOfKeys: 1 });
    await client.set(target.key, 'v');
    expect((await client.read(target.key)) === 'v');
  },

  scan: async (target) => {
    const client = open(target);
    for (let n = 0; n < 101; n++) await client.set(`k${n}`, 'v');
    const seen = new Set<string>();
    for await (const keys of client.scanStream({ count: 10 })) for (const key of keys as string[]) seen.add(key);
    expect(seen.size === 101);
  },

  select: async (target) => {
    const client = open(target);
    await client.set('colour', 'red');
    const other = open(target, { db: 1 });
    await other.set('colour', 'blue');
    expect((await client.get('colour')) === 'red' && (await other.get('colour')) === 'blue');
  },

  cluster: async ({ port, options }) => {
    const client = new Cluster([{ host: '127.0.0.1', port }], { redisOptions: options }).on('error', noteEvent);
    for (let n = 0; n < 30; n++) await setAndGet(client, `k${n}`);
    expect(client.nodes().every((node) => node.options.port === port));
  },

  replaced: async (target) => {
    const client = open(target);
    await client.set('k', 'v');
    await untilReplaced();
    return insist(() => client.get('k'));
  },
});
