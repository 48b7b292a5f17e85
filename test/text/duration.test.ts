import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { DurationError, formatDuration, parseDuration } from '../../src/text/duration.ts';

const maxMs = 7_200_000;

const accepted: readonly (readonly [text: string, ms: number, formatted?: string])[] = [
  ['0', 0],
  ['0s', 0, '0'],
  ['0h', 0, '0'],
  ['1ms', 1],
  ['500ms', 500],
  ['1000ms', 1_000, '1s'],
  ['10s', 10_000],
  ['007s', 7_000, '7s'],
  ['90s', 90_000],
  ['1m', 60_000],
  ['120m', maxMs, '2h'],
  ['2h', maxMs],
];

describe('a duration is read from, and written as', () => {
  for (const [text, ms, formatted = text] of accepted) {
    test(`${text}, ${formatted}`, () => {
      assert.equal(parseDuration(text, maxMs), ms);
      assert.equal(formatDuration(ms), formatted);
      assert.equal(parseDuration(formatDuration(ms), maxMs), ms);
    });
  }
});

describe('no duration is', () => {
  const rule = 'must be a whole number and ms, s, m or h, such as 500ms, 10s or 1m';
  const noDurations = ['', ' ', '1', '10', 's', '10 s', ' 10s', '10s ', '10S', '1.5s', '1e3s', '-1s', '+1s', '1m30s'];
  for (const text of [...noDurations, '10d', '١s', '10s\n', 'infinity']) {
    test(JSON.stringify(text), () => assert.throws(() => parseDuration(text, maxMs), new DurationError(rule)));
  }
});

describe('longer than may be is', () => {
  for (const text of ['7200001ms', '121m', '3h', `${'9'.repeat(400)}s`]) {
    test(text, () => assert.throws(() => parseDuration(text, maxMs), new DurationError('must be at most 2h')));
  }
});
