// A primary and two replicas that are real, watched while people and accidents do to them what they do.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { followRoles } from '../../src/failover/follow-roles.ts';
import type { Following } from '../../src/failover/following.ts';
import type { ReplicatedCluster } from '../../src/model/objects.ts';
import { parseCluster } from '../../src/model/parse.ts';
import { WatcherSet } from '../../src/watch/watcher-set.ts';
import type { Scope } from '../support/child-process.ts';
import { startRedis, valkeyServer } from '../support/redis-server.ts';
import type { RedisServer } from '../support/redis-server.ts';
import { tempDir } from '../support/temp-dir.ts';
import { waitUntil } from '../support/wait-until.ts';

interface Group {
  readonly primary: RedisServer;
  readonly replicas: readonly [RedisServer, RedisServer];
  /** Where the primary was, with what is given. */
  startAgain(more?: readonly string[]): Promise<RedisServer>;
}

// Replicas copy a primary that came back without its keys, but not before they are told.
const quick = ['--repl-diskless-sync-delay', '0'];
const slow = ['--repl-diskless-sync-delay', '3600'];
const keyCount = 200;

async function startGroup(t: Scope, program: string, more: readonly string[] = []): Promise<Group> {
  const primary = await startRedis(t, undefined, undefined, [...quick, ...more], program);
  for (let key = 0; key < keyCount; key += 1) await primary.direct.ask('SET', `key${key}`, 'v');
  const start = () => startRedis(t, undefined, undefined, ['--replicaof', '127.0.0.1', `${primary.port}`], program);
  const replicas = [await start(), await start()] as const;
  for (const { direct } of replicas) {
    await waitUntil('a replica has all keys', async () => (await direct.ask('DBSIZE')) === `(integer) ${keyCount}`);
  }
  return {
    primary,
    replicas,
    startAgain: (given = slow) => startRedis(t, primary.port, undefined, given, program),
  };
}

const nameOf = ({ address, port }: RedisServer): string => `${address}:${port}`;

interface Watched {
  readonly following: () => Following;
  /** Each server that took the writes, in turn; undefined: none. */
  readonly primaries: readonly (string | undefined)[];
  readonly until: (what: string, isSo: (following: Following) => boolean) => Promise<unknown>;
  readonly untilWhole: () => Promise<unknown>;
  readonly untilTold: (code: string) => Promise<unknown>;
  readonly stateOf: (server: RedisServer) => string | undefined;
}

async function watch(t: Scope, { primary, replicas }: Group, interval = '100ms'): Promise<Watched> {
  const endpoints = [primary, ...replicas].map(({ address, port }) => ({ address, port }));
  const terms = { interval, timeout: '1s', down_after: 3, up_after: 1 };
  const declared = { name: 'c', kind: 'replicated', primary: nameOf(primary), endpoints, watch: terms };
  const cluster = parseCluster(declared) as ReplicatedCluster;
  let following: Following | undefined;
  const primaries: (string | undefined)[] = [nameOf(primary)];
  const watchers = new WatcherSet({
    findSecret: () => undefined,
    onChange: () => {
      following = followRoles(following, cluster, watchers.seen.get('c') ?? new Map(), Date.now());
      if (primaries.at(-1) !== following.topology.primary) primaries.push(following.topology.primary);
    },
  });
  t.after(async () => watchers.close());
  watchers.follow([cluster]);
  const until: Watched['until'] = (what, isSo) => waitUntil(what, () => following !== undefined && isSo(following));
  const untilWhole = () => until('all are there, and have the same history', ({ keys }) => {
    const seen = [...(watchers.seen.get('c')?.values() ?? [])];
    const areUp = seen.every(({ state, link, role }) => state === 'up' && (role === 'primary' || link === 'up'));
    return areUp && keys === keyCount && new Set(seen.map(({ history }) => history?.id)).size === 1;
  });
  await untilWhole();
  return {
    following: () => following as Following,
    primaries,
    until,
    untilWhole,
    untilTold: (code) => until(`it is told: ${code}`, ({ troubles }) => troubles.some((each) => each.code === code)),
    stateOf: (server) => watchers.seen.get('c')?.get(nameOf(server))?.state,
  };
}

