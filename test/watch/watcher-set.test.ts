// The servers of clusters, followed as these come, change and go.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';

import type { SeenServer } from '../../src/effective/seen.ts';
import type { NewEvent } from '../../src/events/event.ts';
import { parseCluster } from '../../src/model/parse.ts';
import type { FindSecret } from '../../src/watch/find-secret.ts';
import { WatcherSet } from '../../src/watch/watcher-set.ts';
import { startRedisCluster } from '../support/redis-cluster.ts';
import { startRedis } from '../support/redis-server.ts';
import { waitUntil } from '../support/wait-until.ts';
import { startStandIn } from './resp-stand-in.ts';
import type { Reaction, StandIn } from './resp-stand-in.ts';

const watch = { interval: '100ms', timeout: '1s' };

function build(t: TestContext, findSecret: FindSecret = () => undefined, maxServers = 10) {
  let changes = 0;
  const told: NewEvent[] = [];
  const set = new WatcherSet({ findSecret, onChange: () => (changes += 1), onEvent: (event) => void told.push(event), maxServers });
  t.after(() => set.close());
  const find = (cluster: string, port: number): SeenServer | undefined => set.seen.get(cluster)?.get(`127.0.0.1:${port}`);
  return {
    set,
    told,
    changes: () => changes,
    find,
    until: (state: string, cluster: string, port: number) => {
      return waitUntil(`${cluster} ${port} is ${state}`, () => find(cluster, port)?.state === state);
    },
  };
}

function clusterOf(name: string, ports: readonly number[], fields: object = {}) {
  return parseCluster({ name, watch, endpoints: ports.map((port) => ({ address: '127.0.0.1', port })), ...fields });
}

const answers: Readonly<Record<string, Reaction>> = { PING: 'PONG', ROLE: ['master', 7, []], INFO: 'redis_version:7.0.15', AUTH: 'OK' };
const startGood = (t: TestContext): Promise<StandIn> => startStandIn(t, (command) => answers[command]);

describe('the servers that are watched', () => {
  test('are those of the clusters that are, each in each', async (t) => {
    const [one, two] = [await startGood(t), await startGood(t)];
    const { set, until } = build(t);
    set.follow([
      clusterOf('a', [one.port, two.port]),
      clusterOf('b', [one.port]),
      clusterOf('c', [two.port], { watch: 'off' }),
      clusterOf('d', [two.port], { watch: undefined, protocol: 'http' }),
    ]);
    await until('up', 'a', one.port);
    await until('up', 'a', two.port);
    await until('up', 'b', one.port);
    assert.deepEqual([...set.seen.keys()], ['a', 'b']);
    assert.deepEqual([one.connections, two.connections], [2, 1]);
  });

  test('are told of when they come into another state, once, with why', async (t) => {
    const redis = await startRedis(t);
    const { set, told, until } = build(t);
    set.follow([clusterOf('a', [redis.port], { watch: { ...watch, down_after: 2, up_after: 1 } }), clusterOf('b', [1])]);
    await until('up', 'a', redis.port);
    await redis.child.end('SIGKILL');
    await until('down', 'a', redis.port);
    const server = `127.0.0.1:${redis.port}`;
    assert.deepEqual(told.map(({ type, cluster, server: who }) => [type, cluster, who]), [
      ['server-up', 'a', server],
      ['server-suspect', 'a', server],
      ['server-down', 'a', server],
    ]);
    assert.match(told[2]?.message ?? '', /^cluster "a": 127\.0\.0\.1:\d+ is down: refused: /u);
    assert.deepEqual(told[0]?.data, { role: 'primary' });
  });

  test('are followed as they come and go, and what stays is not asked anew', async (t) => {
    const [one, two] = [await startGood(t), await startGood(t)];
    const { set, find, until } = build(t);
    set.follow([clusterOf('a', [one.port])]);
    await until('up', 'a', one.port);
    const before = find('a', one.port)?.sinceMs;
    set.follow([clusterOf('a', [one.port, two.port], { labels: { b: 'c' } })]);
    await until('up', 'a', two.port);
    assert.deepEqual([find('a', one.port)?.sinceMs, one.connections], [before, 1]);
    set.follow([clusterOf('a', [two.port])]);
    assert.deepEqual([...set.seen.get('a')?.keys() ?? []], [`127.0.0.1:${two.port}`]);
    set.follow([]);
    assert.equal(set.seen.size, 0);
  });

  test('are told of when they change, and are the same until then', async (t) => {
    const standIn = await startGood(t);
    const other = await startGood(t);
    const { set, changes, until } = build(t);
    const clusters = [clusterOf('a', [standIn.port]), clusterOf('b', [other.port])];
    set.follow(clusters);
    await until('up', 'a', standIn.port);
    await until('up', 'b', other.port);
    const [seen, count] = [set.seen, changes()];
    set.follow(clusters);
    const before = standIn.commands.length;
    await waitUntil('it was looked at', () => standIn.commands.length > before + 2);
    assert.deepEqual([set.seen === seen, changes()], [true, count]);
    standIn.answer = () => new Error('LOADING');
    await until('down', 'a', standIn.port);
    assert.ok(set.seen !== seen && changes() > count);
    // So that nobody has to look at the servers of all other clusters.
    assert.ok(set.seen.get('a') !== seen.get('a') && set.seen.get('b') === seen.get('b'));
  });

  test('are looked at as their cluster says from now on', async (t) => {
    const standIn = await startGood(t);
    const { set, until } = build(t);
    set.follow([clusterOf('a', [standIn.port], { watch: { ...watch, down_after: 1_000 } })]);
    await until('up', 'a', standIn.port);
    standIn.answer = () => new Error('LOADING');
    await until('suspect', 'a', standIn.port);
    set.follow([clusterOf('a', [standIn.port], { watch: { ...watch, down_after: 1 } })]);
    await until('down', 'a', standIn.port);
  });
});

