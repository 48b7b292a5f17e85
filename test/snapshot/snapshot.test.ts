import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ResourceSet } from '../../src/snapshot/resource-set.ts';
import { SnapshotCache } from '../../src/snapshot/snapshot.ts';
import type { NodeGroup, Snapshot } from '../../src/snapshot/snapshot.ts';

function createSnapshot(): Snapshot {
  const set = ResourceSet.of({ typeUrl: 'type', apiVersion: 'v3' }, []);
  return { resources: () => set, draining: [] };
}

describe('the snapshot cache', () => {
  test('has nothing for a group before its first snapshot', () => {
    const cache = new SnapshotCache();
    cache.set('a', createSnapshot());
    assert.equal(cache.get('b'), undefined);
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

  test('tells every watcher at once, when the snapshot is there to be got', () => {
    const cache = new SnapshotCache();
    const snapshot = createSnapshot();
    const told: [string, NodeGroup, Snapshot | undefined][] = [];
    cache.watch((group) => told.push(['first', group, cache.get(group)]));
    cache.watch((group) => told.push(['second', group, cache.get(group)]));
    cache.set('a', snapshot);
    assert.deepEqual(told, [['first', 'a', snapshot], ['second', 'a', snapshot]]);
  });

  test('tells a watcher nothing of what was before, nor of what comes after it stopped', () => {
    const cache = new SnapshotCache();
    const told: NodeGroup[] = [];
    cache.set('before', createSnapshot());
    const stop = cache.watch((group) => told.push(group));
    cache.set('during', createSnapshot());
    stop();
    stop();
    cache.set('after', createSnapshot());
    assert.deepEqual(told, ['during']);
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
