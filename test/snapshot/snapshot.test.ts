import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ResourceSet } from '../../src/snapshot/resource-set.ts';
import { SnapshotCache, defaultNodeGroup } from '../../src/snapshot/snapshot.ts';
import type { NodeGroup, Snapshot } from '../../src/snapshot/snapshot.ts';

function createSnapshot(): Snapshot {
  const set = ResourceSet.of({ typeUrl: 'type', apiVersion: 'v3' }, []);
  return { resources: () => set, draining: [] };
}

/** Which of these groups each update concerns. */
function noteConcerned(cache: SnapshotCache, groups: readonly NodeGroup[]): NodeGroup[][] {
  const told: NodeGroup[][] = [];
  cache.watch((isConcerned) => told.push(groups.filter(isConcerned)));
  return told;
}

describe('the snapshot cache', () => {
  test('has nothing for a group before its first snapshot, when there is none by default', () => {
    const cache = new SnapshotCache();
    cache.set('a', createSnapshot());
    assert.equal(cache.get('b'), undefined);
    assert.equal(cache.get(defaultNodeGroup), undefined);
  });

  test('has the newest snapshot of each group', () => {
    const cache = new SnapshotCache();
    const [first, second, other] = [createSnapshot(), createSnapshot(), createSnapshot()];
    cache.set('a', first);
    cache.set('b', other);
    cache.set('a', second);
    assert.equal(cache.get('a'), second);
    assert.equal(cache.get('b'), other);
  });

  test('has the default for a group without a snapshot of its own, before and after it had one', () => {
    const cache = new SnapshotCache();
    const [first, second, own] = [createSnapshot(), createSnapshot(), createSnapshot()];
    cache.set(defaultNodeGroup, first);
    assert.equal(cache.get('a'), first);
    cache.set('a', own);
    assert.deepEqual([cache.get('a') === own, cache.get('b') === first], [true, true]);
    cache.update(new Map([['a', undefined]]));
    assert.equal(cache.get('a'), first);
    cache.set(defaultNodeGroup, second);
    assert.equal(cache.get('a'), second);
  });

  test('knows when it was given the newest snapshot, by the monotonic clock', () => {
    const cache = new SnapshotCache();
    const snapshot = createSnapshot();
    const before = performance.now();
    cache.set('a', snapshot);
    const after = performance.now();
    const publication = cache.publication('a');
    assert.equal(publication?.snapshot, snapshot);
    assert.ok(publication.atMs >= before && publication.atMs <= after);
    assert.equal(cache.publication('b'), undefined);
  });

  test('knows when a group was given the default in place of its own', () => {
    const cache = new SnapshotCache();
    const fallback = createSnapshot();
    cache.update(new Map([[defaultNodeGroup, fallback], ['a', createSnapshot()], ['b', createSnapshot()]]));
    const [published, before] = [cache.publication('c'), performance.now()];
    cache.update(new Map([['a', undefined]]));
    const fallen = cache.publication('a');
    assert.equal(fallen?.snapshot, fallback);
    assert.ok(fallen.atMs >= before);
    assert.equal(cache.publication('c'), published);
    cache.update(new Map([[defaultNodeGroup, createSnapshot()], ['b', undefined]]));
    for (const group of ['a', 'b']) assert.equal(cache.publication(group), cache.publication(defaultNodeGroup));
  });

  test('tells every watcher at once, when the snapshot is there to be got', () => {
    const cache = new SnapshotCache();
    const snapshot = createSnapshot();
    const told: [string, Snapshot | undefined][] = [];
    cache.watch(() => told.push(['first', cache.get('a')]));
    cache.watch(() => told.push(['second', cache.get('a')]));
    cache.set('a', snapshot);
    assert.deepEqual(told, [['first', snapshot], ['second', snapshot]]);
  });

  test('tells of those groups that are given another snapshot, and of no other', () => {
    const cache = new SnapshotCache();
    const told = noteConcerned(cache, [defaultNodeGroup, 'a', 'b', 'c']);
    const updates: readonly (readonly [NodeGroup, 'set' | 'gone'])[][] = [
      [[defaultNodeGroup, 'set']],
      [['a', 'set']],
      [[defaultNodeGroup, 'set']],
      [['a', 'set'], ['b', 'set']],
      [[defaultNodeGroup, 'set'], ['b', 'gone']],
      [['a', 'gone']],
      [[defaultNodeGroup, 'set']],
    ];
    for (const update of updates) {
      cache.update(new Map(update.map(([group, to]) => [group, to === 'set' ? createSnapshot() : undefined])));
    }
    assert.deepEqual(told, [
      [defaultNodeGroup, 'a', 'b', 'c'],
      ['a'],
      [defaultNodeGroup, 'b', 'c'],
      ['a', 'b'],
      [defaultNodeGroup, 'b', 'c'],
      ['a'],
      [defaultNodeGroup, 'a', 'b', 'c'],
    ]);
  });

  test('tells a watcher once of all groups of an update, when each has its new snapshot', () => {
    const cache = new SnapshotCache();
    const update = new Map([['a', createSnapshot()], ['b', createSnapshot()]]);
    const seen: (readonly [NodeGroup, Snapshot | undefined])[][] = [];
    cache.watch(() => seen.push(['a', 'b'].map((group) => [group, cache.get(group)] as const)));
    cache.update(update);
    assert.deepEqual(seen, [[...update]]);
  });

  test('tells a watcher nothing of what was before, nor of what comes after it stopped', () => {
    const cache = new SnapshotCache();
    const groups = ['before', 'during', 'after'];
    const told: NodeGroup[][] = [];
    cache.set('before', createSnapshot());
    const stop = cache.watch((isConcerned) => told.push(groups.filter(isConcerned)));
    cache.set('during', createSnapshot());
    stop();
    stop();
    cache.set('after', createSnapshot());
    assert.deepEqual(told, [['during']]);
  });

  test('goes on telling the others when one stops while it is told', () => {
    const cache = new SnapshotCache();
    const told: string[] = [];
    const stop = cache.watch(() => {
      told.push('once');
      stop();
    });
    cache.watch(() => told.push('always'));
    cache.set('a', createSnapshot());
    cache.set('a', createSnapshot());
    assert.deepEqual(told, ['once', 'always', 'always']);
  });
});
