// What a table of commands can't say: answers that look right and are not, and servers that are not what they should
// be. Nothing in a story depends on chance.

import type { Scope } from '../../test/support/child-process.ts';
import { startRedis } from '../../test/support/redis-server.ts';
import type { RedisServer } from '../../test/support/redis-server.ts';
import { startSetting } from './setting.ts';
import type { Setting } from './setting.ts';
import { Transcript } from './transcript.ts';

/** Settings that stories share; each story finds them empty. */
interface SharedSettings {
  /** One cluster with one server. */
  readonly one: Setting;
  /** Clusters `bunny`, the catch-all, with the prefix `b:`, and `hare` with `h:`; a server each, in this order. */
  readonly two: Setting;
}

type Story = (shared: SharedSettings, scope: Scope) => Promise<Transcript>;

const stories: Readonly<Record<string, Story>> = {
  handshake: async ({ one }) => {
    const { transcript, first } = await begin(one);
    await first('HELLO 3', 'AUTH secret', 'AUTH someone secret');
    await first('CLIENT SETINFO LIB-NAME mine', 'CLIENT ID', 'PING hello');
    return transcript;
  },

  select: async (_, scope) => {
    const { transcript, first, second, servers } = await begin(await startOneCluster(scope, await startRedis(scope)));
    await first('SET colour red');
    await second('SELECT 1');
    await first('GET colour', 'SET colour blue');
    await transcript.as('the server, database 0', servers[0]!.direct)('GET colour');
    return transcript;
  },

  watch: async ({ one }) => {
    const { transcript, first, second } = await begin(one);
    await first('SET stock 1', 'WATCH stock');
    await second('SET stock 0');
    await first('MULTI', 'DECR stock', 'EXEC');
    return transcript;
  },

  'refused-in-multi': async ({ one }) => {
    const { transcript, first } = await begin(one);
    await first('MULTI', 'SET done 1', 'BLPOP queue 1', 'EXEC');
    return transcript;
  },

  publish: async ({ one }) => {
    const { transcript, first } = await begin(one);
    await first('SUBSCRIBE news', 'PUBLISH news hello');
    return transcript;
  },

  'two-prefixes': async ({ two }) => {
    const { transcript, first, servers } = await begin(two);
    const onBunny = transcript.as("bunny's server", servers[0]!.direct);
    await first('MSET b:1 x h:1 y', 'MGET b:1 h:1');
    await first('RENAME b:1 h:2', 'GET h:2');
    await onBunny('GET h:2');
    await first('MULTI', 'SET b:3 x', 'SET h:3 y', 'GET h:3', 'EXEC', 'GET h:3');
    await onBunny('GET h:3');
    return transcript;
  },

  'first-word': async ({ two }) => {
    const { transcript, first } = await begin(two);
    await first('ZADD h:z 1 a', 'ZRANGE h:z 0 -1', 'ZUNION 1 h:z');
    return transcript;
  },

  'part-of-the-keys': async ({ two }) => {
    const { transcript, first, servers } = await begin(two);
    await first('MSET b:1 x h:1 y', 'KEYS *', 'FLUSHALL');
    await transcript.as("hare's server", servers[1]!.direct)('KEYS *');
    return transcript;
  },

  scripts: async ({ two }) => {
    const { transcript, first } = await begin(two);
    const hash = '930269f31393d0be681588b6ab08dccee7d6bb67';
    await first('EVAL return(1) 0', 'SCRIPT LOAD return(1)', `EVALSHA ${hash} 1 b:1`, `EVALSHA ${hash} 1 h:1`);
    return transcript;
  },

  'no-catch-all': async (_, scope) => {
    const { transcript, first } = await begin(await startTwoClusters(scope));
    await first('GET other', 'INFO', 'MSET b:1 x other y', 'GET b:1');
    return transcript;
  },

  'two-servers': async (_, scope) => {
    const setting = await startOneCluster(scope, await startRedis(scope), await startRedis(scope));
    const { transcript, first } = await begin(setting);
    await first('INCR n', 'INCR n', 'INCR n', 'INCR n');
    await first('SET lock mine NX', 'SET lock yours NX');
    await first('SET k v', 'GET k', 'GET k');
    return transcript;
  },

  'scan-two-servers': async (_, scope) => {
    const setting = await startOneCluster(scope, await startRedis(scope), await startRedis(scope));
    const { transcript, first } = await begin(setting);
    await first('INCR n', 'INCR n', 'KEYS *', 'SCAN 0');
    return transcript;
  },

  replica: async (_, scope) => {
    const [primary, replica] = [await startRedis(scope), await startRedis(scope)];
    await replica.direct.ask('REPLICAOF', primary.address, `${primary.port}`);
    const { transcript, client } = await begin(await startOneCluster(scope, primary, replica));
    await transcript.repeat('client', client, 10, 'SET k v');
    return transcript;
  },

  'dead-server': async (_, scope) => {
    const setting = await startOneCluster(scope, await startRedis(scope), await startRedis(scope));
    const { transcript, first, client, servers } = await begin(setting);
    await servers[1]!.child.end('SIGKILL');
    await transcript.repeat('client', client, 10, 'GET k');
    await first('MSET k v l w', 'INFO');
    return transcript;
  },

  'hung-server': async (_, scope) => {
    const { transcript, first, servers } = await begin(await startOneCluster(scope, await startRedis(scope)));
    servers[0]!.child.signal('SIGSTOP');
    await first('GET k');
    return transcript;
  },

  passwords: async (_, scope) => {
    const server = await startRedis(scope);
    await server.direct.ask('CONFIG', 'SET', 'requirepass', 'deep');
    const passwords = { clients: 'secret', servers: 'deep' };
    const { transcript, first } = await begin(
      await startSetting(scope, { clusters: { bunny: ['b:', server] }, passwords }),
    );
    await first('GET k', 'AUTH deep', 'AUTH secret', 'SET k v', 'MULTI', 'INCR n', 'EXEC');
    return transcript;
  },

  password: async (_, scope) => {
    const { transcript, first, servers } = await begin(await startOneCluster(scope, await startRedis(scope)));
    await servers[0]!.direct.ask('CONFIG', 'SET', 'requirepass', 'secret');
    await first('GET k', 'AUTH secret', 'MSET k v l w');
    return transcript;
  },
};