test('no more servers are connected to than may be, and of the others it is told', async (t) => {
  const standIn = await startGood(t);
  const { set, find, until } = build(t, undefined, 1);
  set.follow([clusterOf('a', [standIn.port])]);
  await until('up', 'a', standIn.port);
  set.follow([clusterOf('a', [standIn.port]), clusterOf('b', [standIn.port])]);
  await waitUntil('there is a reason', () => find('b', standIn.port)?.reason === 'failed: 1 servers are watched, and no more can be');
  assert.equal(find('b', standIn.port)?.state, 'unknown');
  set.follow([clusterOf('b', [standIn.port])]);
  await until('up', 'b', standIn.port);
});

describe('a Redis Cluster that is watched', () => {
  const nodesOf = (set: WatcherSet): readonly string[] => [...(set.nodes.get('carts')?.keys() ?? [])];

  test('is asked at the nodes that its seeds name, as who looks at servers, until it is watched no more', async (t) => {
    const servers = await startRedisCluster(t, { more: ['--user', 'other', 'on', '>word', '~*', '+@all'] });
    const names = servers.map(({ port }) => `127.0.0.1:${port}`).sort();
    let word = 'wrong';
    const { set, changes, until } = build(t, () => ({ kind: 'password', value: word }) as const);
    const [first] = servers;
    assert.ok(first !== undefined);
    const terms = { kind: 'redis_cluster', upstream_auth: { username: 'other', password: { secret: 'w' } } };
    set.follow([clusterOf('carts', [first.port], terms), clusterOf('other', [first.port])]);
    const reason = () => set.nodes.get('carts')?.get(`127.0.0.1:${first.port}`)?.failure?.reason;
    await waitUntil('it is not let in', () => reason()?.startsWith('auth: WRONGPASS'));
    word = 'word';
    await until('up', 'carts', first.port);
    await waitUntil('all are asked', () => nodesOf(set).length === 3);
    assert.deepEqual(nodesOf(set).toSorted(), names);
    assert.deepEqual([...set.nodes.keys()], ['carts']);
    const [count, nodes] = [changes(), set.nodes];
    assert.equal(set.nodes, nodes);
    await servers[1]?.child.end('SIGKILL');
    await waitUntil('it is told of', () => changes() > count && set.nodes !== nodes);
    set.follow([]);
    assert.equal(set.nodes.size, 0);
  });
});

