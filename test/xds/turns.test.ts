import assert from 'node:assert/strict';
import { test } from 'node:test';

import { nextTurn } from '../../src/xds/turns.ts';

test('one piece of work is done in each round of the event loop, in the order of asking', async () => {
  const order: string[] = [];
  let isOver = false;
  const noteRounds = (): void => {
    order.push('round');
    if (!isOver) setImmediate(noteRounds);
  };
  const work = async (name: string): Promise<void> => {
    for (const piece of [1, 2]) {
      await nextTurn();
      order.push(`${name}${piece}`);
    }
  };
  const both = [work('a'), work('b')];
  noteRounds();
  await Promise.all(both);
  isOver = true;
  const pieces = order.filter((each) => each !== 'round');
  assert.deepEqual(pieces, ['a1', 'b1', 'a2', 'b2']);
  const positions = pieces.map((piece) => order.indexOf(piece));
  assert.ok(positions.slice(1).every((position, index) => order.slice(positions[index], position).includes('round')));
});
