// Orders on the one write path: durable, in force at once, beside what is staged and committed.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';

import { ControlPlane } from '../../src/commit/control-plane.ts';
import type { OrderRequest } from '../../src/commit/desk.ts';
import { serversOf } from '../../src/inventory/cluster.ts';
import { toEdits } from '../../src/inventory/edits.ts';
import { InventoryError } from '../../src/inventory/errors.ts';
import { parseCluster } from '../../src/model/parse.ts';
import { OrderError } from '../../src/orders/rules.ts';
import { SnapshotCache, defaultNodeGroup } from '../../src/snapshot/snapshot.ts';
import { StoreError } from '../../src/store/log-store.ts';
import { defaultOptions } from '../render/examples.ts';
import { openSecret } from '../support/test-vault.ts';
import { createLogStoreDouble } from './log-store-double.ts';
import type { LogStoreDouble } from './log-store-double.ts';
import { describeServed } from './served.ts';

const author = 'ann';
const [one, two, three] = ['10.0.0.1:6379', '10.0.0.2:6379', '10.0.0.3:6379'] as const;
const endpointOf = (server: string) => ({ address: server.split(':')[0], port: 6379 });
const clusterOf = (name: string, ...servers: readonly string[]) => {
  return parseCluster({ name, prefix: `${name}:`, endpoints: servers.map(endpointOf) });
};

interface Subject {
  readonly controlPlane: ControlPlane;
  readonly store: LogStoreDouble;
  /** The servers of a cluster that Envoys are given. */
  readonly served: (name: string) => readonly string[] | undefined;
  readonly put: (name: string, ...servers: readonly string[]) => Promise<void>;
  readonly commit: (force?: boolean) => Promise<void>;
  readonly give: (order: OrderRequest['order'], server: string, rest?: Partial<OrderRequest>) => Promise<boolean>;
}

async function open(t: TestContext, store = createLogStoreDouble(), drainTimeMs = 0): Promise<Subject> {
  const snapshots = new SnapshotCache();
  const parts = { store, snapshots, renderOptions: { ...defaultOptions, openSecret }, drainTimeMs, guardShare: 1 };
  const controlPlane = await ControlPlane.open(parts);
  t.after(() => controlPlane.close());
  return {
    controlPlane,
    store,
    served: (name) => describeServed(snapshots.get(defaultNodeGroup))?.[name]?.slice(1),
    put: (name, ...servers) => {
      const after = clusterOf(name, ...servers);
      return controlPlane.stage(() => toEdits([{ kind: 'cluster', name, after }]), author);
    },
    commit: async (force = false) => void (await controlPlane.commit({ author, force })),
    give: async (order, server, rest = {}) => {
      return (await controlPlane.order({ author, cluster: 'c', order, server, ...rest })).changed;
    },
  };
}

async function openCommitted(t: TestContext, drainTimeMs = 0): Promise<Subject> {
  const subject = await open(t, createLogStoreDouble(), drainTimeMs);
  await subject.put('c', one, two, three);
  await subject.put('other', one);
  await subject.commit();
  return subject;
}

/** What comes by itself takes its turn. */
async function untilTurn(controlPlane: ControlPlane): Promise<void> {
  await controlPlane.diff();
}

