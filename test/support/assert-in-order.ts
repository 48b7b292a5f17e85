// Lines that must be there, one after the other.

import assert from 'node:assert/strict';

/** Of other lines there may be any number before, between and after. */
export function assertInOrder(lines: readonly string[], patterns: readonly RegExp[]): void {
  let at = 0;
  for (const pattern of patterns) {
    const found = lines.findIndex((line, index) => index >= at && pattern.test(line));
    assert.ok(found >= 0, `${pattern} is missing after line ${at}:\n${lines.join('\n')}`);
    at = found + 1;
  }
}
