// Which cluster a key goes to.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import type { Clusters } from '../../src/inventory/cluster.ts';
import { Routing, findCatchAll } from '../../src/inventory/routing.ts';
import { routesByPrefix } from '../../src/render/prefix-order.ts';

/** Clusters by name, each with its prefix. */
function clustersOf(prefixes: Readonly<Record<string, string>>): Clusters {
  return new Map(Object.entries(prefixes).map(([name, prefix]) => [name, { name, prefix, endpoints: [] }]));
}

test('the catch-all is the one that is named, if it is declared, else the only one when none is named', () => {
  const [one, two] = [clustersOf({ a: 'a' }), clustersOf({ a: 'a', b: 'b' })];
  assert.equal(findCatchAll(one, undefined), 'a');
  assert.equal(findCatchAll(two, undefined), undefined);
  assert.equal(findCatchAll(two, 'b'), 'b');
  assert.equal(findCatchAll(two, 'c'), undefined);
  assert.equal(findCatchAll(one, 'c'), undefined);
  assert.equal(findCatchAll(clustersOf({}), undefined), undefined);
});

test('a key goes to the longest prefix that it begins with, else to the catch-all', () => {
  const routing = new Routing(routesByPrefix(clustersOf({ short: 'a', long: 'a:b', other: '集:' })), 'other');
  const keys = ['a', 'a:', 'a:b', 'a:bc', 'ab', 'b', '', '集:1', '集'];
  assert.deepEqual(
    keys.map((key) => routing.clusterOf(key)),
    ['short', 'short', 'long', 'long', 'short', 'other', 'other', 'other', 'other'],
  );
  assert.deepEqual([...routing.prefixes].sort(), ['a', 'a:b', '集:']);
  assert.equal(routing.isEmpty, false);
});

test('without clusters no key has a route', () => {
  const routing = new Routing(routesByPrefix(clustersOf({})), undefined);
  assert.equal(routing.isEmpty, true);
  assert.equal(routing.clusterOf('a'), undefined);
});

test('the prefix that is found is the longest of all that fit', () => {
  const anyText = fc.string({ unit: fc.constantFrom('a', 'b', ':'), minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(fc.uniqueArray(anyText), fc.string({ unit: fc.constantFrom('a', 'b', ':'), maxLength: 6 }), (prefixes, key) => {
      const byName = Object.fromEntries(prefixes.map((prefix) => [`to ${prefix}`, prefix]));
      const routing = new Routing(routesByPrefix(clustersOf(byName)), undefined);
      const fitting = prefixes.filter((prefix) => key.startsWith(prefix)).sort((a, b) => b.length - a.length);
      assert.equal(routing.clusterOf(key), fitting[0] === undefined ? undefined : `to ${fitting[0]}`);
    }),
  );
});
