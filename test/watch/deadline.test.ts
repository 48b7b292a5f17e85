// A deadline for work, and for a process that was not there.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { LateError, within } from '../../src/watch/deadline.ts';

const never = new Promise<string>(() => undefined);

test('work that is over in time gives what it gives, and fails as it fails', async () => {
  assert.equal(await within(60_000, Promise.resolve('done')), 'done');
  await assert.rejects(within(60_000, Promise.reject(new Error('broken'))), /^Error: broken$/);
});

test('work that takes longer is late', async () => {
  await assert.rejects(within(20, never), LateError);
});

test('a process that stood still has its time once more', async () => {
  const { promise, resolve } = Promise.withResolvers<string>();
  const result = within(200, promise);
  const startMs = performance.now();
  while (performance.now() - startMs < 400);
  // It comes with the first turn after that, when the deadline is long over.
  setTimeout(() => resolve('done'), 1);
  assert.equal(await result, 'done');
});
