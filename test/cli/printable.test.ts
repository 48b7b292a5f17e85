import assert from 'node:assert/strict';
import { test } from 'node:test';

import { toPrintable } from '../../src/cli/printable.ts';

const cases: readonly (readonly [text: string, printable: string])[] = [
  ['', ''],
  ['envoy-1 (région 兔子) \u{1f430} \\n', 'envoy-1 (région 兔子) \u{1f430} \\n'],
  ['a\u001b[2Jb', 'a\\u{1b}[2Jb'],
  ['a\r\nb\u0000\u007f\u009b', 'a\\u{d}\\u{a}b\\u{0}\\u{7f}\\u{9b}'],
  ['\u202egnp.exe\u2028\u2029\u200b', '\\u{202e}gnp.exe\\u{2028}\\u{2029}\\u{200b}'],
];
for (const [text, printable] of cases) {
  test(`${JSON.stringify(text)} is shown as ${JSON.stringify(printable)}`, () => {
    assert.equal(toPrintable(text), printable);
  });
}
