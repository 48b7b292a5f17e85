// What nodes of each group are given of what is committed, and who is told of a commit.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import fc from 'fast-check';

import type { ControlPlane } from '../../src/commit/control-plane.ts';
import { noEdits } from '../../src/inventory/edits.ts';
import type { Edits } from '../../src/inventory/edits.ts';
import type { Cluster, Config, Listener, Secret } from '../../src/model/objects.ts';
import { parseConfig } from '../../src/model/parse.ts';
import { GroupSnapshots } from '../../src/commit/group-snapshots.ts';
import { RenderedSnapshot } from '../../src/render/rendered-snapshot.ts';
import { SortedByName } from '../../src/collections/sorted-by-name.ts';
import { dialects } from '../../src/snapshot/dialect.ts';
import { publishOrder } from '../../src/snapshot/resource.ts';
import type { ResourceKind } from '../../src/snapshot/resource.ts';
import { SnapshotCache, defaultNodeGroup } from '../../src/snapshot/snapshot.ts';
import type { NodeGroup, Snapshot } from '../../src/snapshot/snapshot.ts';
import { byName, defaultOptions } from '../render/examples.ts';
import { anyObjects } from '../render/random-listeners.ts';
import { openDesk } from '../support/open-desk.ts';

const groups = [defaultNodeGroup, 'g', 'h', 'stranger'];

const forAll = { name: 'all', prefix: 'all:', endpoints: [{ address: '10.0.0.1', port: 1 }] };
const forG = { name: 'only-g', prefix: 'g:', groups: ['g'], endpoints: [{ address: '10.0.0.2', port: 1 }] };
const forBoth = { name: 'both', groups: ['g', 'h'], endpoints: [{ address: '10.0.0.3', port: 1 }] };
const tcpOfG = { name: 'tcp', kind: 'tcp', address: '127.0.0.1:7000', cluster: 'only-g', groups: ['g'] };

interface Subject {
  readonly desk: ControlPlane;
  readonly snapshots: SnapshotCache;
  /** Which of the groups each publication concerned, from now on. */
  readonly told: NodeGroup[][];
  /** Commits this, and nothing else. */
  declare(config: { clusters?: readonly object[]; listeners?: readonly object[] }): Promise<void>;
}

async function open(t: TestContext, drainTimeMs = 0): Promise<Subject> {
  const snapshots = new SnapshotCache();
  const desk = await openDesk({ snapshots, drainTimeMs });
  t.after(() => desk.close());
  const told: NodeGroup[][] = [];
  snapshots.watch((isConcerned) => told.push(groups.filter(isConcerned)));
  const declare: Subject['declare'] = async ({ clusters = [], listeners = [] }) => {
    const config = parseConfig({ clusters, listeners });
    await desk.stage((declarations) => {
      const [from, listed] = [declarations.list('staged', 'cluster'), declarations.list('staged', 'listener')];
      return editsBetween(from, listed, config);
    }, 'test');
    await desk.commit({ author: 'test', force: true });
  };
  return { desk, snapshots, told, declare };
}

type Listed = Pick<Config, 'clusters' | 'listeners'>;

function editsBetween(clusters: readonly Cluster[], listeners: readonly Listener[], to: Listed): Edits {
  return { ...noEdits, clusters: edit(clusters, to.clusters), listeners: edit(listeners, to.listeners) };
}

function edit<Value extends { readonly name: string }>(
  from: readonly Value[],
  to: readonly Value[],
): { readonly name: string; readonly after: Value | undefined }[] {
  const gone = from.filter(({ name }) => !to.some((each) => each.name === name));
  return [...gone.map(({ name }) => ({ name, after: undefined })), ...to.map((after) => ({ name: after.name, after }))];
}

function namesOf(snapshot: Snapshot | undefined, kind: ResourceKind, scope: 'declared' | 'reachable' = 'declared'): string[] {
  return [...(snapshot?.resources(kind, dialects.v3.ads, scope).resources.keys() ?? [])];
}

