// Any sequence of calls of both APIs, commits, rollbacks, discards, full disks and restarts, against a model that keeps
// whole states and compares them.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { ControlPlane } from '../../src/commit/control-plane.ts';
import { ConflictError, NoRevisionError } from '../../src/commit/desk.ts';
import { toEdits } from '../../src/inventory/edits.ts';
import type { Change } from '../../src/inventory/change.ts';
import { InventoryError } from '../../src/inventory/errors.ts';
import { Inventory } from '../../src/inventory/inventory.ts';
import { contentOf } from '../../src/model/canonical.ts';
import type { Cluster } from '../../src/model/objects.ts';
import { parseCluster } from '../../src/model/parse.ts';
import { SnapshotCache } from '../../src/snapshot/snapshot.ts';
import { StoreError } from '../../src/store/log-store.ts';
import { defaultOptions } from '../render/examples.ts';
import { createLogStoreDouble } from './log-store-double.ts';

const author = 'test';
const names = ['a', 'b', 'c'];

type Step =
  | { readonly kind: 'change'; readonly change: Change; readonly isDiskFull: boolean }
  | { readonly kind: 'stage'; readonly name: string; readonly after: Cluster | undefined; readonly isDiskFull: boolean }
  | { readonly kind: 'discard'; readonly name: string | undefined }
  | { readonly kind: 'commit'; readonly isDiskFull: boolean; readonly expected: number | undefined }
  | { readonly kind: 'rollback'; readonly back: number | undefined; readonly isDiskFull: boolean }
  | { readonly kind: 'restart' };

const anyName = fc.constantFrom(...names);
const anyPort = fc.constantFrom(1, 2);
const anyPrefix = fc.constantFrom('p', 'q', undefined);
const isDiskFull = fc.boolean().map((each) => each).chain((each) => (each ? fc.boolean() : fc.constant(false)));

const anyChange: fc.Arbitrary<Change> = fc.oneof(
  fc.record({ kind: fc.constant('add-cluster' as const), name: anyName, prefix: fc.constantFrom('p', 'q') }),
  fc.record({ kind: fc.constant('remove-cluster' as const), name: anyName }),
  fc.record({
    kind: fc.constantFrom('add-endpoint' as const, 'remove-endpoint' as const),
    cluster: anyName,
    address: fc.constant('10.0.0.1'),
    port: anyPort,
  }),
);

const anyCluster = fc
  .record({ prefix: anyPrefix, ports: fc.uniqueArray(anyPort), kind: fc.constantFrom('plain', 'sharded', 'replicated') })
  .map(({ prefix, ports, kind }) => (name: string): Cluster => {
    const endpoints = ports.map((port) => ({ address: '10.0.0.1', port }));
    const fields: Readonly<Record<string, object>> = {
      plain: { endpoints },
      sharded: { shards: endpoints.map((endpoint) => ({ name: `s${endpoint.port}`, endpoint })) },
      replicated: { endpoints, ...(ports.length > 0 && { primary: `10.0.0.1:${ports[0]}` }) },
    };
    return parseCluster({ name, kind, ...(prefix === undefined ? {} : { prefix }), ...fields[kind] });
  });

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('change' as const), change: anyChange, isDiskFull }) },
  {
    weight: 4,
    arbitrary: fc.record({ name: anyName, make: fc.option(anyCluster, { nil: undefined }), isDiskFull }).map((each) => {
      return { kind: 'stage' as const, name: each.name, after: each.make?.(each.name), isDiskFull: each.isDiskFull };
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('discard' as const), name: fc.option(anyName, { nil: undefined }) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('commit' as const),
      isDiskFull,
      expected: fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined, freq: 4 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('rollback' as const),
      back: fc.option(fc.integer({ min: -1, max: 4 }), { nil: undefined }),
      isDiskFull,
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'restart' as const }) },
);

type State = ReadonlyMap<string, Cluster>;

class Subject {
  readonly #store = createLogStoreDouble();
  #snapshots = new SnapshotCache();
  #published = 0;
  #controlPlane: ControlPlane | undefined;
  // The model.
  #staged: State = new Map();
  #revisions: State[] = [];
  #expectedPublished = 0;

  async take(step: Step): Promise<void> {
    this.#controlPlane ??= await this.#open();
    this.#store.failing = 'isDiskFull' in step && step.isDiskFull ? failingOf(step) : undefined;
    switch (step.kind) {
      case 'change':
        return this.#change(this.#controlPlane, step.change, step.isDiskFull);
      case 'stage':
        return this.#stage(this.#controlPlane, step.name, step.after, step.isDiskFull);
      case 'discard':
        return this.#discard(this.#controlPlane, step.name);
      case 'commit':
        return this.#commit(this.#controlPlane, step.expected, step.isDiskFull);
      case 'rollback':
        return this.#rollback(this.#controlPlane, step.back, step.isDiskFull);
      case 'restart':
        this.#controlPlane.close();
        this.#snapshots = new SnapshotCache();
        this.#published = 0;
        this.#expectedPublished = this.#revisions.length === 0 ? 0 : 1;
        this.#controlPlane = await this.#open();
    }
  }

