import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ControlPlane } from '../../src/commit/control-plane.ts';
import { CommitError } from '../../src/commit/published.ts';
import type { Change } from '../../src/inventory/change.ts';
import { dialects } from '../../src/snapshot/dialect.ts';
import { SnapshotCache, defaultNodeGroup } from '../../src/snapshot/snapshot.ts';
import type { Snapshot } from '../../src/snapshot/snapshot.ts';
import { StoreError } from '../../src/store/log-store.ts';
import { defaultOptions } from '../render/examples.ts';
import { describeServed } from './served.ts';
import type { Served } from './served.ts';
import { createLogStoreDouble } from './log-store-double.ts';
import type { LogStoreDouble } from './log-store-double.ts';


const addDev: Change = { kind: 'add-cluster', name: 'dev', prefix: '/dev' };
const addDevEndpoint: Change = { kind: 'add-endpoint', cluster: 'dev', address: '10.0.0.1', port: 6379 };
const removeDevEndpoint: Change = { ...addDevEndpoint, kind: 'remove-endpoint' };
const addProd: Change = { kind: 'add-cluster', name: 'prod', prefix: '/prod' };
const removeProd: Change = { kind: 'remove-cluster', name: 'prod' };

const devWithEndpoint: Served = { dev: ['/dev', '10.0.0.1:6379'] };

describe('staging', () => {
  test('publishes nothing', async () => {
    const { controlPlane, published, served } = await createSubject();
    await controlPlane.stage(addDev);
    await controlPlane.stage(addDevEndpoint);
    assert.equal(published.length, 0);
    assert.equal(served(), undefined);
  });

  test('saves each change as the edit it stands for', async () => {
    const { controlPlane, store } = await createSubject();
    for (const change of [addDev, addDevEndpoint, removeDevEndpoint, addProd, removeProd]) await controlPlane.stage(change);
    assert.deepEqual(store.calls, [
      'stage dev []',
      'stage dev [10.0.0.1:6379]',
      'stage dev []',
      'stage prod []',
      'stage prod gone',
    ]);
  });

  test('saves nothing when a rule is broken, and changes nothing', async () => {
    const { controlPlane, store, served } = await createSubject();
    await assert.rejects(controlPlane.stage(addDevEndpoint), { name: 'InventoryError', code: 'cluster-not-found' });
    assert.deepEqual(store.calls, []);
    await controlPlane.commit();
    assert.deepEqual(served(), {});
  });

  test('changes nothing when it cannot be saved: the next commit does not hold it', async () => {
    const { controlPlane, store, served } = await createSubject();
    await controlPlane.stage(addDev);
    store.failing = 'stage';
    await assert.rejects(controlPlane.stage(addDevEndpoint), StoreError);
    await assert.rejects(controlPlane.stage(addProd), StoreError);
    store.failing = undefined;
    await controlPlane.commit();
    assert.deepEqual(served(), { dev: ['/dev'] });
  });

  test('takes a change that could not be saved when it is asked for again', async () => {
    const { controlPlane, store, served } = await createSubject();
    store.failing = 'stage';
    await assert.rejects(controlPlane.stage(addDev), StoreError);
    store.failing = undefined;
    await controlPlane.stage(addDev);
    await controlPlane.commit();
    assert.deepEqual(served(), { dev: ['/dev'] });
  });
});

