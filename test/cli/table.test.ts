import assert from 'node:assert/strict';
import { test } from 'node:test';

import { renderTable } from '../../src/cli/table.ts';

const red = (text: string): string => `\u001b[31m${text}\u001b[39m`;

test('columns are as wide as their widest cell, and lines end without blanks', () => {
  const rows = [
    ['A', 'B', 'C'],
    ['long', '', 'c'],
    ['x', 'y', ''],
  ];
  assert.deepEqual(renderTable(rows), ['A     B  C', 'long     c', 'x     y']);
});

test('colours take no room, and a character outside the BMP is one', () => {
  assert.deepEqual(renderTable([[red('ab'), 'c'], ['abc', 'd'], ['\u{1d11e}', 'e']]), [
    `${red('ab')}   c`,
    'abc  d',
    '\u{1d11e}    e',
  ]);
});

test('a character that is two columns wide takes two', () => {
  assert.deepEqual(renderTable([['兔子', 'a'], ['\u{1f430}', 'b'], ['abcd', 'c']]), [
    '兔子  a',
    '\u{1f430}    b',
    'abcd  c',
  ]);
});

test('marks and joined characters take no room of their own', () => {
  assert.deepEqual(renderTable([['e\u0301', 'a'], ['\u{1f469}\u200d\u{1f4bb}', 'b'], ['\u2764\ufe0f', 'c'], ['ｗ', 'd'], ['abc', 'e']]), [
    'e\u0301    a',
    '\u{1f469}\u200d\u{1f4bb}   b',
    '\u2764\ufe0f   c',
    'ｗ   d',
    'abc  e',
  ]);
});

test('no rows are no lines', () => {
  assert.deepEqual(renderTable([]), []);
});
