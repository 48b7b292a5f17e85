import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';

import { Presence } from '../../src/xds/presence.ts';

const memoryMs = 600_000;

/** A clock that stands still until it is moved. */
function stopClock(t: TestContext): { nowMs: number } {
  const clock = { nowMs: 1_000 };
  t.mock.method(performance, 'now', () => clock.nowMs);
  return clock;
}

function idsOf(presence: Presence): string[] {
  return presence.gone().map(({ nodeId }) => nodeId);
}

describe('a node', () => {
  test('has gone when its last stream has closed', (t) => {
    const clock = stopClock(t);
    const presence = new Presence(memoryMs);
    for (const _ of [1, 2]) presence.noteOpened('n');
    presence.noteClosed('n');
    assert.deepEqual([presence.has('n'), presence.count, presence.gone()], [true, 1, []]);
    clock.nowMs += 5_000;
    presence.noteClosed('n');
    assert.deepEqual([presence.has('n'), presence.count], [false, 0]);
    assert.deepEqual(presence.gone(), [{ nodeId: 'n', goneAtMs: 6_000, cameAtMs: 1_000 }]);
  });

  test('has not gone when it is back, and a short break does not count', (t) => {
    const clock = stopClock(t);
    const presence = new Presence(memoryMs);
    for (const breakMs of [30_000, 60_000, 0]) {
      presence.noteOpened('n');
      assert.deepEqual(presence.gone(), []);
      clock.nowMs += 1_000;
      presence.noteClosed('n');
      clock.nowMs += breakMs;
    }
    assert.deepEqual(presence.gone(), [{ nodeId: 'n', goneAtMs: 94_000, cameAtMs: 93_000 }]);
  });

  test('is forgotten after a while', (t) => {
    const clock = stopClock(t);
    const presence = new Presence(memoryMs);
    for (const id of ['a', 'b']) {
      presence.noteOpened(id);
      presence.noteClosed(id);
      clock.nowMs += 1_000;
    }
    clock.nowMs += memoryMs - 2_001;
    assert.deepEqual(idsOf(presence), ['a', 'b']);
    clock.nowMs += 1;
    assert.deepEqual(idsOf(presence), ['b']);
  });

  test('is not remembered at all when nobody is', () => {
    const presence = new Presence(0);
    presence.noteOpened('n');
    presence.noteClosed('n');
    assert.deepEqual([presence.has('n'), presence.gone()], [false, []]);
  });
});

test('what is remembered is bounded: 20,000 nodes, and so much of an id', () => {
  const presence = new Presence(memoryMs);
  const ids = Array.from({ length: 20_002 }, (_, index) => `n${index}`);
  for (const id of ids) presence.noteOpened(id);
  for (const id of ids) presence.noteClosed(id);
  assert.deepEqual(idsOf(presence), ids.slice(2));

  const long = 'x'.repeat(1_000_000);
  for (const id of [`${long}1`, `${long}2`]) {
    presence.noteOpened(id);
    presence.noteClosed(id);
  }
  const [one = '', two = ''] = idsOf(presence).slice(-2);
  assert.notEqual(one, two);
  assert.match(one, /^x{256}…[0-9a-f]{16}$/u);
  presence.noteOpened(`${long}2`);
  assert.equal(idsOf(presence).at(-1), one);
});