describe('a node group', () => {
  test('is given what is for all, what is for it, and nothing else', async (t) => {
    const { snapshots, declare } = await open(t);
    await declare({ clusters: [forAll, forG, forBoth], listeners: [tcpOfG] });
    const given = groups.map((group) => namesOf(snapshots.get(group), 'cluster'));
    assert.deepEqual(given, [['all'], ['all', 'both', 'only-g'], ['all', 'both'], ['all']]);
    const listeners = groups.map((group) => namesOf(snapshots.get(group), 'listener').includes('tcp'));
    assert.deepEqual(listeners, [false, true, false, false]);
  });

  test('shares each resource that it has in common with the others', async (t) => {
    const { snapshots, declare } = await open(t);
    for (const port of [1, 2]) {
      await declare({ clusters: [{ ...forAll, endpoints: [{ address: '10.0.0.1', port }] }, forG, forBoth] });
      for (const kind of ['cluster', 'endpoint'] as const) {
        const of = (group: NodeGroup, name: string) => snapshots.get(group)?.resources(kind, dialects.v2.grpc).resources.get(name);
        assert.ok(of('g', 'all') !== undefined);
        assert.equal(of('g', 'all'), of(defaultNodeGroup, 'all'));
        assert.equal(of('g', 'both'), of('h', 'both'));
      }
    }
  });

  test('is told of the commits that concern it, and of no other', async (t) => {
    const { told, declare } = await open(t);
    await declare({ clusters: [forAll] });
    await declare({ clusters: [forAll, forG] });
    await declare({ clusters: [forAll, forG, forBoth] });
    await declare({ clusters: [forAll, { ...forG, prefix: 'G:' }, forBoth] });
    await declare({ clusters: [{ ...forAll, prefix: 'x:' }, { ...forG, prefix: 'G:' }, forBoth] });
    await declare({ clusters: [{ ...forAll, prefix: 'x:' }, { ...forG, prefix: 'G:' }] });
    await declare({ clusters: [{ ...forAll, prefix: 'x:' }] });
    assert.deepEqual(told, [groups, ['g'], ['g', 'h'], ['g'], groups, ['g', 'h'], ['g']]);
  });

  test('has the default again when its last object has gone', async (t) => {
    const { snapshots, declare } = await open(t);
    await declare({ clusters: [forAll, forG] });
    assert.notEqual(snapshots.get('g'), snapshots.get(defaultNodeGroup));
    await declare({ clusters: [forAll] });
    assert.equal(snapshots.get('g'), snapshots.get(defaultNodeGroup));
  });

  test('keeps what drains for it alone until that is over', async (t) => {
    const { snapshots, declare } = await open(t, 60_000);
    await declare({ clusters: [forAll, forG] });
    await declare({ clusters: [forAll] });
    const reachable = groups.map((group) => namesOf(snapshots.get(group), 'cluster', 'reachable'));
    assert.deepEqual(reachable, [['all'], ['all', 'only-g'], ['all'], ['all']]);
    assert.deepEqual(groups.map((group) => snapshots.get(group)?.draining), [[], ['only-g'], [], []]);
  });

  test('has what an object lost that is for others from now on', async (t) => {
    const { snapshots, declare } = await open(t);
    await declare({ clusters: [forAll, forG] });
    await declare({ clusters: [{ ...forAll, groups: ['h'] }, { ...forG, groups: undefined }] });
    const given = groups.map((group) => namesOf(snapshots.get(group), 'cluster'));
    assert.deepEqual(given, [['only-g'], ['only-g'], ['all', 'only-g'], ['only-g']]);
  });
});

describe('a plan', () => {
  test('tells what changes for each group that has a configuration of its own, gets one or loses it', async (t) => {
    const { desk, declare } = await open(t);
    await declare({ clusters: [forAll, forBoth] });
    const to = parseConfig({ clusters: [forAll, { ...forBoth, groups: ['h', 'i'] }], listeners: [] });
    await desk.stage((declarations) => editsBetween(declarations.list('staged', 'cluster'), [], to), 'test');
    const { resources } = await desk.plan();
    const clusters = resources.filter(({ kind }) => kind === 'cluster');
    assert.deepEqual(clusters, [
      { group: 'g', kind: 'cluster', added: [], changed: [], removed: ['both'] },
      { group: 'i', kind: 'cluster', added: ['both'], changed: [], removed: [] },
    ]);
  });

  const wrong: readonly (readonly [string, readonly object[], readonly object[], readonly RegExp[]])[] = [
    [
      'a listener for all that routes to a cluster for some',
      [forAll, forG],
      [{ ...tcpOfG, groups: undefined }],
      [/^listener "tcp": cluster "only-g" is not declared \(for nodes of no group that is named\)$/u],
    ],
    [
      'a listener of a group that routes to a cluster of another',
      [forAll, forG],
      [{ ...tcpOfG, groups: ['h', 'i'] }],
      [/^listener "tcp": cluster "only-g" is not declared \(in node group "h", and 1 more\)$/u],
    ],
    [
      'a listener for all that mirrors to a cluster for some',
      [forAll, forG],
      [{ name: 'l', address: '0.0.0.0:1', catch_all: { cluster: 'all', mirrors: [{ cluster: 'only-g' }] } }],
      [/^listener "l": catch_all: mirror: cluster "only-g" is not declared \(for nodes of no group that is named\)$/u],
    ],
    [
      'two listeners of a group at one address',
      [forAll, forG],
      [tcpOfG, { ...tcpOfG, name: 'tcp2' }],
      [/^listener "tcp2": address .* \(in node group "g"\)$/u],
    ],
    ['listeners of two groups at one address', [forAll], [
      { ...tcpOfG, cluster: 'all' },
      { ...tcpOfG, cluster: 'all', name: 'tcp2', groups: ['h'] },
    ], []],
  ];
  for (const [what, clusters, listeners, patterns] of wrong) {
    test(`${patterns.length === 0 ? 'allows' : 'refuses'} ${what}`, async (t) => {
      const { desk } = await open(t);
      const to = parseConfig({ clusters, listeners });
      await desk.stage(() => editsBetween([], [], to), 'test');
      const { errors } = await desk.plan();
      assert.equal(errors.length, patterns.length, JSON.stringify(errors));
      patterns.forEach((pattern, index) => assert.match(errors[index]?.message ?? '', pattern));
    });
  }
});

