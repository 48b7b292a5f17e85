import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { findGuarded } from '../../src/commit/guards.ts';
import type { Cluster, ClusterEdit } from '../../src/inventory/cluster.ts';
import { parseCluster } from '../../src/model/parse.ts';

function plain(name: string, ...ports: readonly number[]): Cluster {
  return parseCluster({ name, endpoints: ports.map((port) => ({ address: '10.0.0.1', port })) });
}

function sharded(name: string, ...ports: readonly number[]): Cluster {
  const shards = ports.map((port) => ({ name: `shard-${port}`, endpoint: { address: '10.0.0.1', port } }));
  return parseCluster({ name, kind: 'sharded', shards });
}

function to(after: Cluster): ClusterEdit {
  return { name: after.name, after };
}

function gone(name: string): ClusterEdit {
  return { name, after: undefined };
}

const before: readonly Cluster[] = [plain('a', 1, 2), plain('b', 3, 4), sharded('c', 5, 6), plain('empty')];

describe('a guard', () => {
  const cases: readonly (readonly [what: string, edits: readonly ClusterEdit[], messages: readonly string[], share?: number])[] = [
    ['lets a commit pass that adds', [to(plain('d', 7)), to(plain('a', 1, 2, 8))], []],
    ['lets pass what takes half of the endpoints', [to(plain('a', 1)), to(plain('b', 3)), to(sharded('c', 5))], []],
    ['lets pass what takes half of the clusters', [gone('a'), gone('empty')], []],
    ['names a cluster that loses its last endpoint', [to(plain('a'))], ['takes the last endpoint of cluster "a"']],
    ['names a sharded one too', [to(sharded('c'))], ['takes the last endpoint of cluster "c"']],
    ['does not name one that had none', [to(parseCluster({ name: 'empty', prefix: 'e:' }))], []],
    ['does not name one that is removed', [gone('a')], []],
    ['lets servers move', [to(plain('a', 11, 12)), to(plain('b', 13, 14)), to(sharded('c', 15, 16))], []],
    ['lets clusters be replaced by others', [gone('a'), gone('b'), gone('c'), to(plain('d', 1, 2, 3)), to(plain('e', 4))], []],
    ['counts what nothing came for', [to(plain('a', 11)), to(plain('b', 13)), gone('c')], [
      'takes 4 of 6 endpoints, from 3 clusters: "a", "b", "c"',
    ]],
    ['takes a weight that changes for no loss', [
      to(parseCluster({ name: 'a', endpoints: [1, 2].map((port) => ({ address: '10.0.0.1', port, weight: 9 })) })),
    ], []],
    ['names clusters when more than half go', [gone('a'), gone('c'), gone('empty')], [
      'takes 3 of 4 clusters: "a", "c", "empty"',
    ]],
    ['names each loss once, by the cluster that has lost all', [to(plain('a')), to(plain('b'))], [
      'takes the last endpoint of 2 clusters: "a", "b"',
    ]],
    ['names what else goes when that is too much by itself', [to(plain('a')), gone('b'), gone('c')], [
      'takes the last endpoint of cluster "a"',
      'takes 4 of 6 endpoints, from 2 clusters: "b", "c"',
    ]],
    ['does not name what else goes when that is little', [to(plain('a')), to(plain('b', 3)), to(sharded('c', 5))], [
      'takes the last endpoint of cluster "a"',
    ]],
    ['names what goes from clusters that stay beside clusters that go', [gone('a'), gone('c'), to(plain('b', 3))], [
      'takes 2 of 4 clusters: "a", "c"',
      'takes 1 of 6 endpoints, from cluster "b"',
    ], 0.1],
    ['lets pass what takes none when none may go', [to(plain('d', 7))], [], 0],
    ['names the first that goes when none may go', [to(plain('b', 3))], ['takes 1 of 6 endpoints, from cluster "b"'], 0],
    ['goes by the share that it is given', [to(plain('a', 1))], ['takes 1 of 6 endpoints, from cluster "a"'], 0.1],
  ];
  for (const [what, edits, messages, share = 0.5] of cases) {
    test(what, () => {
      const clusters = new Map(before.map((cluster) => [cluster.name, cluster]));
      assert.deepEqual(findGuarded(clusters, edits, share).map(({ message }) => message), messages);
    });
  }

  test('looks at no more clusters than it needs to', () => {
    const many = new Map(Array.from({ length: 10_000 }, (_, index) => [`c${index}`, plain(`c${index}`, 1, 2)]));
    let looked = 0;
    const values = many.values.bind(many);
    many.values = () => values().map((cluster) => {
      looked += 1;
      return cluster;
    }) as MapIterator<Cluster>;
    assert.deepEqual(findGuarded(many, [to(plain('c0', 1))], 0.5), []);
    assert.equal(looked, 2);
  });

  test('names the first of very many', () => {
    const many = Array.from({ length: 12 }, (_, index) => plain(`c${index}`, 1));
    const edits = many.map(({ name }) => to(plain(name)));
    const [first] = findGuarded(new Map(many.map((cluster) => [cluster.name, cluster])), edits, 0.5);
    assert.equal(first?.message, 'takes the last endpoint of 12 clusters: "c0", "c1", "c2", "c3", "c4" and 7 more');
  });
});
