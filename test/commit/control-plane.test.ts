import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ControlPlane } from '../../src/commit/control-plane.ts';
import { CommitError } from '../../src/commit/control.ts';
import type { Change } from '../../src/inventory/change.ts';
import type { Cluster } from '../../src/inventory/cluster.ts';
import { dialects } from '../../src/snapshot/dialect.ts';
import { SnapshotCache } from '../../src/snapshot/snapshot.ts';
import type { Snapshot } from '../../src/snapshot/snapshot.ts';
import { StoreError } from '../../src/store/store.ts';
import { defaultOptions } from '../render/examples.ts';
import { describeServed } from './served.ts';
import type { Served } from './served.ts';
import { createStoreDouble } from './store-double.ts';
import type { StoreDouble } from './store-double.ts';

const group = 'everybody';

const addDev: Change = { kind: 'add-cluster', name: 'dev', prefix: '/dev' };
const addDevEndpoint: Change = { kind: 'add-endpoint', cluster: 'dev', address: '10.0.0.1', port: 6379 };
const removeDevEndpoint: Change = { ...addDevEndpoint, kind: 'remove-endpoint' };
const addProd: Change = { kind: 'add-cluster', name: 'prod', prefix: '/prod' };
const removeProd: Change = { kind: 'remove-cluster', name: 'prod' };

const devWithEndpoint: Served = { dev: ['/dev', '10.0.0.1:6379'] };

describe('staging', () => {
  test('publishes nothing', () => {
    const { controlPlane, published, served } = createSubject();
    controlPlane.stage(addDev);
    controlPlane.stage(addDevEndpoint);
    assert.equal(published.length, 0);
    assert.equal(served(), undefined);
  });

  test('saves each change as the edit it stands for', () => {
    const { controlPlane, store } = createSubject();
    for (const change of [addDev, addDevEndpoint, removeDevEndpoint, addProd, removeProd]) controlPlane.stage(change);
    assert.deepEqual(store.calls, [
      'staged dev []',
      'staged dev [10.0.0.1:6379]',
      'staged dev []',
      'staged prod []',
      'staged prod gone',
    ]);
  });

  test('saves nothing when a rule is broken, and changes nothing', () => {
    const { controlPlane, store, served } = createSubject();
    assert.throws(() => controlPlane.stage(addDevEndpoint), { name: 'InventoryError', code: 'cluster-not-found' });
    assert.deepEqual(store.calls, []);
    controlPlane.commit();
    assert.deepEqual(served(), {});
  });

  test('changes nothing when it cannot be saved: the next commit does not hold it', () => {
    const { controlPlane, store, served } = createSubject();
    controlPlane.stage(addDev);
    store.failing = 'saveStaged';
    assert.throws(() => controlPlane.stage(addDevEndpoint), StoreError);
    assert.throws(() => controlPlane.stage(addProd), StoreError);
    store.failing = undefined;
    controlPlane.commit();
    assert.deepEqual(served(), { dev: ['/dev'] });
  });

  test('takes a change that could not be saved when it is asked for again', () => {
    const { controlPlane, store, served } = createSubject();
    store.failing = 'saveStaged';
    assert.throws(() => controlPlane.stage(addDev), StoreError);
    store.failing = undefined;
    controlPlane.stage(addDev);
    controlPlane.commit();
    assert.deepEqual(served(), { dev: ['/dev'] });
  });
});

