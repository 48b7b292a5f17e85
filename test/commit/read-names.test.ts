import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { loadOf } from '../../src/commit/name-limits.ts';
import { findTwinNames } from '../../src/commit/read-names.ts';
import { findUncheckedReads } from '../../src/commit/unchecked-reads.ts';
import { findWarningsOfEdits } from '../../src/commit/warnings.ts';
import type { Cluster, Clusters } from '../../src/inventory/cluster.ts';
import type { Edits } from '../../src/inventory/edits.ts';
import { servedNames } from '../../src/inventory/read-clusters.ts';
import { parseCluster, parseListener } from '../../src/model/parse.ts';
import type { RenderOptions } from '../../src/render/options.ts';
import { SnapshotCache } from '../../src/snapshot/snapshot.ts';
import { byName, defaultOptions } from '../render/examples.ts';
import { LocalControl } from '../support/local-control.ts';

const named = (name: string, kind = 'plain') => parseCluster({ name, kind });
const group = named('a', 'replicated');

describe('the name of a cluster that reads go to', () => {
  const cases: readonly (readonly [
    what: string,
    edited: readonly string[],
    declared: readonly string[],
    draining: readonly string[],
    problems: readonly string[],
  ])[] = [
    ['alone', ['a*'], [], [], []],
    ['beside others that end alike', ['a*'], ['b/any', 'any', 'a/', 'a/any/'], ['b/any'], []],
    ['of a plain cluster', ['a/any'], ['a'], ['a'], []],
    ['that another cluster has', ['a*'], ['a/any'], [], ['"a": its reads go to a cluster "a/any", which is declared too']],
    ['for another cluster', ['a/replica'], ['a*'], [], ['"a": its reads go to a cluster "a/replica", which is declared too']],
    ['that comes with its twin', ['a*', 'a/any'], [], [], ['"a": its reads go to a cluster "a/any", which is declared too']],
    ['of a replicated one that is named so', ['a/any*'], ['a*'], [], ['"a": its reads go to a cluster "a/any", which is declared too']],
    ['of a cluster that drains', ['a*'], [], ['a/any'], [
      '"a": its reads go to a cluster "a/any", and a cluster "a/any", removed lately, drains under this name',
    ]],
    ['that drains', ['a/any'], [], ['a*'], ['"a/any": the reads of "a", removed lately, drains under this name']],
  ];
  // With a star: a replicated one.
  const parse = (text: string) => named(text.replace('*', ''), text.endsWith('*') ? 'replicated' : 'plain');
  for (const [what, edited, declared, draining, problems] of cases) {
    test(what, () => {
      const after = edited.map(parse);
      const drains = draining.map((each) => ({ cluster: parse(each), untilMs: 1, wasCatchAll: false, followed: undefined }));
      const found = findTwinNames(after, byName(...declared.map(parse), ...after), drains);
      assert.deepEqual(found, problems.map((problem) => `cluster ${problem}`));
    });
  }
});

test('a replicated cluster weighs as much as all that it is served as', () => {
  assert.deepEqual(servedNames(group), ['a', 'a/replica', 'a/prefer_replica', 'a/any']);
  assert.equal(loadOf(servedNames(group)).clusters, 4);
  assert.deepEqual(servedNames(named('b')), ['b']);
});

describe('a commit', () => {
  const stage = (...clusters: readonly Cluster[]): LocalControl => {
    const parts = { snapshots: new SnapshotCache(), renderOptions: defaultOptions, drainTimeMs: 600_000 };
    const controlPlane = new LocalControl(parts);
    controlPlane.stageEdits({ clusters: clusters.map((after) => ({ name: after.name, after })), listeners: [], secrets: [] });
    return controlPlane;
  };

  test('is refused when two clusters would have one name, also while one of them drains', (t) => {
    const declared = 'not published: cluster "a": its reads go to a cluster "a/any", which is declared too';
    assert.throws(() => stage(group, named('a/any')).commit(), { name: 'CommitError', message: declared });
    const controlPlane = stage(group);
    t.after(() => controlPlane.close());
    controlPlane.commit();
    const edits = [{ name: 'a', after: undefined }, { name: 'a/any', after: undefined }];
    controlPlane.stageEdits({ clusters: edits.slice(0, 1), listeners: [], secrets: [] });
    controlPlane.commit();
    controlPlane.stageEdits({ clusters: [{ name: 'a/any', after: named('a/any') }], listeners: [], secrets: [] });
    const draining = 'not published: cluster "a/any": the reads of "a", removed lately, drains under this name';
    assert.throws(() => controlPlane.commit(), { name: 'CommitError', message: draining });
    controlPlane.stageEdits({ clusters: [{ name: 'a', after: group }, ...edits.slice(1)], listeners: [], secrets: [] });
    assert.deepEqual(controlPlane.commit(), { changed: true });
  });

  test('is refused when it gives a name away by which reads still go, or went until now', (t) => {
    const reads = 'not published: cluster "a/any": the reads of "a", removed lately, drains under this name';
    const change = (controlPlane: LocalControl, ...edits: readonly (readonly [string, Cluster | undefined])[]) => {
      controlPlane.stageEdits({ clusters: edits.map(([name, after]) => ({ name, after })) });
      return controlPlane.commit();
    };
    for (const after of [named('a'), undefined]) {
      const controlPlane = stage(group);
      t.after(() => controlPlane.close());
      controlPlane.commit();
      const both = [['a', after], ['a/any', named('a/any')]] as const;
      assert.throws(() => change(controlPlane, ...both), { name: 'CommitError', message: reads });
      change(controlPlane, ['a', after], ['a/any', undefined]);
      assert.throws(() => change(controlPlane, ['a/any', named('a/any')]), { name: 'CommitError', message: reads });
      assert.deepEqual(change(controlPlane, ['a', group], ['a/any', undefined]), { changed: true });
      assert.deepEqual(controlPlane.status().draining, []);
    }
  });

  test('takes a fourth of as many replicated clusters as of others', () => {
    const groups = Array.from({ length: 12_501 }, (_, index) => named(`g${index}`, 'replicated'));
    assert.deepEqual(stage(...groups.slice(1)).commit(), { changed: true });
    assert.throws(() => stage(...groups).commit(), { message: /50004 clusters, .*: at most 50000 are taken/ });
  });
});

