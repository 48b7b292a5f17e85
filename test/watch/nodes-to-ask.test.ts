// Who is asked what they say of a Redis Cluster.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { nodesToAsk } from '../../src/watch/nodes-to-ask.ts';
import { nodesOf, viewOf } from '../effective/redis-cluster-looks.ts';

describe('who is asked of a Redis Cluster', () => {
  const nodes = nodesOf(20);
  const views = nodes.map(({ id }) => viewOf(id, nodes));

  test('is the seeds while nobody has said anything', () => {
    assert.deepEqual(nodesToAsk(['b.test:1', 'a.test:1'], []), ['b.test:1', 'a.test:1']);
  });

  test('is each node of a small one, once', () => {
    const few = nodesOf(3);
    const asked = nodesToAsk([few[0]?.address ?? ''], few.map(({ id }) => viewOf(id, few)));
    assert.deepEqual(asked.toSorted(), few.map(({ address }) => address).sort());
  });

  test('is 32 of a large one, those that have slots first, besides the seeds', () => {
    const asked = nodesToAsk(['a.test:1', 'b.test:1'], views);
    assert.equal(asked.length, 34);
    for (const { address, slots } of nodes) if (slots.length > 0) assert.ok(asked.includes(address), address);
  });

  test('is those whom most name, where some name others', () => {
    const others = nodesOf(20, '10.9.9');
    const asked = nodesToAsk([], [viewOf('10.9.9/a0', others), ...views.slice(0, 2)]);
    assert.deepEqual(asked.filter((address) => address.startsWith('10.9.9.')), []);
  });

  test('is nobody whose address is not told', () => {
    assert.deepEqual(nodesToAsk([], [viewOf('a0', nodes.map((node) => ({ ...node, address: undefined })))]), []);
  });
});
