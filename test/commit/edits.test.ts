import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { findEdits } from '../../src/commit/edits.ts';
import type { Cluster, Clusters } from '../../src/inventory/cluster.ts';

const plain = { noNullPrototype: true };
const anyEndpoint = fc.record({ address: fc.constantFrom('10.0.0.1', '::1'), port: fc.constantFrom(1, 2) }, plain);
const anyCluster = fc.record(
  {
    name: fc.constantFrom('a', 'b', 'c'),
    prefix: fc.constantFrom('/p', '/q'),
    endpoints: fc.array(anyEndpoint, { maxLength: 2 }),
  },
  plain,
);

const anyClusters: fc.Arbitrary<Clusters> = fc
  .uniqueArray(anyCluster, { selector: ({ name }) => name })
  .map((clusters) => new Map(clusters.map((cluster) => [cluster.name, cluster])));

describe('findEdits', () => {
  test('gives the edits that lead from one state to the other, each cluster once and no other', () => {
    fc.assert(
      fc.property(anyClusters, anyClusters, (before, after) => {
        const edits = findEdits(before, after);
        const state = new Map(before);
        for (const { name, after: cluster } of edits) {
          assert.notDeepEqual(cluster, before.get(name));
          if (cluster === undefined) state.delete(name);
          else state.set(name, cluster);
        }
        assert.deepEqual(toSorted(state), toSorted(after));
        assert.equal(new Set(edits.map(({ name }) => name)).size, edits.length);
      }),
      { numRuns: 1000 },
    );
  });

  test('gives none for equal clusters, be they other objects in another order', () => {
    fc.assert(
      fc.property(anyClusters, (clusters) => {
        const twin = new Map([...structuredClone(new Map(clusters))].reverse());
        assert.deepEqual(findEdits(clusters, twin), []);
      }),
    );
  });

  test('gives the cluster of the state after, as the same object', () => {
    const cluster: Cluster = { name: 'a', prefix: '/p', endpoints: [] };
    const edits = findEdits(new Map([['a', { ...cluster, prefix: '/q' }]]), new Map([['a', cluster]]));
    assert.equal(edits[0]?.after, cluster);
  });
});

function toSorted(clusters: Clusters): Cluster[] {
  return [...clusters.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}
