// Which servers are watched: those of what is published, whatever is staged.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Seen, SeenSentinels, Watchers } from '../../src/effective/seen.ts';
import { noEdits } from '../../src/inventory/edits.ts';
import type { Cluster } from '../../src/model/objects.ts';
import { parseCluster } from '../../src/model/parse.ts';
import { createMemoryLogStore } from '../../src/store/memory-log-store.ts';
import { openDesk } from '../support/open-desk.ts';

class Followers implements Watchers {
  readonly sentinels: SeenSentinels = new Map();
  readonly followed: (readonly Cluster[])[] = [];
  readonly seen: Seen = new Map([['a', new Map([['10.0.0.1:6379', { state: 'up', sinceMs: 5 }]])]]);

  seenNow(): Seen {
    return this.seen;
  }

  follow(clusters: Iterable<Cluster>): void {
    this.followed.push([...clusters]);
  }
}

const endpoints = [{ address: '10.0.0.1', port: 6379 }];
const namesOf = (clusters: readonly Cluster[] = []) => clusters.map(({ name }) => name);

async function open(store = createMemoryLogStore()) {
  const watchers = new Followers();
  const desk = await openDesk({ store, watchers });
  const declare = (name: string, fields?: object) => {
    const after = fields && parseCluster({ name, ...('shards' in fields ? {} : { endpoints }), ...fields });
    return desk.stage(() => ({ ...noEdits, clusters: [{ name, after }] }), 'ann');
  };
  return { desk, watchers, declare, commit: () => desk.commit({ author: 'ann', force: true }) };
}

test('the servers of clusters that are published are watched, unless it is off', async () => {
  const { watchers, declare, commit } = await open();
  await declare('a', {});
  await declare('b', { watch: 'off' });
  await declare('c', { protocol: 'http' });
  await declare('d', { kind: 'sharded', shards: [{ name: 's', endpoint: endpoints[0] }] });
  assert.deepEqual(watchers.followed, []);
  await commit();
  assert.deepEqual(watchers.followed.map(namesOf), [['a', 'd']]);

  await declare('b', {});
  await declare('a');
  assert.equal(watchers.followed.length, 1);
  await commit();
  assert.deepEqual(namesOf(watchers.followed.at(-1)), ['b', 'd']);
});

test('a cluster that a commit leaves as it is is the same', async () => {
  const { watchers, declare, commit } = await open();
  await declare('a', {});
  await commit();
  await declare('b', {});
  await commit();
  assert.equal(watchers.followed[1]?.[0], watchers.followed[0]?.[0]);
});

test('what /api/v1 makes is not watched until it is told, and a start knows it', async () => {
  const store = createMemoryLogStore();
  const { desk, watchers, declare, commit } = await open(store);
  await desk.change({ kind: 'add-cluster', name: 'a', prefix: '/a' }, 'ann');
  await desk.change({ kind: 'add-endpoint', cluster: 'a', address: '10.0.0.1', port: 6379 }, 'ann');
  await commit();
  assert.deepEqual(namesOf(watchers.followed.at(-1)), []);
  await declare('a', { prefix: '/a', watch: 'on' });
  await commit();
  assert.deepEqual(namesOf(watchers.followed.at(-1)), ['a']);
  const after = await open(store);
  assert.deepEqual(after.watchers.followed.map(namesOf), [['a']]);
  assert.deepEqual(after.desk.health(), after.watchers.seen);
});

test('a commit is refused that watches with a secret that is not declared', async () => {
  const { declare, commit } = await open();
  await declare('a', { watch: { password: { secret: 'pw' } } });
  await assert.rejects(commit(), /cluster "a": watch\.password: secret "pw" is not declared/);
});
