// A restore: what a backup holds becomes what is committed and staged, whatever was before, and can be undone.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { ControlPlane } from '../../src/commit/control-plane.ts';
import { noEdits } from '../../src/inventory/edits.ts';
import type { Edits } from '../../src/inventory/edits.ts';
import { SnapshotCache } from '../../src/snapshot/snapshot.ts';
import { emptyState } from '../../src/store/fold.ts';
import type { LogState, LogStore } from '../../src/store/log-store.ts';
import { StoreError } from '../../src/store/log-store.ts';
import { createMemoryLogStore } from '../../src/store/memory-log-store.ts';
import { defaultOptions } from '../render/examples.ts';

const author = 'ann';

function cluster(name: string, prefix: string, ...ports: number[]): Edits {
  const endpoints = ports.map((port) => ({ address: '10.0.0.1', port }));
  return { ...noEdits, clusters: [{ name, after: { name, prefix, endpoints } }] };
}

interface Subject {
  readonly desk: ControlPlane;
  readonly store: LogStore;
  readonly snapshots: SnapshotCache;
}

async function openSubject(store = createMemoryLogStore()): Promise<Subject> {
  const snapshots = new SnapshotCache();
  const desk = await ControlPlane.open({ store, snapshots, renderOptions: defaultOptions });
  return { desk, store, snapshots };
}

/** With a and b committed, and of b another prefix staged, and c. */
async function makeState(): Promise<LogState> {
  const { desk, store } = await openSubject();
  await desk.stage(() => cluster('a', 'a:', 1, 2), author);
  await desk.stage(() => cluster('b', 'b:', 3), author);
  await desk.commit({ author });
  await desk.stage(() => cluster('b', 'bb:', 3), author);
  await desk.stage(() => cluster('c', 'b:'), author);
  return store.load();
}

/** What is committed and staged, without who did it. */
function shown({ desk: { declarations } }: Subject): object {
  return {
    committed: declarations.list('committed', 'cluster'),
    staged: declarations.staged.map(({ kind, name, after }) => ({ kind, name, after })),
  };
}

function held({ committed, staged }: LogState): object {
  return { committed: committed.clusters, staged: staged.map(({ kind, name, after }) => ({ kind, name, after })) };
}

describe('a restore', () => {
  test('makes a control plane that has nothing what the backup was', async () => {
    const [subject, state] = [await openSubject(), await makeState()];
    const outcome = await subject.desk.restore({ author, state });
    assert.deepEqual(shown(subject), held(state));
    const staged = [{ kind: 'cluster', name: 'b' }, { kind: 'cluster', name: 'c' }];
    assert.deepEqual([outcome.changed, outcome.revision, outcome.restoredRevision, outcome.staged], [true, 1, 1, staged]);
    assert.deepEqual(held(await subject.store.load()), held(state));
  });

  test('of the same state changes nothing', async () => {
    const [subject, state] = [await openSubject(), await makeState()];
    await subject.desk.restore({ author, state });
    const before = await subject.store.load();
    const { changed } = await subject.desk.restore({ author, state });
    assert.equal(changed, false);
    assert.deepEqual(await subject.store.load(), before);
  });

  test('takes what is staged otherwise away, and can be rolled back', async () => {
    const [subject, state] = [await openSubject(), await makeState()];
    const { desk, store } = subject;
    await desk.stage(() => cluster('other', 'a:', 4, 5, 6, 7, 8, 9, 10), author);
    await desk.commit({ author });
    await desk.stage(() => cluster('more', 'b:', 9), author);
    const before = await store.load();
    await assert.rejects(desk.restore({ author, state }), { name: 'ConflictError', code: 'guard' });
    assert.deepEqual(await store.load(), before);
    await desk.restore({ author, state, force: true });
    assert.deepEqual(shown(subject), held(state));
    const [newest] = await desk.revisions(9, 1);
    assert.deepEqual([newest?.revision, newest?.message], [2, 'restored from a backup of revision 1']);
    await desk.discard('all', author);
    await desk.rollback({ author, force: true });
    assert.deepEqual(desk.declarations.list('committed', 'cluster'), before.committed.clusters);
  });

  test('of before the first commit publishes no first revision', async () => {
    const subject = await openSubject();
    const { changed, revision } = await subject.desk.restore({ author, state: emptyState });
    assert.deepEqual([changed, revision, subject.snapshots.get('')], [false, 0, undefined]);
  });

  test('of nothing that was committed publishes that', async () => {
    const subject = await openSubject();
    const { changed, revision } = await subject.desk.restore({ author, state: { ...emptyState, revision: 7 } });
    assert.deepEqual([changed, revision], [true, 1]);
    assert.notEqual(subject.snapshots.get(''), undefined);
  });

  test('that can stage nothing any more says what it has done', async () => {
    const state = await makeState();
    const store = createMemoryLogStore();
    const append: LogStore['append'] = async (expected, entry) => {
      if (entry.type === 'stage') throw new StoreError('the disk is full');
      return store.append(expected, entry);
    };
    const { desk } = await openSubject({ ...store, append });
    const message = 'what was committed is restored as revision 1, but what is staged is not: the disk is full';
    await assert.rejects(desk.restore({ author, state }), { name: 'StoreError', message });
    assert.deepEqual(desk.declarations.staged, []);
  });

  test('looks at what is declared when its turn has come', async () => {
    const [{ desk, store }, state] = [await openSubject(), await makeState()];
    const require = (): never => assert.fail('somebody was faster');
    await assert.rejects(desk.restore({ author, state, require }), /somebody was faster/);
    assert.equal((await store.load()).lastEntry, 0);
  });
});