describe('an order', () => {
  test('leaves the server out at once, and nothing else is published, staged or committed by it', async (t) => {
    const { controlPlane, served, put, give, store } = await openCommitted(t);
    await put('c', one, two);
    const before = { staged: controlPlane.declarations.staged, tag: controlPlane.declarations.lastEntry };
    const { token } = await controlPlane.plan();
    assert.equal(await give('drain', two, { message: 'new memory' }), true);
    assert.deepEqual(served('c'), [one, three]);
    assert.deepEqual(served('other'), [one]);
    assert.deepEqual({ staged: controlPlane.declarations.staged, tag: controlPlane.declarations.lastEntry }, before);
    assert.equal((await controlPlane.plan()).token, token);
    assert.equal(controlPlane.declarations.revision, 1);
    assert.equal(store.calls.at(-1), `order drain c ${two}`);
    const [order] = controlPlane.orders();
    assert.deepEqual({ ...order, atMs: 0 }, {
      order: 'drain', cluster: 'c', server: two, author, atMs: 0, untilMs: undefined, message: 'new memory',
    });
    assert.deepEqual(controlPlane.status().orders, controlPlane.orders());
  });

  test('is taken back by its own opposite, and by no other', async (t) => {
    const { controlPlane, served, give } = await openCommitted(t);
    await give('disable', two);
    await assert.rejects(give('undrain', two), (error) => error instanceof OrderError && error.code === 'other-order');
    assert.deepEqual(served('c'), [one, three]);
    assert.equal(await give('enable', two), true);
    assert.deepEqual(served('c'), [one, two, three]);
    assert.deepEqual(controlPlane.orders(), []);
    assert.equal(await give('enable', two), false);
  });

  test('that stands already writes nothing, and one with other terms takes its place', async (t) => {
    const { controlPlane, store, give } = await openCommitted(t);
    await give('drain', two);
    const { length } = store.calls;
    assert.equal(await give('drain', two), false);
    assert.equal(store.calls.length, length);
    assert.equal(await give('drain', two, { message: 'why' }), true);
    assert.equal(await give('disable', two), true);
    assert.deepEqual(controlPlane.orders().map(({ order, message }) => [order, message]), [['disable', undefined]]);
  });

  test('is refused for what is not committed, whatever is staged', async (t) => {
    const { controlPlane, put, give, served } = await openCommitted(t);
    await put('new', one, two);
    await put('c', one, two, three, '10.0.0.4:6379');
    const codes = [
      ['new', one, 'cluster-not-found'],
      ['c', '10.0.0.4:6379', 'endpoint-not-found'],
    ] as const;
    for (const [cluster, server, code] of codes) {
      await assert.rejects(give('drain', server, { cluster }), (error) => error instanceof InventoryError && error.code === code);
    }
    assert.deepEqual([controlPlane.orders(), served('c')], [[], [one, two, three]]);
  });

  test('for the last server is refused with its reason, unless it is forced, and is warned of then', async (t) => {
    const { controlPlane, give, served } = await openCommitted(t);
    await assert.rejects(give('drain', one, { cluster: 'other' }), {
      name: 'OrderError',
      message: `cluster "other": server ${one}: can't drain: it is the last server that takes commands; force it if it is meant`,
    });
    const warnings = () => controlPlane.status().warnings.filter(({ code }) => code === 'left-out-by-order');
    assert.deepEqual(warnings(), []);
    await give('drain', one, { cluster: 'other', force: true });
    assert.deepEqual(served('other'), []);
    assert.deepEqual(warnings(), [
      {
        code: 'left-out-by-order',
        message: `cluster "other": server ${one} is left out by an order, and it is the last server that takes commands`,
      },
    ]);
  });

  test('that can\'t be written changes nothing', async (t) => {
    const { controlPlane, store, give, served } = await openCommitted(t);
    store.failing = 'order';
    await assert.rejects(give('drain', two), StoreError);
    assert.deepEqual([controlPlane.orders(), served('c')], [[], [one, two, three]]);
    store.failing = undefined;
    assert.equal(await give('drain', two), true);
  });

  test('outlives a restart', async (t) => {
    const { controlPlane, store, give } = await openCommitted(t);
    await give('drain', two);
    controlPlane.close();
    const again = await open(t, store);
    assert.deepEqual(again.served('c'), [one, three]);
    assert.deepEqual(again.controlPlane.orders(), controlPlane.orders());
    await again.put('c', one, two, three, '10.0.0.4:6379');
    await again.commit();
    assert.deepEqual(again.served('c'), [one, three, '10.0.0.4:6379']);
  });

  test('is over when its time is, by itself, and after a restart too', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1_800_000_000_000 });
    const { controlPlane, store, give, served } = await openCommitted(t);
    await give('drain', two, { forMs: 60_000 });
    await give('drain', one, { forMs: 120_000 });
    assert.deepEqual(served('c'), [three]);
    t.mock.timers.tick(60_000);
    await untilTurn(controlPlane);
    assert.deepEqual(served('c'), [two, three]);
    controlPlane.close();
    const again = await open(t, store);
    assert.deepEqual(again.served('c'), [two, three]);
    t.mock.timers.tick(60_000);
    await untilTurn(again.controlPlane);
    assert.deepEqual(again.served('c'), [one, two, three]);
    assert.deepEqual(again.controlPlane.orders(), []);
  });
});

describe('beside orders', () => {
  test('a commit and a rollback keep them, and what they take goes with its order', async (t) => {
    const { controlPlane, put, commit, give, served } = await openCommitted(t);
    await give('drain', two);
    await put('c', one, two);
    await commit();
    assert.deepEqual(served('c'), [one]);
    await controlPlane.rollback({ author });
    assert.deepEqual(served('c'), [one, three]);
    await put('c', one, three);
    await commit();
    assert.deepEqual(controlPlane.orders(), []);
    await put('c', one, two, three);
    await commit();
    assert.deepEqual(served('c'), [one, two, three]);
  });

  test('a commit that leaves none but those that are out has to be forced', async (t) => {
    const { controlPlane, put, commit, give, served } = await openCommitted(t);
    await give('drain', two);
    await put('c', two);
    await assert.rejects(commit(), /cluster "c": server 10\.0\.0\.2:6379 is left out by an order, and it is the last/u);
    assert.deepEqual(served('c'), [one, three]);
    await commit(true);
    assert.deepEqual(served('c'), []);
    const codes = controlPlane.status().warnings.map(({ code }) => code);
    assert.ok(codes.includes('left-out-by-order'), codes.join());
  });

  test('a server that is out stays out while its cluster drains', async (t) => {
    const { controlPlane, commit, give, store } = await openCommitted(t, 60_000);
    await give('drain', two);
    await controlPlane.stage(() => toEdits([{ kind: 'cluster', name: 'c', after: undefined }]), author);
    await commit();
    assert.deepEqual(controlPlane.status().draining.map(({ name }) => name), ['c']);
    assert.deepEqual(controlPlane.orders(), []);
    const { draining } = await store.load();
    assert.deepEqual(draining.flatMap(({ cluster }) => serversOf(cluster)), [one, three].map(endpointOf));
  });
});