/** What was said in each story, by the name that the documents call it by. `onStory` is told which one comes next. */
export async function tellStories(scope: Scope, onStory: (name: string) => void): Promise<Record<string, string>> {
  const shared: SharedSettings = {
    one: await startOneCluster(scope, await startRedis(scope)),
    two: await startTwoClusters(scope, 'bunny'),
  };
  const told: Record<string, string> = {};
  for (const [name, story] of Object.entries(stories)) {
    onStory(name);
    told[name] = (await story(shared, scope)).text;
  }
  return told;
}

function startOneCluster(scope: Scope, ...servers: readonly RedisServer[]): Promise<Setting> {
  return startSetting(scope, { clusters: { bunny: ['b:', ...servers] } });
}

async function startTwoClusters(scope: Scope, catchAll?: string): Promise<Setting> {
  const [bunny, hare] = [await startRedis(scope), await startRedis(scope)];
  const clusters = { bunny: ['b:', bunny], hare: ['h:', hare] } as const;
  return startSetting(scope, catchAll === undefined ? { clusters } : { clusters, catchAll });
}

async function begin({ connect, servers }: Setting) {
  for (const { direct } of servers) await direct.ask('FLUSHALL');
  const transcript = new Transcript();
  const client = await connect();
  const first = transcript.as('client 1', client);
  const second = transcript.as('client 2', await connect());
  return { transcript, client, first, second, servers };
}
