// Rendering what changed must give what rendering everything gives.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import type { Cluster } from '../../src/inventory/cluster.ts';
import { RenderedSnapshot } from '../../src/render/rendered-snapshot.ts';
import type { DeclaredObjects, RenderedEdits } from '../../src/render/rendered-snapshot.ts';
import { dialects } from '../../src/snapshot/dialect.ts';
import type { Dialect } from '../../src/snapshot/dialect.ts';
import type { ResourceSet } from '../../src/snapshot/resource-set.ts';
import { publishOrder } from '../../src/snapshot/resource.ts';
import type { Scope } from '../../src/snapshot/snapshot.ts';
import type { ResourceKind } from '../../src/snapshot/resource.ts';
import { byName, cluster, clustersOf, defaultOptions as usualOptions, servedOf } from './examples.ts';
import { openPlain } from './plain-secrets.ts';
import { anyCatchAll } from './random-clusters.ts';
import { anyObjects } from './random-listeners.ts';
import type { RandomObjects } from './random-listeners.ts';

const defaultOptions = { ...usualOptions, openSecret: openPlain };

type Question = readonly [ResourceKind, Dialect];

const everyQuestion: readonly Question[] = Object.values(dialects)
  .flatMap((byConfigSource) => Object.values(byConfigSource))
  .flatMap((dialect) => publishOrder.map((kind): Question => [kind, dialect]));

const scopes: readonly Scope[] = ['declared', 'reachable'];

interface Step {
  readonly objects: RandomObjects;
  /** Those of the names below drain that were removed, in this step or before. */
  readonly draining: readonly string[];
  /** Named as edited although they may not differ. */
  readonly unedited: readonly string[];
  /** What streams ask for while this state is served. */
  readonly asked: readonly Question[];
  readonly askedWithScope: readonly (readonly [ResourceKind, Dialect, Scope])[];
}

const anyNames = fc.subarray(['a', 'b', 'c', 'd']);
const everyScopedQuestion = everyQuestion.flatMap((question) => scopes.map((scope) => [...question, scope] as const));
const anyStep: fc.Arbitrary<Step> = fc.record({
  objects: anyObjects,
  draining: anyNames,
  unedited: anyNames,
  asked: fc.subarray([...everyQuestion]),
  askedWithScope: fc.subarray(everyScopedQuestion),
});

const nothing: Objects = { clusters: byName<Cluster>(), listeners: byName(), secrets: byName() };