describe('a commit', () => {
  test('publishes what is staged, to nodes of whatever group', async () => {
    const { controlPlane, snapshots, served } = await createSubject();
    await controlPlane.stage(addDev);
    await controlPlane.stage(addDevEndpoint);
    assert.deepEqual(await controlPlane.commit(), { changed: true });
    assert.deepEqual(served(), devWithEndpoint);
    assert.equal(snapshots.get('somebody else'), snapshots.get(defaultNodeGroup));
  });

  test('is saved before it is published', async () => {
    const { controlPlane, store, published, served } = await createSubject();
    await controlPlane.stage(addDev);
    await controlPlane.commit();
    await controlPlane.stage(addProd);
    let whileSaving: Served;
    store.whileCommitting = () => {
      whileSaving = served();
      assert.equal(published.length, 1);
    };
    await controlPlane.commit();
    assert.deepEqual(whileSaving, { dev: ['/dev'] });
    assert.deepEqual(served(), { dev: ['/dev'], prod: ['/prod'] });
  });

  test('saves all that differs, and nothing else', async () => {
    const { controlPlane, store } = await createSubject();
    for (const change of [addDev, addDevEndpoint, addProd]) await controlPlane.stage(change);
    await controlPlane.commit();
    store.calls.length = 0;
    await controlPlane.stage(removeDevEndpoint);
    await controlPlane.stage(removeProd);
    await controlPlane.commit();
    assert.deepEqual(store.calls.slice(2), ['commit dev [], prod gone']);
  });

  test('publishes one snapshot, however many changes it holds', async () => {
    const { controlPlane, published } = await createSubject();
    for (const change of [addDev, addDevEndpoint, addProd]) await controlPlane.stage(change);
    await controlPlane.commit();
    assert.equal(published.length, 1);
  });

  test('that is the first ever publishes even when nothing is staged', async () => {
    const { controlPlane, store, published, served } = await createSubject();
    assert.deepEqual(await controlPlane.commit(), { changed: true });
    assert.deepEqual(store.calls, ['commit ']);
    assert.equal(published.length, 1);
    assert.deepEqual(served(), {});
  });

  test('publishes and saves nothing when nothing is staged', async () => {
    for (const changes of [[], [addDev, addDevEndpoint]]) {
      const { controlPlane, store, published } = await createSubject();
      for (const change of changes) await controlPlane.stage(change);
      await controlPlane.commit();
      store.calls.length = 0;
      assert.deepEqual(await controlPlane.commit(), { changed: false });
      assert.equal(published.length, 1);
      assert.deepEqual(store.calls, []);
    }
  });

  const changedBack: readonly (readonly [what: string, changes: readonly Change[]])[] = [
    [
      'an endpoint that was added and removed again',
      [
        { ...addDevEndpoint, port: 1 },
        { ...removeDevEndpoint, port: 1 },
      ],
    ],
    ['an endpoint that was removed and added again', [removeDevEndpoint, addDevEndpoint]],
    ['a cluster that was added and removed again', [addProd, removeProd]],
    [
      'a cluster that was removed and added again',
      [removeDevEndpoint, { kind: 'remove-cluster', name: 'dev' }, addDev, addDevEndpoint],
    ],
  ];
  for (const [what, changes] of changedBack) {
    test(`publishes and saves nothing for ${what}`, async () => {
      const { controlPlane, store, published } = await createSubject();
      await controlPlane.stage(addDev);
      await controlPlane.stage(addDevEndpoint);
      await controlPlane.commit();
      for (const change of changes) await controlPlane.stage(change);
      store.calls.length = 0;
      assert.deepEqual(await controlPlane.commit(), { changed: false });
      assert.equal(published.length, 1);
      assert.deepEqual(store.calls, []);
    });
  }

  const changedForGood: readonly (readonly [what: string, changes: readonly Change[], after: Served])[] = [
    [
      'another port of the same address',
      [removeDevEndpoint, { ...addDevEndpoint, port: 6380 }],
      { dev: ['/dev', '10.0.0.1:6380'] },
    ],
    [
      'another address with the same port',
      [removeDevEndpoint, { ...addDevEndpoint, address: '10.0.0.2' }],
      { dev: ['/dev', '10.0.0.2:6379'] },
    ],
    [
      'a cluster that came back with another prefix',
      [removeDevEndpoint, { kind: 'remove-cluster', name: 'dev' }, { ...addDev, prefix: '/d' }, addDevEndpoint],
      { dev: ['/d', '10.0.0.1:6379'] },
    ],
  ];
  for (const [what, changes, after] of changedForGood) {
    test(`publishes ${what}`, async () => {
      const { controlPlane, published, served } = await createSubject();
      await controlPlane.stage(addDev);
      await controlPlane.stage(addDevEndpoint);
      await controlPlane.commit();
      for (const change of changes) await controlPlane.stage(change);
      assert.deepEqual(await controlPlane.commit(), { changed: true });
      assert.equal(published.length, 2);
      assert.deepEqual(served(), after);
    });
  }

  test('serves what was staged then, not what is staged since, even when first asked for later', async () => {
    const { controlPlane, snapshots } = await createSubject();
    await controlPlane.stage(addDev);
    await controlPlane.commit();
    await controlPlane.stage(addDevEndpoint);
    await controlPlane.stage(addProd);
    assert.deepEqual(describeServed(snapshots.get(defaultNodeGroup)), { dev: ['/dev'] });
  });

  test('leaves earlier snapshots as they were', async () => {
    const { controlPlane, published } = await createSubject();
    await controlPlane.stage(addDev);
    await controlPlane.commit();
    await controlPlane.stage(addDevEndpoint);
    await controlPlane.commit();
    assert.deepEqual(published.map(describeServed), [{ dev: ['/dev'] }, devWithEndpoint]);
  });
});