describe('who watches is', () => {
  const secrets: Readonly<Record<string, ReturnType<FindSecret>>> = {
    own: { kind: 'password', value: 'own-pw' },
    common: { kind: 'password', value: 'common-pw' },
    watcher: { kind: 'password', value: 'watcher-pw' },
    broken: { kind: 'unusable', problem: "can't be opened" },
  };
  const auth = (secret: string) => ({ username: secret, password: { secret } });

  const cases: readonly (readonly [what: string, cluster: object, endpoint: object, user: string])[] = [
    ['whom the cluster names', { upstream_auth: auth('common') }, {}, 'common'],
    ['whom the server names, before that', { upstream_auth: auth('common') }, { upstream_auth: auth('own') }, 'own'],
    [
      'whom watch names, before both',
      { upstream_auth: auth('common'), watch: { ...watch, ...auth('watcher') } },
      { upstream_auth: auth('own') },
      'watcher',
    ],
  ];
  for (const [what, cluster, endpoint, user] of cases) {
    test(what, async (t) => {
      const redis = await startRedis(t);
      await redis.direct.ask('ACL', 'SETUSER', user, 'on', `>${user}-pw`, '+ping', '+role', '+info');
      await redis.direct.ask('ACL', 'SETUSER', 'default', 'resetpass', '>none');
      const { set, until } = build(t, (name) => secrets[name]);
      set.follow([clusterOf('a', [], { ...cluster, endpoints: [{ address: '127.0.0.1', port: redis.port, ...endpoint }] })]);
      await until('up', 'a', redis.port);
    });
  }

  for (const [secret, reason] of [
    ['broken', `secret: upstream_auth.password: secret "broken" can't be opened: give it its value again (secret set)`],
    ['gone', 'secret: upstream_auth.password: secret "gone" is missing: declare it (secret set), or name another'],
  ] as const) {
    test(`nobody while the secret is ${secret}`, async (t) => {
      const standIn = await startGood(t);
      const { set, find } = build(t, (name) => secrets[name]);
      set.follow([clusterOf('a', [standIn.port], { upstream_auth: auth(secret) })]);
      await waitUntil('there is a reason', () => find('a', standIn.port)?.reason === reason);
      assert.deepEqual([find('a', standIn.port)?.state, standIn.connections], ['unknown', 0]);
    });
  }

  test('another from now on, on a connection of its own', async (t) => {
    const standIn = await startGood(t);
    const { set, until } = build(t, (name) => secrets[name]);
    set.follow([clusterOf('a', [standIn.port])]);
    await until('up', 'a', standIn.port);
    set.follow([clusterOf('a', [standIn.port], { upstream_auth: auth('common') })]);
    await waitUntil('it was told a password', () => standIn.commands.includes('AUTH'));
    assert.equal(standIn.connections, 2);
  });
});

test('how far a replica is behind is known from both, of one history', async (t) => {
  const [primary, replica, stranger] = [await startRedis(t), await startRedis(t), await startRedis(t)];
  await replica.direct.ask('REPLICAOF', '127.0.0.1', `${primary.port}`);
  const { set, find, until } = build(t);
  await replica.child.until('it is in sync', async () => {
    return `${await replica.direct.ask('INFO', 'replication')}`.includes('master_link_status:up');
  });
  set.follow([clusterOf('a', [primary.port, replica.port, stranger.port])]);
  for (const { port } of [primary, replica, stranger]) await until('up', 'a', port);
  const lags = () => [primary, replica, stranger].map(({ port }) => set.seenNow().get('a')?.get(`127.0.0.1:${port}`)?.lag);
  await waitUntil('there is no lag', () => lags()[1] === 0);
  assert.deepEqual(lags(), [undefined, 0, undefined]);
  process.kill(replica.child.pid as number, 'SIGSTOP');
  await primary.direct.ask('SET', 'key', 'x'.repeat(10_000));
  await waitUntil('it is behind', () => (lags()[1] ?? 0) >= 10_000);
  process.kill(replica.child.pid as number, 'SIGCONT');
  await waitUntil('it has caught up', () => lags()[1] === 0);
  assert.equal(find('a', replica.port)?.role, 'replica');
});
