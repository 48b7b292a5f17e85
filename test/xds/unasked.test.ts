import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { ResourceSet } from '../../src/snapshot/resource-set.ts';
import { Resource } from '../../src/snapshot/resource.ts';
import { NameSet } from '../../src/snapshot/name-set.ts';
import { Subscription } from '../../src/snapshot/subscription.ts';
import type { StreamStatus } from '../../src/xds/stream-status.ts';
import { findUnasked } from '../../src/xds/unasked.ts';
import type { TakenClusters } from '../../src/xds/unasked.ts';
import { buildStreamStatus, buildTypeStatus, nodeOf, subscriptionTo } from '../support/xds/stream-status.ts';

function setOf(...names: readonly string[]): ResourceSet {
  const resources = names.map((name) => new Resource(name, Buffer.from(name)));
  return ResourceSet.of({ typeUrl: 't', apiVersion: 'v3' }, resources);
}

const longAgoMs = -60_000;

function taken(names: readonly string[], endpoints: readonly string[] = names, atMs = longAgoMs): TakenClusters {
  return { clusters: setOf(...names).view(subscriptionTo()), endpoints: setOf(...endpoints), atMs };
}

function clustersOf(id: string, clusters: TakenClusters | undefined): StreamStatus {
  return buildStreamStatus([buildTypeStatus('cluster', { taken: clusters })], { node: nodeOf(id) });
}

function endpointsOf(id: string, ...names: readonly string[]): StreamStatus {
  const subscription = subscriptionTo(names);
  return buildStreamStatus([buildTypeStatus('endpoint', { subscription })], { node: nodeOf(id), peer: 'elsewhere' });
}

/** Names by node. */
function find(...streams: readonly StreamStatus[]): Record<string, string> {
  return Object.fromEntries(findUnasked(streams).entries().map(([id, { names }]) => [id, names.join(' ')]));
}

describe('unasked are', () => {
  test('all clusters of a node that asks for no endpoints', () => {
    assert.deepEqual(find(clustersOf('n', taken(['b', 'a']))), { n: 'a b' });
  });

  test('those that none of its streams asks for, on whichever connection', () => {
    const clusters = taken(['a', 'b', 'c', 'd']);
    assert.deepEqual(find(clustersOf('n', clusters), endpointsOf('n', 'a')), { n: 'b c d' });
    assert.deepEqual(find(clustersOf('n', clusters), endpointsOf('n', 'a'), endpointsOf('n', 'd')), { n: 'b c' });
    assert.deepEqual(find(clustersOf('n', clusters), endpointsOf('n', 'a', 'b'), endpointsOf('n', 'c', 'd')), {});
  });

  test('not those that another node asks for', () => {
    assert.deepEqual(find(clustersOf('n', taken(['a'])), endpointsOf('m', 'a')), { n: 'a' });
  });

  test('no clusters that have no endpoints here, or that are not in sync', () => {
    assert.deepEqual(find(clustersOf('n', taken(['a', 'b'], ['b']))), { n: 'b' });
    assert.deepEqual(find(clustersOf('n', undefined)), {});
  });

  test('of nobody that has not said who it is', () => {
    const stream = { ...clustersOf('n', taken(['a'])), node: undefined };
    assert.deepEqual(find(stream), {});
  });

  test('none that were taken only now, unless that counts too', () => {
    const nowMs = performance.now();
    const streams = [clustersOf('n', taken(['a'], ['a'], nowMs))];
    assert.deepEqual(find(...streams), {});
    assert.deepEqual([...findUnasked(streams, 0)], [['n', { count: 1, names: ['a'], sinceMs: nowMs }]]);
  });

  test('counted, and the first ten of them named', () => {
    const names = Array.from({ length: 25 }, (_, index) => `c${index + 10}`);
    const { count, names: shown } = findUnasked([clustersOf('n', taken(names))]).get('n') ?? assert.fail();
    assert.deepEqual([count, shown], [25, names.slice(0, 10)]);
  });
});

test('streams in the same state share the work', () => {
  let looks = 0;
  class CountedSubscription extends Subscription {
    override includes(name: string): boolean {
      looks += 1;
      return super.includes(name);
    }
  }
  const names = Array.from({ length: 1_000 }, (_, index) => `c${index}`);
  const clusters = taken(names);
  const subscription = new CountedSubscription(false, NameSet.of(new Set(names.slice(1))));
  const types = [buildTypeStatus('cluster', { taken: clusters }), buildTypeStatus('endpoint', { subscription })];
  const streams = Array.from({ length: 1_000 }, (_, index) => buildStreamStatus(types, { node: nodeOf(`n${index}`) }));
  assert.equal(findUnasked(streams).size, 1_000);
  assert.equal(findUnasked(streams).get('n7')?.count, 1);
  assert.equal(looks, names.length);
});
