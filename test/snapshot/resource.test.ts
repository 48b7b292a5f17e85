import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Resource, addDigest, publishOrder, versionOfSum } from '../../src/snapshot/resource.ts';

const anyName = fc.string({ unit: fc.constantFrom('a', 'b', ':', '1', '0', '集', '😀'), maxLength: 4 });
const anyValue = fc.uint8Array({ maxLength: 3, max: 4 });

describe("a resource's version", () => {
  test('is 32 hexadecimal digits, the same number as its digest', () => {
    const { version, digest } = new Resource('dev', Buffer.from([1]));
    assert.match(version, /^[0-9a-f]{32}$/);
    assert.equal(digest, BigInt(`0x${version}`));
  });

  test('stays what it was: a new release must not push everything again to every Envoy', () => {
    assert.equal(new Resource('dev', Buffer.from([1, 2])).version, '3dc2bfbf38cd6178e628f45fa28bdb3f');
  });

  test('is the same exactly when name and bytes are', () => {
    fc.assert(
      fc.property(anyName, anyValue, anyName, anyValue, (nameA, valueA, nameB, valueB) => {
        const isSame = nameA === nameB && Buffer.compare(valueA, valueB) === 0;
        const [a, b] = [new Resource(nameA, valueA), new Resource(nameB, valueB)];
        assert.equal(a.version === b.version, isSame);
        assert.equal(a.digest === b.digest, isSame);
      }),
      { numRuns: 1000 },
    );
  });

  // What follows the name must not pass for a part of it, nor the other way about.
  const LOOKALIKES: readonly (readonly [string, string])[] = [
    ['a', 'bc'],
    ['ab', 'c'],
    ['abc', ''],
    ['', 'abc'],
    ['a:', 'bc'],
    ['1:a', 'bc'],
    ['', '1:a:bc'],
    ['é', ''],
    ['e', '\u0301'],
    ['e\u0301', ''],
  ];
  test('keeps apart names and bytes that read the same one after the other', () => {
    const versions = LOOKALIKES.map(([name, value]) => new Resource(name, Buffer.from(value)).version);
    assert.equal(new Set(versions).size, LOOKALIKES.length);
  });
});

describe('the version of a sum of digests', () => {
  const anyDigest = fc.bigInt({ min: 0n, max: (1n << 128n) - 1n });

  test('is 32 hexadecimal digits, also for nothing', () => {
    assert.equal(versionOfSum(0n), '0'.repeat(32));
    assert.equal(versionOfSum((1n << 128n) - 1n), 'f'.repeat(32));
  });

  test('does not depend on the order of adding, and taking away undoes adding', () => {
    fc.assert(
      fc.property(fc.array(anyDigest), anyDigest, (digests, extra) => {
        const sum = digests.reduce(addDigest, 0n);
        assert.equal(digests.toReversed().reduce(addDigest, 0n), sum);
        assert.equal(addDigest(addDigest(sum, extra), -extra), sum);
        assert.equal(digests.reduce((rest, digest) => addDigest(rest, -digest), sum), 0n);
        assert.match(versionOfSum(sum), /^[0-9a-f]{32}$/);
      }),
    );
  });
});

test('what is referred to is published before what refers to it', () => {
  assert.deepEqual(publishOrder, ['secret', 'cluster', 'endpoint', 'listener', 'route']);
});