describe('the next snapshot', () => {
  test('has in every set what a snapshot from scratch has', () => {
    fc.assert(
      fc.property(fc.array(anyStep, { minLength: 2, maxLength: 6 }), anyCatchAll, (steps, redisCatchAll) => {
        const options = { ...defaultOptions, redisCatchAll };
        let state = nothing;
        let draining = clustersOf();
        let snapshot = RenderedSnapshot.of(state, options);
        const lastKnown = new Map<string, Cluster>();
        for (const step of steps) {
          const after = objectsOf(step.objects);
          const { clusters: edited, ...others } = findEdits(state, after);
          const unedited = step.unedited.filter((name) => edited.every((edit) => edit.name !== name));
          const clusters = [...edited, ...unedited.map((name) => ({ name, after: after.clusters.get(name) }))];
          const drained = step.draining.filter((name) => !after.clusters.has(name)).map((name) => lastKnown.get(name));
          draining = clustersOf(...drained.filter((each) => each !== undefined));
          snapshot = snapshot.next({ clusters, ...others }, servedOf(draining));
          state = after;
          for (const each of after.clusters.values()) lastKnown.set(each.name, each);
          for (const [kind, dialect] of step.asked) snapshot.resources(kind, dialect);
          for (const [kind, dialect, scope] of step.askedWithScope) snapshot.resources(kind, dialect, scope);
        }
        const fresh = RenderedSnapshot.of(state, options, servedOf(draining));
        for (const [kind, dialect] of everyQuestion) {
          for (const scope of scopes) {
            assertSameContent(snapshot.resources(kind, dialect, scope), fresh.resources(kind, dialect, scope));
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  test('keeps each unchanged resource, and each unchanged set, as the same object', () => {
    fc.assert(
      fc.property(anyObjects, anyObjects, anyCatchAll, (objects, nextObjects, redisCatchAll) => {
        const [before, after] = [objectsOf(objects), objectsOf(nextObjects)];
        const snapshot = RenderedSnapshot.of(before, { ...defaultOptions, redisCatchAll });
        const asked = everyQuestion.map(([kind, dialect]) => snapshot.resources(kind, dialect));
        const next = snapshot.next(findEdits(before, after));
        for (const [index, [kind, dialect]] of everyQuestion.entries()) {
          const old = asked[index];
          assert.ok(old !== undefined);
          assertReused(next.resources(kind, dialect), old);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('leaves the snapshot before it as it was', () => {
    const before = { ...nothing, clusters: clustersOf(cluster('dev', '/dev')) };
    const snapshot = RenderedSnapshot.of(before, defaultOptions);
    for (const [kind, dialect] of everyQuestion) snapshot.resources(kind, dialect);
    const changed = cluster('dev', '/d', { address: '10.0.0.1', port: 1 });
    const after = { ...nothing, clusters: clustersOf(changed, cluster('prod', '/p')) };
    snapshot.next(findEdits(before, after));
    const fresh = RenderedSnapshot.of(before, defaultOptions);
    for (const [kind, dialect] of everyQuestion) {
      assertSameContent(snapshot.resources(kind, dialect), fresh.resources(kind, dialect));
    }
  });

  test('may be made twice of the same snapshot, as after a commit that was not saved', () => {
    const before = { ...nothing, clusters: clustersOf(cluster('dev', '/dev')) };
    const snapshot = RenderedSnapshot.of(before, defaultOptions);
    for (const [kind, dialect] of everyQuestion) snapshot.resources(kind, dialect);
    const unsaved = { ...nothing, clusters: clustersOf(cluster('prod', '/prod')) };
    const saved = { ...nothing, clusters: clustersOf(cluster('dev', '/dev', { address: '10.0.0.1', port: 1 })) };
    snapshot.next(findEdits(before, unsaved));
    const next = snapshot.next(findEdits(before, saved));
    const fresh = RenderedSnapshot.of(saved, defaultOptions);
    for (const [kind, dialect] of everyQuestion) {
      const set = next.resources(kind, dialect);
      assertSameContent(set, fresh.resources(kind, dialect));
      const changed = { secret: [], cluster: [], endpoint: ['dev'], listener: ['no_upstream_host'], route: [] }[kind];
      assert.deepEqual(set.changedSince(snapshot.resources(kind, dialect)), changed);
    }
  });

  test('knows what changed in every set that was asked for', () => {
    fc.assert(
      fc.property(anyObjects, anyObjects, (objects, nextObjects) => {
        const [before, after] = [objectsOf(objects), objectsOf(nextObjects)];
        const snapshot = RenderedSnapshot.of(before, defaultOptions);
        const asked = everyQuestion.map(([kind, dialect]) => snapshot.resources(kind, dialect));
        const next = snapshot.next(findEdits(before, after));
        for (const [index, [kind, dialect]] of everyQuestion.entries()) {
          const old = asked[index];
          assert.ok(old !== undefined);
          const set = next.resources(kind, dialect);
          assert.deepEqual(set.changedSince(old), namesThatDiffer(old, set), `${kind} ${JSON.stringify(dialect)}`);
        }
      }),
      { numRuns: 200 },
    );
  });
});

type Objects = Required<DeclaredObjects>;

function objectsOf({ clusters, listeners, secrets }: RandomObjects): Objects {
  return { clusters: byName(...clusters), listeners: byName(...listeners), secrets: byName(...secrets) };
}

function findEdits(before: Objects, after: Objects): RenderedEdits {
  return {
    clusters: differing(before.clusters, after.clusters),
    listeners: differing(before.listeners, after.listeners),
    secrets: differing(before.secrets, after.secrets),
  };
}

type ByName<T> = ReadonlyMap<string, T>;

function differing<T>(before: ByName<T>, after: ByName<T>): { name: string; after: T | undefined }[] {
  const names = [...new Set([...before.keys(), ...after.keys()])];
  return names
    .filter((name) => !isDeepStrictEqual(before.get(name), after.get(name)))
    .map((name) => ({ name, after: after.get(name) }));
}

function assertSameContent(actual: ResourceSet, expected: ResourceSet): void {
  assert.deepEqual([...actual.resources.keys()], [...expected.resources.keys()]);
  for (const [name, resource] of actual.resources) {
    const other = expected.resources.get(name);
    assert.equal(resource.name, name);
    assert.deepEqual(Buffer.from(resource.value), Buffer.from(other?.value ?? []));
    assert.equal(resource.version, other?.version);
  }
  assert.equal(actual.version, expected.version);
  assert.equal(actual.options.typeUrl, expected.options.typeUrl);
}

function assertReused(set: ResourceSet, old: ResourceSet): void {
  for (const [name, resource] of set.resources) {
    const before = old.resources.get(name);
    if (before?.version === resource.version) assert.equal(resource, before);
  }
  if (set.version === old.version) assert.equal(set, old);
}

function namesThatDiffer(a: ResourceSet, b: ResourceSet): string[] {
  const names = new Set([...a.resources.keys(), ...b.resources.keys()]);
  return [...names].filter((name) => a.resources.get(name)?.version !== b.resources.get(name)?.version).sort();
}
