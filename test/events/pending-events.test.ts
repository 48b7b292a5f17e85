import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { eventTypes } from '../../src/events/event.ts';
import type { NewEvent } from '../../src/events/event.ts';
import { PendingEvents } from '../../src/events/pending-events.ts';

const countOf = (events: readonly NewEvent[]): number =>
  events.reduce((total, { data }) => total + Number(data?.['count'] ?? 1), 0);

test('what was noted is taken once, in the order in which it was noted', () => {
  const pending = new PendingEvents();
  assert.ok(pending.isEmpty);
  pending.note({ type: 'order', message: 'a' }, 0);
  pending.note({ type: 'commit', message: 'b' }, 0);
  pending.note({ type: 'order', message: 'c' }, 0);
  assert.ok(!pending.isEmpty);
  assert.deepEqual(pending.take(0).map(({ message }) => message), ['a', 'b', 'c']);
  assert.ok(pending.isEmpty);
  assert.deepEqual(pending.take(0), []);
});

test('ten thousand refusals at once are one event that counts them', () => {
  const pending = new PendingEvents();
  for (let index = 0; index < 10_000; index += 1) pending.note({ type: 'nack', atMs: index, message: `${index}` }, 0);
  const [event, ...others] = pending.take(0);
  assert.deepEqual([others, event?.data?.['count']], [[], 10_000]);
});

test('one who never stops is told of ever more seldom, and does not silence others', () => {
  const pending = new PendingEvents();
  let [nacks, orders] = [0, 0];
  for (let second = 0; second < 3_600; second += 1) {
    for (let index = 0; index < 30; index += 1) pending.note({ type: 'nack', message: '' }, second * 1_000);
    if (second % 600 === 0) pending.note({ type: 'order', message: '' }, second * 1_000);
    const taken = pending.take(second * 1_000);
    nacks += taken.filter(({ type }) => type === 'nack').length;
    orders += taken.filter(({ type }) => type === 'order').length;
  }
  assert.equal(orders, 6);
  assert.ok(nacks > 100 && nacks < 1_000, `${nacks}`);
});

test('whatever comes, all of it is counted in the end, and at any moment little is told', () => {
  const step = fc.record({
    type: fc.constantFrom(...eventTypes.slice(0, 3)),
    cluster: fc.option(fc.constantFrom('a', 'b', 'c'), { nil: undefined }),
    count: fc.integer({ min: 1, max: 200 }),
    laterMs: fc.integer({ min: 0, max: 8_000 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const pending = new PendingEvents();
      let [nowMs, noted, told] = [0, 0, 0];
      for (const { type, cluster, count, laterMs } of steps) {
        for (let index = 0; index < count; index += 1) pending.note({ type, cluster, message: 'm' }, nowMs);
        noted += count;
        nowMs += laterMs;
        const taken = pending.take(nowMs);
        assert.ok(taken.length <= 3 * 50);
        told += countOf(taken);
      }
      told += countOf(pending.take(nowMs + 600_000));
      assert.equal(told, noted);
      assert.ok(pending.isEmpty);
    }),
  );
});
