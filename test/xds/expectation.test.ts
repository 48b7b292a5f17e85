import assert from 'node:assert/strict';
import { test } from 'node:test';

import { foldClients } from '../../src/xds/client.ts';
import { checkExpectation } from '../../src/xds/expectation.ts';
import type { Expected } from '../../src/xds/expectation.ts';
import type { SyncState } from '../../src/xds/stream-status.ts';
import { buildStreamStatus, buildTypeStatus, nodeOf } from '../support/xds/stream-status.ts';

function streamOf(id: string, peer: string, state: SyncState) {
  return buildStreamStatus([buildTypeStatus('cluster', { state })], { node: nodeOf(id), peer });
}

// Two nodes in sync, one of them on two connections; one that is in sync on one of two; one that is stale.
const clients = foldClients([
  streamOf('a', 'p', 'synced'),
  streamOf('b', 'p', 'synced'),
  streamOf('b', 'q', 'synced'),
  streamOf('c', 'p', 'error'),
  streamOf('c', 'q', 'synced'),
  streamOf('d', 'p', 'stale'),
]);

const cases: readonly (readonly [atLeast: number | undefined, nodeIds: readonly string[], expected: Partial<Expected>])[] = [
  [2, [], { isMet: true }],
  [3, [], { isMet: false }],
  [undefined, ['b', 'a'], { isMet: true }],
  [undefined, ['d', 'a', 'c', 'e'], { isMet: false, missing: ['d', 'c', 'e'] }],
  [2, ['a'], { isMet: true }],
  [3, ['a'], { isMet: false }],
];
for (const [atLeast, nodeIds, expected] of cases) {
  test(`at least ${atLeast}, and ${nodeIds.join() || 'nobody by name'}: ${expected.isMet}`, () => {
    assert.deepEqual(checkExpectation({ atLeast, nodeIds }, clients), { inSync: 2, missing: [], ...expected });
  });
}

test('of nobody, nobody is in sync', () => {
  assert.deepEqual(checkExpectation({ atLeast: 1, nodeIds: [] }, []), { inSync: 0, missing: [], isMet: false });
});
