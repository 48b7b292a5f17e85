import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { LineBudget } from '../../src/xds/line-budget.ts';
import type { LeftOut } from '../../src/xds/line-budget.ts';
import { waitUntil } from '../support/wait-until.ts';

const windowMs = 50;

function createBudget(perStream: number, total: number) {
  const told: LeftOut[] = [];
  const budget = new LineBudget((leftOut) => told.push(leftOut), { windowMs, perStream, total });
  const take = (stream: object, times: number): number =>
    Array.from({ length: times }, () => budget.take(stream)).filter(Boolean).length;
  return { budget, told, take };
}

describe('lines', () => {
  test('of a stream are so many, and what was left out is told once', async () => {
    const { told, take } = createBudget(10, 100);
    const [loud, quiet] = [{}, {}];
    assert.equal(take(loud, 1_000), 10);
    assert.equal(take(quiet, 3), 3);
    await waitUntil('it is told', () => told.length === 1);
    assert.deepEqual(told, [{ lines: 990, streams: 1, windowMs }]);
  });

  test('of all streams are so many', async () => {
    const { told, take } = createBudget(10, 25);
    const streams = Array.from({ length: 40 }, () => ({}));
    assert.equal(streams.reduce((sum: number, stream) => sum + take(stream, 1), 0), 25);
    await waitUntil('it is told', () => told.length === 1);
    assert.deepEqual(told, [{ lines: 15, streams: 15, windowMs }]);
  });

  test('that were left out are told of at the end, once', () => {
    const { budget, told, take } = createBudget(2, 100);
    take({}, 5);
    budget.close();
    budget.close();
    assert.deepEqual(told, [{ lines: 3, streams: 1, windowMs }]);
  });

  test('are written again afterwards, and nothing is told of what was written', async () => {
    const { told, take } = createBudget(2, 100);
    const [loud, quiet] = [{}, {}];
    take(loud, 3);
    await waitUntil('it is told', () => told.length === 1);
    assert.equal(take(loud, 2) + take(quiet, 2), 4);
    await waitUntil('there is room again', () => take(loud, 1) === 1);
    assert.ok(told.slice(1).every(({ lines, streams }) => lines > 0 && streams === 1));
  });
});