describe('a commit that cannot be saved', () => {
  test('leaves the old snapshot served, and what is staged staged', async () => {
    const { controlPlane, store, published, served } = await createSubject();
    await controlPlane.stage(addDev);
    await controlPlane.commit();
    served();
    await controlPlane.stage(addDevEndpoint);
    store.failing = 'commit';
    await assert.rejects(controlPlane.commit(), StoreError);
    assert.equal(published.length, 1);
    assert.deepEqual(served(), { dev: ['/dev'] });

    store.failing = undefined;
    assert.deepEqual(await controlPlane.commit(), { changed: true });
    assert.deepEqual(served(), devWithEndpoint);
    assert.deepEqual(store.calls.slice(-2), ['commit dev [10.0.0.1:6379]', 'commit dev [10.0.0.1:6379]']);
  });

  test('leaves nothing served when it is the first ever', async () => {
    const { controlPlane, store, served } = await createSubject();
    store.failing = 'commit';
    await assert.rejects(controlPlane.commit(), StoreError);
    assert.equal(served(), undefined);

    store.failing = undefined;
    assert.deepEqual(await controlPlane.commit(), { changed: true });
    assert.deepEqual(served(), {});
  });

  test('is forgotten when what it held is changed back', async () => {
    const { controlPlane, store, published } = await createSubject();
    await controlPlane.commit();
    await controlPlane.stage(addProd);
    store.failing = 'commit';
    await assert.rejects(controlPlane.commit(), StoreError);
    store.failing = undefined;
    await controlPlane.stage(removeProd);
    assert.deepEqual(await controlPlane.commit(), { changed: false });
    assert.equal(published.length, 1);
  });
});

describe('a commit that Envoy would not take', () => {
  const unpublishable: readonly (readonly [what: string, change: Change, message: RegExp])[] = [
    [
      "a cluster named as the control plane's own",
      { kind: 'add-cluster', name: 'xds_cluster', prefix: '/x' },
      /^not published: cluster "xds_cluster": .*control plane/,
    ],
    [
      'a prefix of 1,001 bytes',
      { kind: 'add-cluster', name: 'long', prefix: 'p'.repeat(1001) },
      /^not published: cluster "long": prefix has 1001 bytes, .*at most 1000$/,
    ],
    [
      'a prefix of 334 letters of three bytes each',
      { kind: 'add-cluster', name: 'long', prefix: '集'.repeat(334) },
      /^not published: cluster "long": prefix has 1002 bytes/,
    ],
  ];
  for (const [what, change, message] of unpublishable) {
    test(`is refused, and all is as before: ${what}`, async () => {
      const { controlPlane, store, published, served } = await createSubject();
      await controlPlane.stage(addDev);
      await controlPlane.commit();
      await controlPlane.stage(addDevEndpoint);
      await controlPlane.stage(change);
      store.calls.length = 0;
      for (const _attempt of [1, 2]) {
        await assert.rejects(controlPlane.commit(), { name: 'CommitError', message });
      }
      assert.deepEqual(store.calls, []);
      assert.equal(published.length, 1);
      assert.deepEqual(served(), { dev: ['/dev'] });

      assert.ok(change.kind === 'add-cluster');
      await controlPlane.stage({ kind: 'remove-cluster', name: change.name });
      assert.deepEqual(await controlPlane.commit(), { changed: true });
      assert.deepEqual(served(), devWithEndpoint);
    });
  }

  test('says in one line all that is wrong', async () => {
    const { controlPlane } = await createSubject();
    await controlPlane.stage({ kind: 'add-cluster', name: 'long', prefix: 'p'.repeat(1001) });
    await controlPlane.stage({ kind: 'add-cluster', name: 'xds_cluster', prefix: 'q'.repeat(2000) });
    await assert.rejects(controlPlane.commit(), (error: Error) => {
      const problems = error.message.replace(/^not published: /, '').split('; ');
      assert.equal(problems.length, 3, error.message);
      assert.match(problems[0] ?? '', /"long".*1001/);
      assert.match(problems[1] ?? '', /"xds_cluster"/);
      assert.match(problems[2] ?? '', /"xds_cluster".*2000/);
      assert.doesNotMatch(error.message, /\n/);
      return true;
    });
  });

  test('is not one with a prefix of exactly 1,000 bytes', async () => {
    const { controlPlane, served } = await createSubject();
    await controlPlane.stage({ kind: 'add-cluster', name: 'long', prefix: 'p'.repeat(1000) });
    assert.deepEqual(await controlPlane.commit(), { changed: true });
    assert.deepEqual(served(), { long: ['p'.repeat(1000)] });
  });
});

