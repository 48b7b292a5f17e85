// The control plane beside a model: random changes, commits, failing disks and restarts.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ControlPlane } from '../../src/commit/control-plane.ts';
import type { Change } from '../../src/inventory/change.ts';
import { hostsOf } from '../../src/inventory/cluster.ts';
import type { Cluster } from '../../src/inventory/cluster.ts';
import { Inventory } from '../../src/inventory/inventory.ts';
import { SnapshotCache } from '../../src/snapshot/snapshot.ts';
import { StoreError } from '../../src/store/store.ts';
import { defaultOptions } from '../render/examples.ts';
import { describeServed } from './served.ts';
import type { Served } from './served.ts';
import { createStoreDouble } from './store-double.ts';

type Step = { readonly kind: 'commit' | 'restart'; readonly isDiskFull: boolean } | StagingStep;

interface StagingStep {
  readonly kind: 'stage';
  readonly change: Change;
  readonly isDiskFull: boolean;
}

const group = 'everybody';
const anyName = fc.constantFrom('a', 'b', 'xds_cluster');
const isDiskFull = fc.integer({ min: 0, max: 7 }).map((roll) => roll === 0);

const anyChange: fc.Arbitrary<Change> = fc.oneof(
  fc.record({ kind: fc.constant('add-cluster' as const), name: anyName, prefix: fc.constantFrom('p', 'q', 'r') }),
  fc.record({ kind: fc.constant('remove-cluster' as const), name: anyName }),
  fc.record({
    kind: fc.constantFrom('add-endpoint' as const, 'remove-endpoint' as const),
    cluster: anyName,
    address: fc.constantFrom('10.0.0.1', '10.0.0.2'),
    port: fc.constant(6379),
  }),
);

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('stage' as const), change: anyChange, isDiskFull }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('commit' as const), isDiskFull }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const), isDiskFull: fc.constant(false) }) },
);

test('what is served is what was committed, and nothing that failed leaves a trace', () => {
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 40, size: 'max' }), (steps) => {
      const subject = new Subject();
      for (const step of steps) {
        subject.take(step);
        subject.check();
      }
    }),
    { numRuns: 300 },
  );
});

class Subject {
  readonly #store = createStoreDouble();
  #snapshots = new SnapshotCache();
  #controlPlane = this.#start();
  #publications = 0;
  // The model: what is staged, as the rules have it, and what was committed of it.
  readonly #staged = new Inventory();
  #committed: Served;
  #expectedPublications = 0;

  take(step: Step): void {
    this.#store.failing = step.isDiskFull ? (step.kind === 'stage' ? 'saveStaged' : 'saveCommit') : undefined;
    if (step.kind === 'stage') this.#stage(step);
    else if (step.kind === 'commit') this.#commit(step.isDiskFull);
    else this.#restart();
  }

  check(): void {
    assert.deepEqual(describeServed(this.#snapshots.get(group)), this.#committed);
    assert.equal(this.#publications, this.#expectedPublications);
  }

  #stage({ change, isDiskFull: isFull }: StagingStep): void {
    const stage = (): void => this.#controlPlane.stage(change);
    let edit;
    try {
      edit = this.#staged.check(change);
    } catch (refusal) {
      assert.throws(stage, { name: 'InventoryError', message: (refusal as Error).message });
      return;
    }
    if (isFull) {
      assert.throws(stage, StoreError);
      return;
    }
    stage();
    this.#staged.apply(edit);
  }

  #commit(isFull: boolean): void {
    const staged = describeStaged(this.#staged.clusters.values());
    const isDifferent = JSON.stringify(staged) !== JSON.stringify(this.#committed);
    if (isDifferent && 'xds_cluster' in staged) {
      assert.throws(() => this.#controlPlane.commit(), { name: 'CommitError' });
    } else if (isDifferent && isFull) {
      assert.throws(() => this.#controlPlane.commit(), StoreError);
    } else {
      assert.deepEqual(this.#controlPlane.commit(), { changed: isDifferent });
      this.#committed = staged;
      if (isDifferent) this.#expectedPublications += 1;
    }
  }

  #restart(): void {
    this.#snapshots = new SnapshotCache();
    this.#publications = 0;
    this.#expectedPublications = this.#committed === undefined ? 0 : 1;
    this.#controlPlane = this.#start();
  }

  #start(): ControlPlane {
    const snapshots = this.#snapshots;
    snapshots.watch(() => (this.#publications += 1));
    return new ControlPlane({ store: this.#store, snapshots, group, renderOptions: defaultOptions });
  }
}

/** The clusters as {@link describeServed} would tell them. */
function describeStaged(clusters: Iterable<Cluster>): NonNullable<Served> {
  const sorted = [...clusters].sort((a, b) => (a.name < b.name ? -1 : 1));
  return Object.fromEntries(
    sorted.map((cluster) => [
      cluster.name,
      [cluster.prefix ?? '', ...hostsOf(cluster).map(({ address, port }) => `${address}:${port}`)],
    ]),
  );
}
