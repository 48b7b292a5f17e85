// What connections of before a change of the routes go on doing otherwise.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { findSuccessors, follow } from '../../src/inventory/draining.ts';
import type { DrainingCluster } from '../../src/inventory/draining.ts';
import { compareOldRoutes, findOldRoutes, stillOld } from '../../src/inventory/old-routes.ts';
import type { OldRoutes, Routings, RoutesNow } from '../../src/inventory/old-routes.ts';
import { Routing, findCatchAll } from '../../src/inventory/routing.ts';
import { routesByPrefix } from '../../src/render/prefix-order.ts';

const nowMs = 1_000_000;
const drainTimeMs = 600;

type Prefixes = Readonly<Record<string, string>>;

function routingOf(prefixes: Prefixes, catchAll?: string): Routing {
  const clusters = Object.entries(prefixes).map(([name, prefix]) => [name, { name, prefix, endpoints: [] }] as const);
  return new Routing(routesByPrefix(new Map(clusters)), findCatchAll(new Map(clusters), catchAll));
}

function draining(name: string, prefix: string, wasCatchAll = false): DrainingCluster {
  return { cluster: { name, prefix, endpoints: [] }, untilMs: nowMs + drainTimeMs, wasCatchAll, followed: undefined };
}

function nowOf(routing: Routing, ...drainingNow: readonly DrainingCluster[]): RoutesNow {
  return { routings: by(routing), successors: findSuccessors(follow(drainingNow, routing), new Map()) };
}

function by(routing: Routing, name = 'l'): Routings {
  return new Map([[name, routing]]);
}

/** `PREFIX: FROM -> TO` for each route that differs; `*` are keys without a prefix. */
function describeDifferences(old: readonly OldRoutes[], now: RoutesNow): string[] {
  return old.flatMap((each) => {
    const routes = compareOldRoutes(each, now).flatMap((differences) => differences.routes);
    return routes.map(({ prefix = '*', from = 'none', to = 'none' }) => `${prefix}: ${from} -> ${to}`);
  });
}

function differences(before: Routing, now: RoutesNow): string[] {
  return describeDifferences(findOldRoutes(by(before), now, nowMs, drainTimeMs), now);
}

describe('old connections differ from new ones', () => {
  const bunny = { bunny: 'br' };
  const cases: readonly (readonly [what: string, before: Routing, now: RoutesNow, expected: readonly string[]])[] = [
    [
      'for the keys of a new prefix, and for all without one when that costs the catch-all',
      routingOf(bunny),
      nowOf(routingOf({ ...bunny, hare: 'h:' })),
      ['*: bunny -> none', 'h:: bunny -> hare'],
    ],
    [
      'for the keys of a new prefix only, when the catch-all has a name',
      routingOf(bunny, 'bunny'),
      nowOf(routingOf({ ...bunny, hare: 'h:' }, 'bunny')),
      ['h:: bunny -> hare'],
    ],
    [
      'for those of a new prefix that had no server',
      routingOf({ a: 'a', b: 'b' }),
      nowOf(routingOf({ a: 'a', b: 'b', c: 'c' })),
      ['c: none -> c'],
    ],
    [
      'in nothing when the cluster is replaced whole: they are served by the new one',
      routingOf(bunny),
      nowOf(routingOf({ hare: 'br' }), draining('bunny', 'br', true)),
      [],
    ],
    [
      'when two share what the catch-all had',
      routingOf({ ...bunny, otter: 'o:' }, 'bunny'),
      nowOf(routingOf({ hare: 'br', otter: 'o:' }, 'otter'), draining('bunny', 'br', true)),
      ['*: bunny -> otter', 'br: bunny -> hare'],
    ],
    [
      'when a cluster was removed and nobody has its keys',
      routingOf({ a: 'a', b: 'b', c: 'c' }),
      nowOf(routingOf({ a: 'a', b: 'b' }), draining('c', 'c')),
      ['c: c -> none'],
    ],
    [
      'when prefixes change places',
      routingOf({ a: '1', b: '2' }),
      nowOf(routingOf({ a: '2', b: '1' })),
      ['1: a -> b', '2: b -> a'],
    ],
    ['when another is the catch-all', routingOf({ a: 'a', b: 'b' }, 'a'), nowOf(routingOf({ a: 'a', b: 'b' }, 'b')), ['*: a -> b']],
    ['in nothing when nothing changed', routingOf({ a: 'a', b: 'b' }), nowOf(routingOf({ a: 'a', b: 'b' })), []],
  ];
  for (const [what, before, now, expected] of cases) {
    test(what, () => assert.deepEqual(differences(before, now), expected));
  }
});

test('nothing is left where there was no listener, or when nothing drains', () => {
  const now = nowOf(routingOf({ a: 'a' }));
  assert.deepEqual(findOldRoutes(undefined, now, nowMs, drainTimeMs), []);
  assert.deepEqual(findOldRoutes(by(routingOf({})), now, nowMs, drainTimeMs), []);
  assert.deepEqual(findOldRoutes(by(routingOf({ b: 'a' })), now, nowMs, 0), []);
});

function numbered(count: number): Prefixes {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`c${index}`, `p${1_000 + index}`]));
}

test('of very many routes the first are kept, the catch-all before all, and how many there are', () => {
  const now = nowOf(routingOf({ a: 'a', b: 'b', ...numbered(1_000) }, 'b'));
  const [found] = findOldRoutes(by(routingOf({ a: 'a', b: 'b' }, 'a')), now, nowMs, drainTimeMs);
  assert.deepEqual([found?.count, found?.routes.length], [1_001, 100]);
  assert.deepEqual(found?.routes.slice(0, 2), [undefined, 'p1000'].map((prefix) => ({ prefix, cluster: 'a' })));
  assert.deepEqual([found.sinceMs, found.untilMs], [nowMs, nowMs + drainTimeMs]);
  assert.equal(compareOldRoutes(found, nowOf(routingOf({ a: 'a', b: 'b' }, 'a')))[0]?.count, 901);
});

