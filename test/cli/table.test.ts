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

test('no rows are no lines', () => {
  assert.deepEqual(renderTable([]), []);
});
