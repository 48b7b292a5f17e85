import assert from 'node:assert/strict';
import { test } from 'node:test';

import { roughDuration } from '../../src/cli/rough-duration.ts';

const [second, minute, hour, day] = [1_000, 60_000, 3_600_000, 86_400_000];
const cases: readonly (readonly [ms: number, text: string])[] = [
  [0, '0 s'],
  [999, '0 s'],
  [59 * second + 999, '59 s'],
  [minute, '1 min'],
  [hour - 1, '59 min'],
  [2 * hour + 59 * minute, '2 h'],
  [10 * day + hour, '10 d'],
];
for (const [ms, text] of cases) test(text, () => assert.equal(roughDuration(ms), text));
