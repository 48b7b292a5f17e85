// A real Redis Cluster that is watched.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';

import type { NodeLook } from '../../src/effective/cluster-view.ts';
import { parseAddress } from '../../src/net/address.ts';
import { ClusterWatcher } from '../../src/watch/cluster-watcher.ts';
import type { ClusterWatcherParts } from '../../src/watch/cluster-watcher.ts';
import { freePort } from '../support/free-port.ts';
import { startRedisCluster } from '../support/redis-cluster.ts';
import type { RedisServer } from '../support/redis-server.ts';
import { startRedis } from '../support/redis-server.ts';
import { waitUntil } from '../support/wait-until.ts';

const nameOf = ({ address, port }: RedisServer): string => `${address}:${port}`;

function watch(t: TestContext, seeds: readonly string[], parts: Partial<ClusterWatcherParts> = {}) {
  let changes = 0;
  const watcher = new ClusterWatcher({
    findTarget: parseAddress,
    plan: { intervalMs: 100, timeoutMs: 2_000, downAfter: 2, upAfter: 1, infoIntervalMs: 10_000 },
    onChange: () => (changes += 1),
    ...parts,
  });
  t.after(() => watcher.close());
  watcher.follow(seeds);
  const until = (what: string, server: string, isSo: (look: NodeLook | undefined) => boolean): Promise<boolean> => {
    return waitUntil(what, () => isSo(watcher.looks.get(server)));
  };
  return { watcher, changes: () => changes, until };
}

describe('a Redis Cluster that is watched', () => {
  test('is asked at each node that its seeds name, and is told of as it changes', async (t) => {
    const servers = await startRedisCluster(t, { replicas: 1 });
    const [first, second] = servers;
    assert.ok(first !== undefined && second !== undefined);
    const { watcher, changes, until } = watch(t, [nameOf(first)]);
    for (const server of servers) await until('it says who there is', nameOf(server), (look) => look?.view?.nodes.length === 6);
    assert.equal(watcher.looks.size, 6);
    const replicas = watcher.looks.get(nameOf(first))?.view?.nodes.filter(({ role }) => role === 'replica');
    assert.equal(replicas?.length, 3);

    const ids = new Set(Array.from(watcher.looks.values(), ({ view }) => view?.ownId));
    assert.equal(ids.size, 6);
    await until('it has settled', nameOf(first), (look) => look?.isSettled === true);
    const [count, looks] = [changes(), watcher.looks];
    await second.child.end('SIGKILL');
    await until('it is lost', nameOf(second), (look) => look?.isLost === true);
    const gone = watcher.looks.get(nameOf(second));
    assert.match(gone?.failure?.reason ?? '', /refused|closed/);
    assert.equal(gone?.view?.nodes.length, 6);
    assert.ok(changes() > count && looks !== watcher.looks);
    await until('the others say so', nameOf(first), (look) => look?.view?.nodes.some(({ state }) => state === 'fail') === true);
    await until('its replica has taken over', nameOf(first), (look) => {
      return look?.view?.nodes.filter(({ state, slots }) => state !== 'fail' && slots.length > 0).length === 3;
    });
    watcher.follow([nameOf(second)]);
    await until('the others are asked without it', nameOf(first), (look) => look?.failure === undefined);
    assert.equal(watcher.looks.size, 6);
  });

  test('goes on to be asked where its seeds have gone, and a node that all forget is asked no more', async (t) => {
    const servers = await startRedisCluster(t, { replicas: 1 });
    const [, , , ...replicas] = servers;
    const [seed, ...others] = [...replicas, ...servers.slice(0, 3)];
    assert.ok(seed !== undefined);
    const { watcher, until } = watch(t, [nameOf(seed)]);
    for (const server of others) await until('it is asked', nameOf(server), (look) => look?.view !== undefined);
    const id = watcher.looks.get(nameOf(seed))?.view?.ownId ?? '';
    await seed.child.end('SIGKILL');
    await until('it is lost', nameOf(seed), (look) => look?.isLost === true);
    for (const { direct } of others) assert.equal(await direct.ask('CLUSTER', 'FORGET', id), 'OK');
    const [next] = others;
    assert.ok(next !== undefined);
    await until('it is forgotten', nameOf(next), (look) => look?.view?.nodes.length === 5);
    watcher.follow([nameOf(next)]);
    await until('it is asked no more', nameOf(seed), (look) => look === undefined);
  });

  test('is asked at each node anew after a time, and one that hangs is lost like one that is dead', async (t) => {
    const servers = await startRedisCluster(t);
    const [first] = servers;
    assert.ok(first !== undefined);
    const { until } = watch(t, servers.map(nameOf), { plan: { intervalMs: 100, timeoutMs: 300, downAfter: 2, upAfter: 1, infoIntervalMs: 10_000 } });
    await until('it answers', nameOf(first), (look) => look?.isSettled === true);
    first.child.signal('SIGSTOP');
    await until('it is lost', nameOf(first), (look) => look?.isLost === true && /^timeout: no (answer|connection)/.test(look.failure?.reason ?? ''));
    first.child.signal('SIGCONT');
    await until('it is back', nameOf(first), (look) => look?.failure === undefined);
  });

  test('is not lost where we are not let see, nor where nothing was found to ask with', async (t) => {
    const servers = await startRedisCluster(t, { more: ['--user', 'other', 'on', '>word', '~*', '+@all', '-cluster'] });
    const [first, second] = servers.map(nameOf);
    assert.ok(first !== undefined && second !== undefined);
    const { watcher, until } = watch(t, [first, second], {
      findTarget: (address) => {
        if (address === first) return { ...parseAddress(address), credentials: { username: 'other', password: 'word' } };
        return address === second ? { trouble: 'secret', detail: 'secret "a" is not there' } : parseAddress(address);
      },
    });
    await until('it refuses', first, (look) => /^denied: NOPERM/.test(look?.failure?.reason ?? ''));
    await until('it is not asked', second, (look) => look?.failure?.reason === 'secret: secret "a" is not there');
    for (let round = 0; round < 3; round += 1) {
      watcher.lookNow();
      await new Promise((resolve) => setTimeout(resolve, 150));
    }
    assert.deepEqual([first, second].map((each) => watcher.looks.get(each)?.isLost), [false, false]);
  });

  test('has lost a seed that is no node, and one at which nobody listens', async (t) => {
    const plain = nameOf(await startRedis(t));
    const nobody = `127.0.0.1:${await freePort()}`;
    const { until } = watch(t, [plain, nobody]);
    await until('it is none', plain, (look) => look?.isLost === true && /cluster support disabled/.test(look.failure?.reason ?? ''));
    await until('nobody is there', nobody, (look) => look?.isLost === true && /^refused/.test(look.failure?.reason ?? ''));
  });
});