describe('a commit', () => {
  test('publishes what is staged, to its group alone', () => {
    const { controlPlane, snapshots, served } = createSubject();
    controlPlane.stage(addDev);
    controlPlane.stage(addDevEndpoint);
    assert.deepEqual(controlPlane.commit(), { changed: true });
    assert.deepEqual(served(), devWithEndpoint);
    assert.equal(snapshots.get('somebody else'), undefined);
  });

  test('is saved before it is published', () => {
    const { controlPlane, store, published, served } = createSubject();
    controlPlane.stage(addDev);
    controlPlane.commit();
    controlPlane.stage(addProd);
    let whileSaving: Served;
    store.whileSavingCommit = () => {
      whileSaving = served();
      assert.equal(published.length, 1);
    };
    controlPlane.commit();
    assert.deepEqual(whileSaving, { dev: ['/dev'] });
    assert.deepEqual(served(), { dev: ['/dev'], prod: ['/prod'] });
  });

  test('saves all that differs, and nothing else', () => {
    const { controlPlane, store } = createSubject();
    for (const change of [addDev, addDevEndpoint, addProd]) controlPlane.stage(change);
    controlPlane.commit();
    store.calls.length = 0;
    controlPlane.stage(removeDevEndpoint);
    controlPlane.stage(removeProd);
    controlPlane.commit();
    assert.deepEqual(store.calls.slice(2), ['commit dev [], prod gone']);
  });

  test('publishes one snapshot, however many changes it holds', () => {
    const { controlPlane, published } = createSubject();
    for (const change of [addDev, addDevEndpoint, addProd]) controlPlane.stage(change);
    controlPlane.commit();
    assert.equal(published.length, 1);
  });

  test('that is the first ever publishes even when nothing is staged', () => {
    const { controlPlane, store, published, served } = createSubject();
    assert.deepEqual(controlPlane.commit(), { changed: true });
    assert.deepEqual(store.calls, ['commit ']);
    assert.equal(published.length, 1);
    assert.deepEqual(served(), {});
  });

  test('publishes and saves nothing when nothing is staged', () => {
    for (const changes of [[], [addDev, addDevEndpoint]]) {
      const { controlPlane, store, published } = createSubject();
      for (const change of changes) controlPlane.stage(change);
      controlPlane.commit();
      store.calls.length = 0;
      assert.deepEqual(controlPlane.commit(), { changed: false });
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
    test(`publishes and saves nothing for ${what}`, () => {
      const { controlPlane, store, published } = createSubject();
      controlPlane.stage(addDev);
      controlPlane.stage(addDevEndpoint);
      controlPlane.commit();
      for (const change of changes) controlPlane.stage(change);
      store.calls.length = 0;
      assert.deepEqual(controlPlane.commit(), { changed: false });
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
    test(`publishes ${what}`, () => {
      const { controlPlane, published, served } = createSubject();
      controlPlane.stage(addDev);
      controlPlane.stage(addDevEndpoint);
      controlPlane.commit();
      for (const change of changes) controlPlane.stage(change);
      assert.deepEqual(controlPlane.commit(), { changed: true });
      assert.equal(published.length, 2);
      assert.deepEqual(served(), after);
    });
  }

  test('serves what was staged then, not what is staged since, even when first asked for later', () => {
    const { controlPlane, snapshots } = createSubject();
    controlPlane.stage(addDev);
    controlPlane.commit();
    controlPlane.stage(addDevEndpoint);
    controlPlane.stage(addProd);
    assert.deepEqual(describeServed(snapshots.get(group)), { dev: ['/dev'] });
  });

  test('leaves earlier snapshots as they were', () => {
    const { controlPlane, published } = createSubject();
    controlPlane.stage(addDev);
    controlPlane.commit();
    controlPlane.stage(addDevEndpoint);
    controlPlane.commit();
    assert.deepEqual(published.map(describeServed), [{ dev: ['/dev'] }, devWithEndpoint]);
  });
});

describe('a commit that cannot be saved', () => {
  test('leaves the old snapshot served, and what is staged staged', () => {
    const { controlPlane, store, published, served } = createSubject();
    controlPlane.stage(addDev);
    controlPlane.commit();
    served();
    controlPlane.stage(addDevEndpoint);
    store.failing = 'saveCommit';
    assert.throws(() => controlPlane.commit(), StoreError);
    assert.equal(published.length, 1);
    assert.deepEqual(served(), { dev: ['/dev'] });

    store.failing = undefined;
    assert.deepEqual(controlPlane.commit(), { changed: true });
    assert.deepEqual(served(), devWithEndpoint);
    assert.deepEqual(store.calls.slice(-2), ['commit dev [10.0.0.1:6379]', 'commit dev [10.0.0.1:6379]']);
  });

  test('leaves nothing served when it is the first ever', () => {
    const { controlPlane, store, served } = createSubject();
    store.failing = 'saveCommit';
    assert.throws(() => controlPlane.commit(), StoreError);
    assert.equal(served(), undefined);

    store.failing = undefined;
    assert.deepEqual(controlPlane.commit(), { changed: true });
    assert.deepEqual(served(), {});
  });

  test('is forgotten when what it held is changed back', () => {
    const { controlPlane, store, published } = createSubject();
    controlPlane.commit();
    controlPlane.stage(addProd);
    store.failing = 'saveCommit';
    assert.throws(() => controlPlane.commit(), StoreError);
    store.failing = undefined;
    controlPlane.stage(removeProd);
    assert.deepEqual(controlPlane.commit(), { changed: false });
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
    test(`is refused, and all is as before: ${what}`, () => {
      const { controlPlane, store, published, served } = createSubject();
      controlPlane.stage(addDev);
      controlPlane.commit();
      controlPlane.stage(addDevEndpoint);
      controlPlane.stage(change);
      store.calls.length = 0;
      for (const _attempt of [1, 2]) {
        assert.throws(() => controlPlane.commit(), { name: 'CommitError', message });
      }
      assert.deepEqual(store.calls, []);
      assert.equal(published.length, 1);
      assert.deepEqual(served(), { dev: ['/dev'] });

      assert.ok(change.kind === 'add-cluster');
      controlPlane.stage({ kind: 'remove-cluster', name: change.name });
      assert.deepEqual(controlPlane.commit(), { changed: true });
      assert.deepEqual(served(), devWithEndpoint);
    });
  }

  test('says in one line all that is wrong', () => {
    const { controlPlane } = createSubject();
    controlPlane.stage({ kind: 'add-cluster', name: 'long', prefix: 'p'.repeat(1001) });
    controlPlane.stage({ kind: 'add-cluster', name: 'xds_cluster', prefix: 'q'.repeat(2000) });
    assert.throws(() => controlPlane.commit(), (error: Error) => {
      const problems = error.message.replace(/^not published: /, '').split('; ');
      assert.equal(problems.length, 3, error.message);
      assert.match(problems[0] ?? '', /"long".*1001/);
      assert.match(problems[1] ?? '', /"xds_cluster"/);
      assert.match(problems[2] ?? '', /"xds_cluster".*2000/);
      assert.doesNotMatch(error.message, /\n/);
      return true;
    });
  });

  test('is not one with a prefix of exactly 1,000 bytes', () => {
    const { controlPlane, served } = createSubject();
    controlPlane.stage({ kind: 'add-cluster', name: 'long', prefix: 'p'.repeat(1000) });
    assert.deepEqual(controlPlane.commit(), { changed: true });
    assert.deepEqual(served(), { long: ['p'.repeat(1000)] });
  });
});

describe('a restart', () => {
  test('publishes what was committed before the constructor returns, and keeps what is staged', () => {
    const before = createSubject();
    before.controlPlane.stage(addDev);
    before.controlPlane.commit();
    before.controlPlane.stage(addDevEndpoint);
    before.controlPlane.stage(addProd);

    const { controlPlane, store, published, served } = createSubject({ store: before.store });
    assert.equal(published.length, 1);
    assert.deepEqual(describeServed(published[0]), { dev: ['/dev'] });
    assert.throws(() => controlPlane.stage(addProd), { code: 'cluster-exists' });

    store.calls.length = 0;
    assert.deepEqual(controlPlane.commit(), { changed: true });
    assert.deepEqual(store.calls, ['commit dev [10.0.0.1:6379], prod []']);
    assert.deepEqual(served(), { ...devWithEndpoint, prod: ['/prod'] });
  });

  test('has nothing to commit when everything was committed', () => {
    const before = createSubject();
    before.controlPlane.stage(addDev);
    before.controlPlane.stage(addDevEndpoint);
    before.controlPlane.commit();

    const { controlPlane, published } = createSubject({ store: before.store });
    assert.deepEqual(controlPlane.commit(), { changed: false });
    assert.deepEqual(published.map(describeServed), [devWithEndpoint]);
  });

  test('has nothing to commit when equal clusters come back as other objects', () => {
    const dev = (): Cluster => ({ name: 'dev', prefix: '/dev', endpoints: [{ address: '10.0.0.1', port: 6379 }] });
    const store = createStoreDouble({ staged: [dev()], committed: [dev()], draining: [], routes: undefined });
    const { controlPlane } = createSubject({ store });
    assert.deepEqual(controlPlane.commit(), { changed: false });
  });

  test('publishes nothing when nothing was ever committed', () => {
    const before = createSubject();
    before.controlPlane.stage(addDev);

    const { controlPlane, published, served } = createSubject({ store: before.store });
    assert.equal(published.length, 0);
    assert.equal(served(), undefined);
    controlPlane.commit();
    assert.deepEqual(served(), { dev: ['/dev'] });
  });

  test('publishes the empty state when that was committed', () => {
    const before = createSubject();
    before.controlPlane.commit();

    const { controlPlane, served } = createSubject({ store: before.store });
    assert.deepEqual(served(), {});
    assert.deepEqual(controlPlane.commit(), { changed: false });
  });

  test('gives the same versions as before', () => {
    const before = createSubject();
    before.controlPlane.stage(addDev);
    before.controlPlane.stage(addDevEndpoint);
    before.controlPlane.commit();

    const { snapshots } = createSubject({ store: before.store });
    for (const kind of ['cluster', 'endpoint', 'listener', 'route'] as const) {
      const dialect = dialects.v3.ads;
      const version = before.snapshots.get(group)?.resources(kind, dialect).version;
      assert.equal(snapshots.get(group)?.resources(kind, dialect).version, version);
    }
  });

  test('fails, and publishes nothing, with an option that makes the committed state unpublishable', () => {
    const before = createSubject();
    before.controlPlane.stage(addDev);
    before.controlPlane.commit();
    const snapshots = new SnapshotCache();
    const options = { ...defaultOptions, xdsClusterName: 'dev' };
    assert.throws(
      () => new ControlPlane({ store: before.store, snapshots, group, renderOptions: options }),
      (error) => error instanceof CommitError && /cluster "dev"/.test(error.message),
    );
    assert.equal(snapshots.get(group), undefined);
  });

  test('fails, and publishes nothing, when the stored state cannot be read', () => {
    const store = createStoreDouble();
    store.failing = 'load';
    const snapshots = new SnapshotCache();
    assert.throws(() => new ControlPlane({ store, snapshots, group, renderOptions: defaultOptions }), StoreError);
    assert.equal(snapshots.get(group), undefined);
  });
});

interface Subject {
  readonly controlPlane: ControlPlane;
  readonly snapshots: SnapshotCache;
  readonly store: StoreDouble;
  /** Every snapshot that was published to the group, in order, from the constructor on. */
  readonly published: readonly Snapshot[];
  readonly served: () => Served;
}

function createSubject({ store = createStoreDouble() } = {}): Subject {
  const snapshots = new SnapshotCache();
  const published: Snapshot[] = [];
  snapshots.watch((changed) => {
    const snapshot = snapshots.get(changed);
    assert.ok(snapshot !== undefined);
    published.push(snapshot);
  });
  const controlPlane = new ControlPlane({ store, snapshots, group, renderOptions: defaultOptions });
  return { controlPlane, snapshots, store, published, served: () => describeServed(snapshots.get(group)) };
}
