import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { routesByPrefix } from '../../src/render/prefix-order.ts';
import { cluster, clustersOf } from './examples.ts';

/** Prefixes in the order in which they are routed. */
function order(prefixes: readonly string[]): string[] {
  const clusters = prefixes.map((prefix, index) => cluster(`c${index}`, prefix));
  return routesByPrefix(clustersOf(...clusters)).map(({ prefix }) => prefix);
}

const anyPrefixes = fc.uniqueArray(
  fc.string({ unit: fc.constantFrom('/', 'a', 'b', '集', '😀'), minLength: 1, maxLength: 4 }),
  { maxLength: 12 },
);

describe('routesByPrefix', () => {
  test('puts longer prefixes first, then goes by the alphabet', () => {
    assert.deepEqual(order(['/a', '/', '/a/b', '/b', 'B', 'a']), ['/a/b', '/a', '/b', '/', 'B', 'a']);
    assert.deepEqual(order([]), []);
  });

  test('lets no prefix hide a longer one that begins with it', () => {
    fc.assert(
      fc.property(anyPrefixes, (prefixes) => {
        const ordered = order(prefixes);
        for (const [index, prefix] of ordered.entries()) {
          const hidden = ordered.slice(index + 1).filter((later) => later.startsWith(prefix));
          assert.deepEqual(hidden, []);
        }
      }),
    );
  });

  test('does not depend on the order in which clusters were added, and loses none', () => {
    fc.assert(
      fc.property(anyPrefixes, (prefixes) => {
        const ordered = order(prefixes);
        assert.deepEqual(order(prefixes.toReversed()), ordered);
        assert.deepEqual(ordered.toSorted(), prefixes.toSorted());
      }),
    );
  });
});
