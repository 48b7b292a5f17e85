import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import fc from 'fast-check';

import { findJsonError } from '../../src/config-file/json-error.ts';

describe('where JSON stops being JSON', () => {
  const rows: readonly (readonly [text: string, offset: number])[] = [
    ['', 0],
    ['{"a":x}', 5],
    ['{"a" 1}', 5],
    ['{a:1}', 1],
    ['{"a":1,}', 7],
    ['[1 2]', 3],
    ['[1}', 2],
    ['{"a":1} 2', 8],
    ['["a\nb"]', 1],
    ['01', 1],
    ['{1:2}', 1],
    [']', 0],
  ];
  for (const [text, offset] of rows) test(JSON.stringify(text), () => assert.equal(findJsonError(text), offset));

  test('a text that is JSON is read to its end, and one that is cut has its error at the end', () => {
    fc.assert(fc.property(fc.json(), fc.nat(), (text, cut) => {
      assert.equal(findJsonError(text), text.length);
      const end = cut % (text.length + 1);
      const at = findJsonError(text.slice(0, end));
      assert.ok(at <= end && /^(?:"[^]*|[-\w.+]*)?$/u.test(text.slice(at, end)));
    }));
  });

  test('a long text is no trouble', () => {
    assert.equal(findJsonError(`["${'\\n'.repeat(2_000_000)}" x`), 4_000_004);
  });
});