describe('a restart', () => {
  test('publishes what was committed before it is open, and keeps what is staged', async () => {
    const before = await createSubject();
    await before.controlPlane.stage(addDev);
    await before.controlPlane.commit();
    await before.controlPlane.stage(addDevEndpoint);
    await before.controlPlane.stage(addProd);

    const { controlPlane, store, published, served } = await createSubject({ store: before.store });
    assert.equal(published.length, 1);
    assert.deepEqual(describeServed(published[0]), { dev: ['/dev'] });
    await assert.rejects(controlPlane.stage(addProd), { code: 'cluster-exists' });

    store.calls.length = 0;
    assert.deepEqual(await controlPlane.commit(), { changed: true });
    assert.deepEqual(store.calls, ['commit dev [10.0.0.1:6379], prod []']);
    assert.deepEqual(served(), { ...devWithEndpoint, prod: ['/prod'] });
  });

  test('has nothing to commit when everything was committed', async () => {
    const before = await createSubject();
    await before.controlPlane.stage(addDev);
    await before.controlPlane.stage(addDevEndpoint);
    await before.controlPlane.commit();

    const { controlPlane, published } = await createSubject({ store: before.store });
    assert.deepEqual(await controlPlane.commit(), { changed: false });
    assert.deepEqual(published.map(describeServed), [devWithEndpoint]);
  });

  test('publishes nothing when nothing was ever committed', async () => {
    const before = await createSubject();
    await before.controlPlane.stage(addDev);

    const { controlPlane, published, served } = await createSubject({ store: before.store });
    assert.equal(published.length, 0);
    assert.equal(served(), undefined);
    await controlPlane.commit();
    assert.deepEqual(served(), { dev: ['/dev'] });
  });

  test('publishes the empty state when that was committed', async () => {
    const before = await createSubject();
    await before.controlPlane.commit();

    const { controlPlane, served } = await createSubject({ store: before.store });
    assert.deepEqual(served(), {});
    assert.deepEqual(await controlPlane.commit(), { changed: false });
  });

  test('gives the same versions as before', async () => {
    const before = await createSubject();
    await before.controlPlane.stage(addDev);
    await before.controlPlane.stage(addDevEndpoint);
    await before.controlPlane.commit();

    const { snapshots } = await createSubject({ store: before.store });
    for (const kind of ['cluster', 'endpoint', 'listener', 'route'] as const) {
      const dialect = dialects.v3.ads;
      const version = before.snapshots.get(defaultNodeGroup)?.resources(kind, dialect).version;
      assert.equal(snapshots.get(defaultNodeGroup)?.resources(kind, dialect).version, version);
    }
  });

  test('fails, and publishes nothing, with an option that makes the committed state unpublishable', async () => {
    const before = await createSubject();
    await before.controlPlane.stage(addDev);
    await before.controlPlane.commit();
    const snapshots = new SnapshotCache();
    const options = { ...defaultOptions, xdsClusterName: 'dev' };
    await assert.rejects(
      ControlPlane.open({ store: before.store, snapshots, renderOptions: options }),
      (error) => error instanceof CommitError && /cluster "dev"/.test(error.message),
    );
    assert.equal(snapshots.get(defaultNodeGroup), undefined);
  });

  test('fails, and publishes nothing, when the stored state cannot be read', async () => {
    const store = createLogStoreDouble();
    store.failing = 'load';
    const snapshots = new SnapshotCache();
    await assert.rejects(ControlPlane.open({ store, snapshots, renderOptions: defaultOptions }), StoreError);
    assert.equal(snapshots.get(defaultNodeGroup), undefined);
  });
});

interface Subject {
  readonly controlPlane: {
    readonly stage: (change: Change) => Promise<void>;
    readonly commit: () => Promise<{ changed: boolean }>;
  };
  readonly snapshots: SnapshotCache;
  readonly store: LogStoreDouble;
  /** Every snapshot that was published, in order, from the opening on. */
  readonly published: readonly Snapshot[];
  readonly served: () => Served;
}

async function createSubject({ store = createLogStoreDouble() } = {}): Promise<Subject> {
  const snapshots = new SnapshotCache();
  const published: Snapshot[] = [];
  snapshots.watch(() => {
    const snapshot = snapshots.get(defaultNodeGroup);
    assert.ok(snapshot !== undefined);
    published.push(snapshot);
  });
  const opened = await ControlPlane.open({ store, snapshots, renderOptions: defaultOptions });
  const controlPlane = {
    stage: (change: Change) => opened.change(change, 'test'),
    commit: async () => {
      const { changed } = await opened.commit({ author: 'test', isUnguarded: true });
      return { changed };
    },
  };
  return { controlPlane, snapshots, store, published, served: () => describeServed(snapshots.get(defaultNodeGroup)) };
}