describe('of a Redis Cluster is warned', () => {
  const [one, two] = [{ address: '10.0.0.1', port: 1 }, { address: '10.0.0.2', port: 1 }];
  const redisCluster = (fields: object) => parseCluster({ name: 'rc', kind: 'redis_cluster', endpoints: [one, two], ...fields });
  const cases: readonly (readonly [what: string, before: object | undefined, after: object, codes: readonly string[]])[] = [
    ['nothing, with two seeds, and no change', {}, {}, []],
    ['what a MULTI does before the first answer', undefined, {}, ['multi-ends-envoy']],
    ['that it has one seed', undefined, { endpoints: [one] }, ['few-seeds', 'multi-ends-envoy']],
    ['that its servers are connected to anew', {}, { refresh: { rate: '1s' } }, ['upstream-reconnects']],
    ['of both', {}, { endpoints: [two] }, ['few-seeds', 'upstream-reconnects']],
    ['nothing, of labels, a prefix and an order', {}, {
      prefix: 'p', labels: { a: 'b' }, endpoints: [two, { ...one, labels: { a: 'b' } }],
    }, []],
  ];
  const codesOf = (clusters: Clusters, edits: Edits, options: RenderOptions = defaultOptions): string[] => {
    return findWarningsOfEdits(clusters, edits, options).map(({ code }) => code);
  };
  for (const [what, before, after, codes] of cases) {
    test(what, () => {
      const clusters = byName(...(before === undefined ? [] : [redisCluster(before)]));
      const edits = { clusters: [{ name: 'rc', after: redisCluster(after) }], listeners: [], secrets: [] };
      assert.deepEqual(codesOf(clusters, edits), codes);
      const isDenied = { ...defaultOptions, redisDeny: ['multi'] };
      assert.deepEqual(codesOf(clusters, edits, isDenied), codes.filter((code) => code !== 'multi-ends-envoy'));
    });
  }
});

describe('of reads is warned when no Envoy finds out that a replica is away', () => {
  const health_check = { interval: '1s' };
  const clusters = byName(
    ...[
      { name: 'read', reads: 'any' },
      { name: 'checked', reads: 'any', health_check },
      { name: 'ejecting', outlier_detection: {} },
      { name: 'by-route' },
      { name: 'by-catch-all' },
      { name: 'by-primary' },
    ].map((fields) => parseCluster({ kind: 'replicated', ...fields })),
  );
  const routes = ['checked', 'ejecting', 'by-route', 'by-primary'].map((cluster) => {
    return { prefix: cluster, cluster, ...(cluster === 'by-primary' ? {} : { reads: 'replica' }) };
  });
  const catch_all = { cluster: 'by-catch-all', reads: 'any' };
  const others = [{ kind: 'tcp', address: '127.0.0.1:1', cluster: 'by-primary' }, { kind: 'http' }];
  const cases: readonly (readonly [
    what: string,
    listeners: readonly object[],
    edited: { readonly clusters?: readonly string[]; readonly listeners?: readonly string[] },
    told: readonly string[],
  ])[] = [
    ['of what is edited', [{ routes, catch_all }], { clusters: [...clusters.keys()], listeners: ['0'] }, ['read', 'by-route', 'by-catch-all']],
    ['of nothing that stays', [{ routes, catch_all }], {}, []],
    ['by a route', [{ routes }], { listeners: ['0'] }, ['by-route']],
    ['by a catch-all', [{ catch_all }], { listeners: ['0'] }, ['by-catch-all']],
    ['by a catch-all beside routes of all prefixes', [{ routes: 'auto', catch_all }], { listeners: ['0'] }, ['by-catch-all']],
    ['by a catch-all that is a name: never', [{ catch_all: 'by-catch-all' }], { listeners: ['0'] }, []],
    ['by listeners that stay, of a cluster that changes', [...others, { routes, catch_all }], { clusters: ['by-catch-all'] }, ['by-catch-all']],
    ['not of what another listener that stays reads from', [{ routes }, { catch_all }], { listeners: ['0'] }, ['by-route']],
    ['by nobody', others, { clusters: ['by-route', 'by-primary', 'checked'], listeners: ['0', '1'] }, []],
  ];
  for (const [what, given, edited, told] of cases) {
    test(what, () => {
      const listeners = byName(...given.map((fields, index) => parseListener({ name: `${index}`, ...fields })));
      const edits = {
        clusters: (edited.clusters ?? []).map((name) => ({ name, after: clusters.get(name) })),
        listeners: (edited.listeners ?? []).map((name) => ({ name, after: listeners.get(name) })),
        secrets: [],
      };
      const line = 'without health_check or outlier_detection a replica that is away fails its reads';
      const lines = findUncheckedReads(edits, { clusters, listeners });
      assert.deepEqual(lines.toSorted(), told.map((name) => `cluster "${name}": ${line}`).toSorted());
    });
  }
});
