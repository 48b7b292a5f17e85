// Who takes listeners from here, in whatever way.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ListenerTakers } from '../../src/xds/listener-takers.ts';

const minute = 60_000;

interface Created {
  readonly takers: ListenerTakers;
  readonly told: readonly string[];
  /** Nodes with a stream of whatever kind. */
  readonly connected: Set<string>;
}

function create(): Created {
  const told: string[] = [];
  const connected = new Set<string>();
  const takers = new ListenerTakers({
    isConnected: (id) => connected.has(id),
    onChange: (id) => void told.push(id),
    returnUntilMs: minute,
  });
  return { takers, told, connected };
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

test('one that polls does as long as it has some other stream, and ten minutes longer', () => {
  const { takers, connected } = create();
  connected.add('a');
  takers.noteSeen('a', 0);
  takers.noteSeen('b', minute);
  assert.deepEqual([takers.has('a', 100 * minute), takers.hasAny(100 * minute)], [true, true]);
  connected.delete('a');
  takers.noteDisconnected('a', 100 * minute);
  takers.noteDisconnected('never seen', 100 * minute);
  assert.deepEqual([takers.has('a', 110 * minute - 1), takers.has('a', 110 * minute)], [true, false]);
  assert.deepEqual([takers.has('never seen', 100 * minute), takers.hasAny(110 * minute)], [false, false]);
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
  const { takers, connected } = create();
  takers.opened('open', 0);
  connected.add('connected');
  takers.noteSeen('connected', 0);
  for (let index = 0; index <= 20_000; index += 1) takers.noteSeen(`n${index}`, 1);
  assert.deepEqual(['n0', 'n2', 'n20000', 'open', 'connected'].map((id) => takers.has(id, 2)), [false, true, true, true, true]);
});

test('one that comes back soon after the start may be, unless it holds what such nodes are not given', () => {
  const { takers, told } = create();
  for (const id of ['a', 'b']) takers.noteReturned(id, minute - 1);
  takers.noteReturned('a', minute - 1);
  takers.noteReturned('late', minute);
  takers.noteOther('b');
  takers.noteOther('b');
  takers.noteReturned('b', minute - 1);
  assert.deepEqual(['a', 'b', 'late'].map((id) => takers.mayBeUntilMs(id)), [minute, 0, 0]);
  assert.deepEqual(['a', 'b', 'late'].map((id) => takers.isOther(id)), [false, true, false]);
  assert.deepEqual(['a', 'b'].map((id) => takers.has(id, minute - 1)), [false, false]);
  assert.deepEqual(told, ['a', 'b', 'b']);
  for (const id of ['a', 'b']) takers.noteDisconnected(id, minute);
  assert.deepEqual(['a', 'b'].map((id) => takers.mayBeUntilMs(id) > 0 || takers.isOther(id)), [false, false]);
});
