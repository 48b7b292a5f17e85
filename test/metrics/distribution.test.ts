import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Distribution } from '../../src/metrics/distribution.ts';

test('counts each value below the bounds that are no smaller than it', () => {
  const distribution = new Distribution([1, 2, 5]);
  assert.deepEqual(distribution.cumulativeCounts(), [0, 0, 0, 0]);
  for (const value of [0, 1, 1.5, 2, 5, 5.5, 100]) distribution.observe(value);
  assert.deepEqual(distribution.cumulativeCounts(), [2, 4, 5, 7]);
  assert.equal(distribution.sum, 115);
});

test('without bounds it still counts and sums', () => {
  const distribution = new Distribution([]);
  distribution.observe(3);
  distribution.observe(4);
  assert.deepEqual([distribution.cumulativeCounts(), distribution.sum], [[2], 7]);
});
