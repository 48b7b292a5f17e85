import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ProgressLine } from '../../src/cli/progress.ts';

/** What is written when this is shown at these times, and then cleared. */
function written(isTTY: boolean, shown: readonly (readonly [text: string, nowMs: number])[]): string {
  let all = '';
  const line = new ProgressLine({ isTTY, write: (text) => (all += text) });
  for (const [text, nowMs] of shown) line.show(text, nowMs);
  line.clear();
  return all;
}

test('on a terminal one line is rewritten, and gone in the end', () => {
  assert.equal(written(true, [['1 of 2', 0], ['2 of 2', 1]]), '\r\u001b[K1 of 2\r\u001b[K2 of 2\r\u001b[K');
});

test('elsewhere the last of each second is shown when it is over, and nothing after the end', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let all = '';
  const line = new ProgressLine({ write: (text) => (all += text) });
  for (const [text, nowMs] of [['a', 5_000], ['b', 5_100], ['c', 5_200]] as const) line.show(text, nowMs);
  t.mock.timers.tick(999);
  assert.equal(all, '');
  t.mock.timers.tick(1);
  assert.equal(all, 'c\n');
  line.show('d', 6_500);
  line.clear();
  t.mock.timers.tick(10_000);
  assert.equal(all, 'c\n');
});

test('elsewhere there is a line at most every second, and none in the first', () => {
  const shown = [['a', 5_000], ['b', 5_999], ['c', 6_000], ['d', 6_001], ['e', 9_000]] as const;
  assert.equal(written(false, shown), 'c\ne\n');
});
