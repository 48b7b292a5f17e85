import assert from 'node:assert/strict';
import { test } from 'node:test';

import { wallClockMs } from '../../src/xds/wall-clock.ts';

const now = Date.now.bind(Date);

test('a moment has one time', () => {
  const atMs = performance.now();
  const once = wallClockMs(atMs);
  for (let n = 0; n < 100_000; n += 1) assert.equal(wallClockMs(atMs), once);
});

for (const stepMs of [3_600_000, -3_600_000]) {
  test(`and another one when the clock was set by ${stepMs} ms`, (t) => {
    const atMs = performance.now();
    const before = wallClockMs(atMs);
    t.mock.method(Date, 'now', () => now() + stepMs);
    const moved = wallClockMs(atMs) - before;
    assert.ok(Math.abs(moved - stepMs) <= 200, `${moved} ms`);
  });
}
