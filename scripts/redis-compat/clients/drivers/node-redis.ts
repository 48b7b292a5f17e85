// What users of node-redis do. The package is not among the project's own: its folder is named by CLIENT_FOLDER.

import { createRequire } from 'node:module';
import { join } from 'node:path';

import { drive, expect, insist, noteEvent, pause, untilReplaced } from './driver.ts';
import type { Target } from './driver.ts';

const require = createRequire(join(process.env['CLIENT_FOLDER'] ?? '', 'package.json'));
const { BasicClientSideCache, createClient, createCluster, defineScript } = require('redis');

async function open({ port, username, password, options }: Target, own: object = {}) {
  const client = createClient({ socket: { host: '127.0.0.1', port }, username, password, ...options, ...own });
  client.on('error', noteEvent);
  await client.connect();
  return client;
}

async function setAndGet(target: Target, own?: object): Promise<void> {
  const client = await open(target, own);
  await client.set(target.key, 'v');
  expect((await client.get(target.key)) === 'v');
}

await drive({
  connect: (target) => setAndGet(target),
  resp3: (target) => setAndGet(target, { RESP: 3 }),

  pipeline: async (target) => {
    const client = await open(target);
    const replies = await Promise.all(Array.from({ length: 10_000 }, () => client.incr('n')));
    expect(replies.every((reply, index) => reply === index + 1));
  },

  multi: async (target) => {
    const replies = await (await open(target)).multi().set('k', '1').incr('k').exec();
    expect(JSON.stringify(replies) === '["OK",2]');
  },

  watch: async (target) => {
    const [client, other] = [await open(target), await open(target)];
    await client.set('stock', '1');
    await client.watch('stock');
    await other.set('stock', '0');
    const outcome = await client.multi().decr('stock').exec().catch((error: Error) => error.constructor.name);
    expect(outcome === 'WatchError');
  },

  pubsub: async (target) => {
    const [client, other] = [await open(target), await open(target)];
    const subscribed = Promise.withResolvers<string>();
    await client.subscribe('news', subscribed.resolve);
    await other.publish('news', 'hello');
    expect((await subscribed.promise) === 'hello');
  },

  'blocking-pop': async (target) => {
    const [client, other] = [await open(target), await open(target)];
    const popped = client.blPop('queue', 10);
    popped.catch(() => {});
    await pause();
    await other.rPush('queue', 'job');
    expect((await popped)?.element === 'job');
  },

  script: async (target) => {
    const read = defineScript({
      SCRIPT: "return redis.call('get', KEYS[1])",
      NUMBER_OF_KEYS: 1,
      parseCommand: (parser: { pushKey(key: string): void }, key: string) => parser.pushKey(key),
      transformReply: undefined,
    });
    const client = await open(target, { scripts: { read } });
    await client.set(target.key, 'v');
    expect((await client.read(target.key)) === 'v');
  },

  scan: async (target) => {
    const client = await open(target);
    for (let n = 0; n < 101; n++) await client.set(`k${n}`, 'v');
    const seen = new Set<string>();
    for await (const keys of client.scanIterator({ COUNT: 10 })) for (const key of keys) seen.add(key);
    expect(seen.size === 101);
  },

  select: async (target) => {
    const client = await open(target);
    await client.set('colour', 'red');
    const other = await open(target, { database: 1 });
    await other.set('colour', 'blue');
    expect((await client.get('colour')) === 'red' && (await other.get('colour')) === 'blue');
  },

  tracking: async (target) => {
    const clientSideCache = new BasicClientSideCache();
    const [client, other] = [await open(target, { RESP: 3, clientSideCache }), await open(target, { RESP: 3 })];
    await other.set('k', 'old');
    expect((await client.get('k')) === 'old' && (await client.get('k')) === 'old');
    expect(clientSideCache.stats().hitCount === 1);
    await other.set('k', 'new');
    while ((await client.get('k')) !== 'new') await pause();
  },

  cluster: async ({ port, options }) => {
    const client = createCluster({ rootNodes: [{ socket: { host: '127.0.0.1', port } }], ...options });
    client.on('error', noteEvent);
    await client.connect();
    for (let n = 0; n < 30; n++) await client.set(`k${n}`, 'v');
    expect((await client.get('k29')) === 'v');
    expect(client.masters.every((node: { port: number }) => node.port === port));
  },

  replaced: async (target) => {
    const client = await open(target);
    await client.set('k', 'v');
    await untilReplaced();
    return insist(() => client.get('k'));
  },
});
