import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parseCluster } from '../../src/model/parse.ts';
import { findPoliciesUnsupportedInV2 } from '../../src/render/load-balancing.ts';

test('of load balancing v2 lacks the size of a Maglev table, and nothing else', () => {
  const clusters = [
    { name: 'plain' },
    { name: 'sharded', kind: 'sharded', shards: [] },
    { name: 'as-envoy', load_balancing: { policy: 'maglev', table_size: 65_537 } },
    { name: 'ring', load_balancing: { policy: 'ring_hash', min_ring_size: 16 } },
    { name: 'least', load_balancing: { policy: 'least_request', choice_count: 3 } },
    { name: 'small', load_balancing: { policy: 'maglev', table_size: 503 } },
  ].map(parseCluster);
  assert.deepEqual(findPoliciesUnsupportedInV2(clusters), [
    'cluster "small": load_balancing.table_size 503: v2 has no such field, tables have 65537 there',
  ]);
});
