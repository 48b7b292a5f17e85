import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parseAtLeast, parseExpect } from '../../src/text/expected-nodes.ts';

test('a number of nodes', () => {
  assert.deepEqual(['1', '007', '1000000'].map(parseAtLeast), [1, 7, 1_000_000]);
  for (const text of ['', '0', '-1', '1.5', '1e3', '1000001', '99999999999', ' 1', 'a']) {
    assert.throws(() => parseAtLeast(text), { message: 'must be a whole number from 1 to 1000000' }, text);
  }
});

test('node ids', () => {
  assert.deepEqual(parseExpect('b'), ['b']);
  assert.deepEqual(parseExpect('b,a, a,b'), ['b', 'a', ' a']);
  for (const text of ['', ',', 'a,', ',a', 'a,,b']) {
    assert.throws(() => parseExpect(text), { message: 'must be node ids with commas between them' }, text);
  }
});
