// How long what was removed stays.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { withEnvoyLag } from '../../src/commit/drain-time.ts';

test('Envoys are given an eighth longer, up to 75 s, in whole ms; and nothing where nothing drains', () => {
  const cases: readonly (readonly [number, number])[] = [
    [0, 0],
    [500, 563],
    [5_000, 5_625],
    [120_000, 135_000],
    [600_000, 675_000],
    [3_600_000, 3_675_000],
  ];
  for (const [drainTime, expected] of cases) assert.equal(withEnvoyLag(drainTime), expected);
});
