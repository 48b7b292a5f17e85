import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';

import { describeNack } from '../../src/xds/nack-text.ts';

const CASES: readonly (readonly [why: string, message: string, told: string])[] = [
  ['a plain text stays', 'Error adding/updating cluster(s) a: no', 'Error adding/updating cluster(s) a: no'],
  ['nothing stays nothing', '', ''],
  ['lines become one line', 'Error in listener(s)\n  b1: x\r\n\tb2: y\n', 'Error in listener(s) b1: x b2: y'],
  [
    'of the dump before a failed constraint the name stays',
    'goo.gle/debugproto   \nname: "a"\nconnect_timeout {\n}\n: Proto constraint validation failed (Timeout: is bad)',
    '"a": Proto constraint validation failed (Timeout: is bad)',
  ],
  [
    'so does that of endpoints, and one with quotes',
    'goo.gle/debugonly \ncluster_name: "a \\"b\\""\n: Proto constraint validation failed (Endpoints: is bad)',
    '"a \\"b\\"": Proto constraint validation failed (Endpoints: is bad)',
  ],
  [
    'nothing stays of a dump without a name',
    'goo.gle/debugonly\nsettings {\n  name: "no"\n}\n: Proto constraint validation failed (Settings: is bad)',
    'Proto constraint validation failed (Settings: is bad)',
  ],
  [
    'what stands before dumps stays, one by one',
    'Error in listener(s) l: goo.gle/debugonly \nname: "s"\n: Proto constraint validation failed (A: is bad)\n' +
      'm: goo.gle/debugonly \nname: "x"\n: Proto constraint validation failed (B: is bad)',
    'Error in listener(s) l: Proto constraint validation failed (A: is bad) ' +
      'm: Proto constraint validation failed (B: is bad)',
  ],
  [
    'a dump without the filler goes too',
    'connect_timeout {\n  seconds: 5\n}\nname: "a"\n: Proto constraint validation failed (Name: is bad)',
    '"a": Proto constraint validation failed (Name: is bad)',
  ],
  [
    'what old Envoys put before a constraint stays, and the dump after it',
    'Error in cluster(s) a: Proto constraint validation failed (Name: is bad): name: "a"\ntype: EDS\n',
    'Error in cluster(s) a: Proto constraint validation failed (Name: is bad): name: "a" type: EDS',
  ],
  ['filler goes everywhere', 'unknown field in goo.gle/debugproto    \nname: "a"', 'unknown field in name: "a"'],
  ['an inline string is a secret', 'bad: inline_string: "p\\"w 1" end', 'bad: inline_string: [redacted] end'],
  ['so is the dump of one that was cut off', 'bad: auth_password { inline_string: "p4', 'bad: auth_password { inline_string: [redacted]'],
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
