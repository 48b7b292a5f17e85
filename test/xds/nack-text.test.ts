import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';

import { describeNack } from '../../src/xds/nack-text.ts';

const CASES: readonly (readonly [why: string, message: string, told: string])[] = [
  ['a plain text stays', 'Error adding/updating cluster(s) a: no', 'Error adding/updating cluster(s) a: no'],
  ['nothing stays nothing', '', ''],
  ['lines become one line', 'Error in listener(s)\n  b1: x\r\n\tb2: y\n', 'Error in listener(s) b1: x b2: y'],
  [
    'what stands before a failed constraint goes',
    'connect_timeout {\n  seconds: 5\n}\nname: "a"\nProto constraint validation failed (Name: value is bad): filler',
    'Proto constraint validation failed (Name: value is bad): filler',
  ],
];

describe('describeNack', () => {
  for (const [why, message, told] of CASES) test(why, () => assert.equal(describeNack(message), told));

  test('cuts what is longer than 1,000 characters, and says so', () => {
    assert.equal(describeNack('x'.repeat(1_000)), 'x'.repeat(1_000));
    assert.equal(describeNack('x'.repeat(1_001)), `${'x'.repeat(1_000)}…`);
  });

  test('gives one bounded line whatever it is given', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 3_000 }), (message) => {
        const told = describeNack(message);
        assert.ok(told.length <= 1_001);
        assert.doesNotMatch(told, /[\n\r\t]/);
      }),
    );
  });
});