  async check(): Promise<void> {
    this.#controlPlane ??= await this.#open();
    const { declarations } = this.#controlPlane;
    assert.deepEqual(contents(declarations.list('staged', 'cluster')), contents([...this.#staged.values()]));
    assert.deepEqual(contents(declarations.list('committed', 'cluster')), contents([...this.#committed.values()]));
    assert.equal(declarations.revision, this.#revisions.length);
    assert.deepEqual(
      declarations.staged.map(({ name }) => name),
      names.filter((name) => !isSame(this.#staged.get(name), this.#committed.get(name))),
    );
    assert.equal(this.#published, this.#expectedPublished);
    for (const [index, state] of this.#revisions.entries()) {
      const { clusters } = await this.#controlPlane.content(index + 1);
      assert.deepEqual(contents(clusters), contents([...state.values()]));
    }
    const { changes } = await this.#controlPlane.diff();
    assert.deepEqual(changes.map(({ name }) => name), declarations.staged.map(({ name }) => name));
  }

  get #committed(): State {
    return this.#revisions.at(-1) ?? new Map<string, Cluster>();
  }

  async #change(controlPlane: ControlPlane, change: Change, isFull: boolean): Promise<void> {
    const call = controlPlane.change(change, author);
    let edit;
    try {
      edit = new Inventory(this.#staged.values()).check(change);
    } catch (refusal) {
      await assert.rejects(call, { name: 'InventoryError', message: (refusal as Error).message });
      return;
    }
    if (isFull) return void (await assert.rejects(call, StoreError));
    await call;
    this.#staged = withCluster(this.#staged, edit.name, edit.after);
  }

  async #stage(controlPlane: ControlPlane, name: string, after: Cluster | undefined, isFull: boolean): Promise<void> {
    const call = controlPlane.stage(() => toEdits([{ kind: 'cluster', name, after }]), author);
    const next = withCluster(this.#staged, name, after);
    if (isSame(this.#staged.get(name), after)) return call;
    if (takesTakenPrefix(next, [name])) return void (await assert.rejects(call, InventoryError));
    if (isFull) return void (await assert.rejects(call, StoreError));
    await call;
    this.#staged = next;
  }

  async #discard(controlPlane: ControlPlane, name: string | undefined): Promise<void> {
    const staged = names.filter((each) => !isSame(this.#staged.get(each), this.#committed.get(each)));
    const meant = staged.filter((each) => name === undefined || each === name);
    const call = controlPlane.discard(name === undefined ? 'all' : [{ kind: 'cluster', name }], author);
    const next = meant.reduce((state, each) => withCluster(state, each, this.#committed.get(each)), this.#staged);
    if (takesTakenPrefix(next, meant)) return void (await assert.rejects(call, InventoryError));
    assert.deepEqual((await call).map((each) => each.name), meant);
    this.#staged = next;
  }

  async #commit(controlPlane: ControlPlane, expected: number | undefined, isFull: boolean): Promise<void> {
    const call = controlPlane.commit({ author, expectedRevision: expected, isUnguarded: true });
    if (expected !== undefined && expected !== this.#revisions.length) {
      return void (await assert.rejects(call, ConflictError));
    }
    await this.#end(call, this.#staged, isFull);
  }

  async #rollback(controlPlane: ControlPlane, back: number | undefined, isFull: boolean): Promise<void> {
    const target = back === undefined ? this.#revisions.length - 1 : this.#revisions.length - back;
    const call = controlPlane.rollback({ author, revision: back === undefined ? undefined : target, force: true });
    const state = this.#revisions[target - 1];
    if (state === undefined) return void (await assert.rejects(call, NoRevisionError));
    const committed = this.#committed;
    const staged = this.#staged;
    const isDone = await this.#end(call, state, isFull);
    if (!isDone) return;
    // What was not staged follows; what was staged stays as it is.
    this.#staged = names.reduce((next, name) => {
      return withCluster(next, name, isSame(staged.get(name), committed.get(name)) ? state.get(name) : staged.get(name));
    }, staged);
  }

  async #end(call: Promise<{ changed: boolean; revision: number }>, state: State, isFull: boolean): Promise<boolean> {
    const isDifferent =
      this.#revisions.length === 0 || names.some((name) => !isSame(state.get(name), this.#committed.get(name)));
    if (isDifferent && takesTakenPrefix(state, names)) {
      await assert.rejects(call, { name: 'CommitError' });
      return false;
    }
    if (isDifferent && isFull) {
      await assert.rejects(call, StoreError);
      return false;
    }
    const { changed, revision } = await call;
    assert.equal(changed, isDifferent);
    if (isDifferent) {
      this.#revisions.push(state);
      this.#expectedPublished += 1;
    }
    assert.equal(revision, this.#revisions.length);
    return true;
  }

  #open(): Promise<ControlPlane> {
    const snapshots = this.#snapshots;
    snapshots.watch(() => (this.#published += 1));
    return ControlPlane.open({ store: this.#store, snapshots, renderOptions: defaultOptions });
  }
}

test('the control plane is what a simple model of it is', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyStep, { maxLength: 25 }), async (steps) => {
      const subject = new Subject();
      for (const step of steps) {
        await subject.take(step);
        await subject.check();
      }
    }),
    { numRuns: 300 },
  );
});

function failingOf({ kind }: Step): 'stage' | 'commit' {
  return kind === 'change' || kind === 'stage' ? 'stage' : 'commit';
}

function withCluster(state: State, name: string, after: Cluster | undefined): State {
  const next = new Map(state);
  next.delete(name);
  if (after !== undefined) next.set(name, after);
  return new Map([...next].sort());
}

function isSame(a: Cluster | undefined, b: Cluster | undefined): boolean {
  return (a && contentOf(a)) === (b && contentOf(b));
}

/** Whether a prefix of one of these clusters is another one's too. */
function takesTakenPrefix(state: State, of: readonly string[]): boolean {
  return of.some((name) => {
    const prefix = state.get(name)?.prefix;
    return prefix !== undefined && [...state.values()].some((other) => other.name !== name && other.prefix === prefix);
  });
}

function contents(clusters: readonly Cluster[]): string[] {
  return clusters.map(contentOf);
}