function givenTo(group: NodeGroup, { byGroup }: GroupSnapshots): Snapshot {
  return byGroup.get(group) ?? byGroup.get(defaultNodeGroup) ?? assert.fail();
}

function versionsOf(snapshot: Snapshot): string[] {
  return publishOrder.flatMap((kind) =>
    (['declared', 'reachable'] as const).map((scope) => {
      return `${kind} ${scope} ${snapshot.resources(kind, dialects.v3.ads, scope).version}`;
    }),
  );
}

const anyGroups = fc.constantFrom(undefined, ['g'], ['h'], ['g', 'h']);

const anyGrouped = fc
  .tuple(anyObjects, fc.array(anyGroups, { minLength: 12, maxLength: 12 }))
  .map(([{ clusters, listeners }, given]) => ({
    clusters: clusters.map((each, index) => ({ ...each, groups: given[index] })),
    listeners: listeners.map((each, index) => ({ ...each, groups: given[6 + (index % 6)] })),
  }));

test('after any steps each group has what its objects alone would give', () => {
  fc.assert(
    fc.property(fc.array(anyGrouped, { minLength: 1, maxLength: 4 }), (states) => {
      let before: Listed = { clusters: [], listeners: [] };
      let snapshots: GroupSnapshots | undefined;
      for (const state of states) {
        const declared = {
          clusters: SortedByName.of(state.clusters),
          listeners: SortedByName.of(state.listeners),
          secrets: SortedByName.of<Secret>([]),
          draining: [],
          successors: new Map<string, string>(),
        };
        const edits = editsBetween(before.clusters, before.listeners, state);
        snapshots = snapshots?.next(edits, declared) ?? GroupSnapshots.of(declared, defaultOptions);
        before = state;
        for (const group of groups) {
          const isFor = ({ groups: named }: { groups?: readonly string[] | undefined }) => named?.includes(group) ?? true;
          const own = { clusters: byName(...state.clusters.filter(isFor)), listeners: byName(...state.listeners.filter(isFor)) };
          const expected = RenderedSnapshot.of(own, defaultOptions);
          assert.deepEqual(versionsOf(givenTo(group, snapshots)), versionsOf(expected), group);
        }
      }
    }),
    { numRuns: 60 },
  );
});

test('groups share the resources of neighbours, but where they differ, also after they stepped', () => {
  const named = (index: number, groups?: readonly string[]): Cluster => {
    const endpoints = [{ address: '10.0.0.1', port: 6379 }];
    return parseConfig({ clusters: [{ name: `c-${1000 + index}`, groups, endpoints }] }).clusters[0] as Cluster;
  };
  const shared = Array.from({ length: 500 }, (_, index) => named(index));
  const declaredOf = (clusters: readonly Cluster[]) => ({
    clusters: SortedByName.of(clusters),
    listeners: SortedByName.of<Listener>([]),
    secrets: SortedByName.of<Secret>([]),
    draining: [],
    successors: new Map<string, string>(),
  });
  const clusters = [...shared, named(600, ['g']), named(601, ['h'])];
  const first = GroupSnapshots.of(declaredOf(clusters), defaultOptions);
  const countUnshared = (snapshots: GroupSnapshots, kind: ResourceKind): number[] => {
    const [g, h, fallback] = ['g', 'h', defaultNodeGroup].map((group) => {
      return new Set(givenTo(group, snapshots).resources(kind, dialects.v3.ads, 'reachable').resources.runs);
    }) as [Set<unknown>, Set<unknown>, Set<unknown>];
    return [g.difference(fallback).size, h.difference(fallback).size, g.difference(h).size];
  };
  assert.deepEqual(countUnshared(first, 'cluster'), [1, 1, 1]);
  assert.deepEqual(countUnshared(first, 'endpoint'), [1, 1, 1]);
  const edited = { ...named(3), endpoints: [] };
  const edits = { clusters: [{ name: edited.name, after: edited }, { name: named(9).name, after: undefined }], listeners: [], secrets: [] };
  const after = declaredOf(clusters.filter((_, index) => index !== 9).with(3, edited));
  const next = first.next(edits, after);
  assert.deepEqual(countUnshared(next, 'cluster'), [1, 1, 1]);
  assert.deepEqual(countUnshared(next, 'endpoint'), [1, 1, 1]);

  // What was a few becomes many in one step.
  const own = clusters.slice(-2);
  const few = GroupSnapshots.of(declaredOf(own), defaultOptions);
  assert.deepEqual(countUnshared(few, 'cluster'), [1, 1, 1]);
  const added = { clusters: shared.map((each) => ({ name: each.name, after: each })), listeners: [], secrets: [] };
  const many = few.next(added, declaredOf(clusters));
  assert.deepEqual(countUnshared(many, 'cluster'), [1, 1, 1]);
});
