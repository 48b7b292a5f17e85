// Who takes listeners from here by other ways than an aggregated stream.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ListenerTakers } from '../../src/xds/listener-takers.ts';

const minute = 60_000;

function create(): { readonly takers: ListenerTakers; readonly told: readonly string[] } {
  const told: string[] = [];
  return { takers: new ListenerTakers((nodeId) => told.push(nodeId)), told };
}

test('a node does as long as it has a stream of listeners, and ten minutes longer', () => {
  const { takers, told } = create();
  assert.deepEqual([takers.has('a', 0), takers.hasAny(0)], [false, false]);
  takers.opened('a', 0);
  takers.opened('a', 0);
  takers.closed('a', minute);
  assert.equal(takers.has('a', 100 * minute), true);
  takers.closed('a', 100 * minute);
  for (const [nowMs, expected] of [[110 * minute - 1, true], [110 * minute, false]] as const) {
    assert.deepEqual([takers.has('a', nowMs), takers.hasAny(nowMs)], [expected, expected]);
  }
  assert.equal(takers.has('b', 0), false);
  assert.deepEqual(told, ['a']);
});

test('a node that polls does for ten minutes', () => {
  const { takers, told } = create();
  takers.noteSeen('a', 0);
  takers.noteSeen('a', minute);
  assert.equal(takers.has('a', 11 * minute - 1), true);
  assert.equal(takers.has('a', 11 * minute), false);
  takers.noteSeen('a', 11 * minute);
  assert.deepEqual(told, ['a', 'a']);
});

test('one that is seen while it has a stream is not forgotten before that is over', () => {
  const { takers, told } = create();
  takers.noteSeen('a', 0);
  takers.opened('a', 0);
  takers.noteSeen('a', 0);
  assert.equal(takers.has('a', 100 * minute), true);
  takers.closed('a', 100 * minute);
  assert.equal(takers.has('a', 101 * minute), true);
  assert.deepEqual(told, ['a']);
});

test('of very many without a stream the ones that showed last are remembered', () => {
  const { takers } = create();
  takers.opened('open', 0);
  for (let index = 0; index <= 20_000; index += 1) takers.noteSeen(`n${index}`, 1);
  assert.deepEqual(['n0', 'n1', 'n20000', 'open'].map((id) => takers.has(id, 2)), [false, true, true, true]);
});