async function promote({ direct }: RedisServer): Promise<void> {
  assert.equal(await direct.ask('REPLICAOF', 'NO', 'ONE'), 'OK');
}

for (const [product, program] of [['Redis', 'redis-server'], ['Valkey', valkeyServer]] as const) {
  describe(product, () => {
    test('a replica that is promoted by hand is followed, and the old primary is read from again', async (t) => {
      const group = await startGroup(t, program);
      const { primary, replicas: [first, second] } = group;
      const { primaries, until, untilTold } = await watch(t, group);
      await promote(first);
      await untilTold('two-primaries');
      for (const { direct } of [primary, second]) await direct.ask('REPLICAOF', '127.0.0.1', `${first.port}`);
      await until('it is followed', ({ leader, topology }) => leader === nameOf(first) && topology.servers.length === 3);
      assert.deepEqual(primaries, [nameOf(primary), nameOf(first)]);
      await until('there is nothing to tell', ({ troubles }) => troubles.length === 0);
    });

    test('a primary that comes back empty at once is sent nothing, whatever is written to it', async (t) => {
      const group = await startGroup(t, program);
      const { primary, replicas: [first] } = group;
      // So rarely that it is back before anybody looks.
      const { following, until, untilTold } = await watch(t, group, '1s');
      await primary.child.end('SIGKILL');
      const { direct } = await group.startAgain();
      for (let key = 0; key < keyCount; key += 1) await direct.ask('SET', `other${key}`, 'v');
      await untilTold('primary-empty');
      assert.equal(following().topology.primary, undefined);
      assert.ok(following().troubles[0]?.message.includes(nameOf(first)));
      await promote(first);
      await until('the one that has the keys is followed', ({ leader }) => leader === nameOf(first));
      assert.ok(!following().topology.servers.includes(nameOf(primary)));
    });

    test('a primary that is gone is sent nothing; it is let back with its keys, and not without', async (t) => {
      const dir = await tempDir(t);
      const log = ['--appendonly', 'yes', '--dir', dir];
      const group = await startGroup(t, program, log);
      const { primary, replicas: [first, second] } = group;
      const { primaries, until, untilWhole, untilTold } = await watch(t, group);
      await primary.child.end('SIGKILL');
      await until('it is held', ({ isHeld }) => isHeld);
      const again = await group.startAgain([...log, ...quick]);
      await until('it is let back', ({ isHeld, leader }) => !isHeld && leader === nameOf(primary));
      assert.deepEqual(primaries, [nameOf(primary), undefined, nameOf(primary)]);
      await untilWhole();

      await again.child.end('SIGKILL');
      await until('it is held again', ({ isHeld }) => isHeld);
      await group.startAgain();
      await untilTold('primary-empty');
      await promote(second);
      await until('the one that was promoted is followed', ({ leader }) => leader === nameOf(second));
      assert.deepEqual(primaries, [nameOf(primary), undefined, nameOf(primary), undefined, nameOf(second)]);
      assert.equal(await first.direct.ask('DBSIZE'), `(integer) ${keyCount}`);
    });

    test('a primary that is silent stays, and whoever is promoted meanwhile is followed; it comes back as a second one', async (t) => {
      const group = await startGroup(t, program);
      const { primary, replicas: [first, second] } = group;
      const { following, primaries, until, untilTold, stateOf } = await watch(t, group);
      primary.child.signal('SIGSTOP');
      await untilTold('no-primary');
      assert.equal(following().topology.primary, nameOf(primary));
      primary.child.signal('SIGCONT');
      await until('there is nothing to tell', ({ troubles }) => troubles.length === 0);
      assert.deepEqual(primaries, [nameOf(primary)]);

      primary.child.signal('SIGSTOP');
      await untilTold('no-primary');
      await promote(first);
      await second.direct.ask('REPLICAOF', '127.0.0.1', `${first.port}`);
      await until('it is followed', ({ leader }) => leader === nameOf(first));
      primary.child.signal('SIGCONT');
      await waitUntil('the old one answers', () => stateOf(primary) === 'up');
      await untilTold('two-primaries');
      assert.deepEqual(primaries, [nameOf(primary), nameOf(first)]);
      assert.ok(!following().topology.servers.includes(nameOf(primary)));
    });
  });
}