test('very many that are turned whole hide none that differs, and count for none', () => {
  const old = numbered(500);
  const next = Object.fromEntries(Object.entries(old).map(([name, prefix]) => [`new ${name}`, prefix]));
  const drainingNow = Object.entries(old).map(([name, prefix]) => draining(name, prefix));
  const now = nowOf(routingOf({ ...next, z: 'z' }), ...drainingNow);
  const [found] = findOldRoutes(by(routingOf(old)), now, nowMs, drainTimeMs);
  assert.ok(found !== undefined);
  const routes = [{ prefix: 'z', from: undefined, to: 'z' }];
  assert.deepEqual(compareOldRoutes(found, now), [{ listeners: ['l'], count: 1, routes }]);
});

test('it is over when its time is, and is not told of while the routes are the same again', () => {
  const before = routingOf({ a: 'a' }, 'a');
  const added = nowOf(routingOf({ a: 'a', b: 'b' }, 'a'));
  const found = findOldRoutes(by(before), added, nowMs, drainTimeMs);
  assert.deepEqual(stillOld(found, added, nowMs + drainTimeMs - 1), found);
  assert.deepEqual(stillOld(found, added, nowMs + drainTimeMs), []);
  assert.deepEqual(stillOld(found, nowOf(before), nowMs), found);
  assert.deepEqual(describeDifferences(found, nowOf(before)), []);
  assert.deepEqual(describeDifferences(found, added), ['b: a -> b']);
});

test('a cluster that was removed and is replaced later is served as new connections are', () => {
  const removed = nowOf(routingOf({ b: 'b' }, 'b'), draining('a', 'a'));
  const found = findOldRoutes(by(routingOf({ a: 'a', b: 'b' }, 'b')), removed, nowMs, drainTimeMs);
  assert.equal(found.length, 1);
  assert.deepEqual(describeDifferences(found, nowOf(routingOf({ b: 'b', new: 'a' }, 'b'), draining('a', 'a'))), []);
});

test('one that was turned and is declared again under another prefix is where old connections are', () => {
  const replaced = nowOf(routingOf({ hare: 'br' }), draining('bunny', 'br', true));
  const found = findOldRoutes(by(routingOf({ bunny: 'br' })), replaced, nowMs, drainTimeMs);
  assert.deepEqual(describeDifferences(found, replaced), []);
  const again = nowOf(routingOf({ hare: 'br', bunny: 'b2:' }, 'hare'));
  assert.deepEqual(describeDifferences(found, again), ['*: bunny -> hare', 'br: bunny -> hare']);
});

test('of very many changes those go first that do not differ, then the oldest', () => {
  const now = nowOf(routingOf({ a: 'a' }, 'a'));
  const change = (sinceMs: number, cluster: string): OldRoutes => {
    return { listeners: ['l'], sinceMs, untilMs: nowMs + drainTimeMs, count: 1, routes: [{ prefix: 'a', cluster }] };
  };
  const differing = Array.from({ length: 49 }, (_, index) => change(index, 'b'));
  const same = [change(100, 'a'), change(101, 'a')];
  assert.deepEqual(stillOld([...differing, ...same], now, nowMs), [...differing, change(101, 'a')]);
  const more = [change(102, 'b'), change(103, 'b')];
  assert.deepEqual(stillOld([...differing, ...same, ...more], now, nowMs), [...differing.slice(1), ...more]);
});

describe('of several listeners', () => {
  const shared = routingOf({ a: 'a' }, 'a');
  const next = routingOf({ a: 'a', b: 'b' }, 'a');
  const before = new Map([['one', shared], ['two', shared], ['gone', shared], ['other', routingOf({ a: 'a' })]]);
  const now = {
    routings: new Map([['one', next], ['two', next], ['other', routingOf({ a: 'a', c: 'c' })], ['new', next]]),
    successors: new Map<string, string>(),
  };

  test('each is told of by its name, those with the same routes together, and none that came or went', () => {
    const found = findOldRoutes(before, now, nowMs, drainTimeMs);
    const expected = [
      { listeners: ['one', 'two'], count: 1, routes: [{ prefix: 'b', from: 'a', to: 'b' }] },
      {
        listeners: ['other'],
        count: 2,
        routes: [
          { prefix: undefined, from: 'a', to: undefined },
          { prefix: 'c', from: 'a', to: 'c' },
        ],
      },
    ];
    assert.deepEqual(found.flatMap((old) => compareOldRoutes(old, now)), expected);
  });

  test('those that go different ways later are told apart, and one that goes is not told of', () => {
    const [found] = findOldRoutes(before, now, nowMs, drainTimeMs);
    assert.ok(found !== undefined);
    const later = { ...now, routings: new Map([['one', shared], ['two', next]]) };
    assert.deepEqual(compareOldRoutes(found, later).map(({ listeners }) => listeners), [['two']]);
    assert.deepEqual(compareOldRoutes(found, { ...now, routings: new Map() }), []);
  });

  test('of very many alike the first hundred have their names', () => {
    const names = Array.from({ length: 101 }, (_, index) => `l${index}`);
    const of = (routing: Routing) => new Map(names.map((name) => [name, routing]));
    const found = findOldRoutes(of(shared), { ...now, routings: of(next) }, nowMs, drainTimeMs);
    assert.deepEqual(found.map(({ listeners }) => listeners.length), [100]);
  });
});
