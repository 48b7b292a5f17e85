import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { buildNamesMessage } from '../../../src/api/v2/names-message.ts';
import { subscriptionTo } from '../../support/xds/stream-status.ts';

const numbered = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, index) => `n${String(from + index).padStart(6, '0')}`);

describe('the names of a client', () => {
  test('are none of who wants everything, or nothing', () => {
    assert.deepEqual(buildNamesMessage([subscriptionTo()]), { wildcard: true, count: 0, names: [] });
    assert.deepEqual(buildNamesMessage([]), { wildcard: false, count: 0, names: [] });
  });

  test('are sorted, the first hundred of all streams, each once', () => {
    const message = buildNamesMessage([
      subscriptionTo(numbered(50, 400).toReversed()),
      subscriptionTo(numbered(0, 60)),
      subscriptionTo(numbered(300, 500)),
      subscriptionTo(['zz', 'a']),
    ]);
    assert.deepEqual(message, { wildcard: false, count: 502, names: ['a', ...numbered(0, 99)] });
  });

  test('are counted once, however many streams share a list', () => {
    const names = numbered(0, 15_000);
    const message = buildNamesMessage(Array.from({ length: 1_000 }, () => subscriptionTo(names)));
    assert.deepEqual([message.count, message.names], [15_000, names.slice(0, 100)]);
  });

  test('are not compared when they are more than 20,000: those of several streams count several times', () => {
    const all = [subscriptionTo(numbered(0, 15_000)), subscriptionTo(numbered(10_000, 20_000))];
    const message = buildNamesMessage(all);
    assert.deepEqual([message.count, message.names], [25_000, numbered(0, 100)]);
    assert.equal(buildNamesMessage(all.slice(1)).count, 10_000);
  });
});
