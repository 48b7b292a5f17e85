// What connections of before a change of the routes go on doing otherwise.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type { DrainingCluster } from '../../src/inventory/draining.ts';
import { compareOldRoutes, findOldRoutes, stillOld } from '../../src/inventory/old-routes.ts';
import type { RoutesNow } from '../../src/inventory/old-routes.ts';
import { Routing } from '../../src/inventory/routing.ts';

const nowMs = 1_000_000;
const drainTimeMs = 600;

type Prefixes = Readonly<Record<string, string>>;

function routingOf(prefixes: Prefixes, catchAll?: string): Routing {
  const clusters = Object.entries(prefixes).map(([name, prefix]) => [name, { name, prefix, endpoints: [] }] as const);
  return new Routing(new Map(clusters), catchAll);
}

function draining(name: string, prefix: string, wasCatchAll = false): DrainingCluster {
  return { cluster: { name, prefix, endpoints: [] }, untilMs: nowMs + drainTimeMs, wasCatchAll };
}

/** `PREFIX: FROM -> TO` for each route that differs; `*` are keys without a prefix. */
function differences(before: Routing, now: RoutesNow): string[] {
  return findOldRoutes(before, now, nowMs, drainTimeMs).flatMap(({ routes }) =>
    compareOldRoutes(routes, now).map(({ prefix = '*', from = 'none', to = 'none' }) => `${prefix}: ${from} -> ${to}`),
  );
}

describe('old connections differ from new ones', () => {
  const bunny = { bunny: 'br' };
  const cases: readonly (readonly [what: string, before: Routing, now: RoutesNow, expected: readonly string[]])[] = [
    [
      'for the keys of a new prefix, and for all without one when that costs the catch-all',
      routingOf(bunny),
      { routing: routingOf({ ...bunny, hare: 'h:' }), draining: [] },
      ['h:: bunny -> hare', '*: bunny -> none'],
    ],
    [
      'for the keys of a new prefix only, when the catch-all has a name',
      routingOf(bunny, 'bunny'),
      { routing: routingOf({ ...bunny, hare: 'h:' }, 'bunny'), draining: [] },
      ['h:: bunny -> hare'],
    ],
    [
      'for those of a new prefix that had no server',
      routingOf({ a: 'a', b: 'b' }),
      { routing: routingOf({ a: 'a', b: 'b', c: 'c' }), draining: [] },
      ['c: none -> c'],
    ],
    [
      'in nothing when the cluster is replaced whole: they are served by the new one',
      routingOf(bunny),
      { routing: routingOf({ hare: 'br' }), draining: [draining('bunny', 'br', true)] },
      [],
    ],
    [
      'when two share what the catch-all had',
      routingOf({ ...bunny, otter: 'o:' }, 'bunny'),
      { routing: routingOf({ hare: 'br', otter: 'o:' }, 'otter'), draining: [draining('bunny', 'br', true)] },
      ['br: bunny -> hare', '*: bunny -> otter'],
    ],
    [
      'when a cluster was removed and nobody has its keys',
      routingOf({ a: 'a', b: 'b', c: 'c' }),
      { routing: routingOf({ a: 'a', b: 'b' }), draining: [draining('c', 'c')] },
      ['c: c -> none'],
    ],
    [
      'when prefixes change places',
      routingOf({ a: '1', b: '2' }),
      { routing: routingOf({ a: '2', b: '1' }), draining: [] },
      ['1: a -> b', '2: b -> a'],
    ],
    ['when another is the catch-all', routingOf({ a: 'a', b: 'b' }, 'a'), { routing: routingOf({ a: 'a', b: 'b' }, 'b'), draining: [] }, ['*: a -> b']],
    ['in nothing when nothing changed', routingOf({ a: 'a', b: 'b' }), { routing: routingOf({ a: 'a', b: 'b' }), draining: [] }, []],
  ];
  for (const [what, before, now, expected] of cases) {
    test(what, () => assert.deepEqual(differences(before, now), expected));
  }
});

test('nothing is left where there was no listener, or when nothing drains', () => {
  const now = { routing: routingOf({ a: 'a' }), draining: [] };
  assert.deepEqual(findOldRoutes(undefined, now, nowMs, drainTimeMs), []);
  assert.deepEqual(findOldRoutes(routingOf({}), now, nowMs, drainTimeMs), []);
  assert.deepEqual(findOldRoutes(routingOf({ b: 'a' }), now, nowMs, 0), []);
});

test('of very many routes the first are kept, and how many there are', () => {
  const many = Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`c${index}`, `p${1_000 + index}`]));
  const [found] = findOldRoutes(routingOf({ a: 'a' }, 'a'), { routing: routingOf({ a: 'a', ...many }, 'a'), draining: [] }, nowMs, drainTimeMs);
  assert.deepEqual([found?.count, found?.routes.length, found?.routes[0]], [1_000, 20, { prefix: 'p1000', cluster: 'a' }]);
  assert.deepEqual([found?.sinceMs, found?.untilMs], [nowMs, nowMs + drainTimeMs]);
});

test('it is over when its time is, or when the routes are the same again', () => {
  const added = { routing: routingOf({ a: 'a', b: 'b' }, 'a'), draining: [] };
  const found = findOldRoutes(routingOf({ a: 'a' }, 'a'), added, nowMs, drainTimeMs);
  assert.deepEqual(stillOld(found, added, nowMs + drainTimeMs - 1), found);
  assert.deepEqual(stillOld(found, added, nowMs + drainTimeMs), []);
  assert.deepEqual(stillOld(found, { routing: routingOf({ a: 'a' }, 'a'), draining: [] }, nowMs), []);
  const removedThenReplaced = findOldRoutes(routingOf({ a: 'a', b: 'b' }, 'b'), { routing: routingOf({ b: 'b' }, 'b'), draining: [] }, nowMs, drainTimeMs);
  const now = { routing: routingOf({ b: 'b', new: 'a' }, 'b'), draining: [draining('a', 'a')] };
  assert.equal(removedThenReplaced.length, 1);
  assert.deepEqual(stillOld(removedThenReplaced, now, nowMs), []);
});
