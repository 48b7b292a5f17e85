import assert from 'node:assert/strict';
import { setImmediate as nextRound } from 'node:timers/promises';
import { test } from 'node:test';

import { SerialQueue } from '../../src/commit/serial-queue.ts';

test('work begins when all before it is over, failed or not, and each call gets what its own came to', async () => {
  const queue = new SerialQueue();
  const told: string[] = [];
  const work = (name: string, failure?: Error) => queue.run(async () => {
    told.push(`${name} begins`);
    await nextRound();
    told.push(`${name} ends`);
    if (failure !== undefined) throw failure;
    return name;
  });
  const failure = new Error('b');
  const results = await Promise.allSettled([work('a'), work('b', failure), work('c')]);
  assert.deepEqual(told, ['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
  assert.deepEqual(results, [
    { status: 'fulfilled', value: 'a' },
    { status: 'rejected', reason: failure },
    { status: 'fulfilled', value: 'c' },
  ]);
});
