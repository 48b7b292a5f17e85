// What clients say of a refusal: searched once for as long as the same values are secret.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { NackTexts } from '../../src/xds/nack-texts.ts';

function create(...passwords: readonly string[]) {
  const known = { values: { passwords, privateKeys: [] }, reads: 0 };
  const texts = new NackTexts(() => {
    known.reads += 1;
    return known.values;
  });
  return {
    publish: (...next: readonly string[]) => void (known.values = { passwords: next, privateKeys: [] }),
    describe: (message: string): string => texts.describe(message),
    /** What is remembered is looked up by the values; they are read once more for a search. */
    isSearched: (message: string): boolean => {
      known.reads = 0;
      texts.describe(message);
      return known.reads > 1;
    },
  };
}

test('a text is searched once, also when it comes with other filler', () => {
  const { describe, isSearched } = create('swordfish');
  const textWith = (filler: string) => `${filler}\nname: "a"\n: Proto constraint validation failed (Key: swordfish)`;
  assert.ok(isSearched(textWith('goo.gle/debugonly ')));
  assert.ok(!isSearched(textWith('goo.gle/debugproto    ')));
  assert.equal(describe(textWith('goo.gle/debugstr')), '"a": Proto constraint validation failed (Key: [redacted])');
  assert.ok(isSearched('another one'));
});

test('what is told of it goes by the values that are secret now', () => {
  const { describe, publish } = create('the old one');
  const text = 'the old one, the new one';
  assert.equal(describe(text), '[redacted], the new one');
  publish('the new one');
  assert.equal(describe(text), 'the old one, [redacted]');
});

test('of many texts those that came last are remembered', () => {
  const { isSearched } = create();
  const texts = Array.from({ length: 17 }, (_, index) => `text ${index}`);
  for (const text of texts.slice(0, 16)) assert.ok(isSearched(text));
  assert.ok(!isSearched('text 0'));
  assert.ok(isSearched('text 16'));
  assert.deepEqual(texts.filter(isSearched).slice(0, 1), ['text 1']);
  assert.ok(!isSearched('text 16'));
});
