// How things stand with what is committed, for people.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { renderDraining, renderOldRoutes, renderWarnings } from '../../src/cli/published-report.ts';

const nothing = { warnings: [], draining: [], old_routes: [] };
const [since, until] = ['2031-01-02T00:00:00.000Z', '2031-01-02T00:10:00.000Z'];

test('nothing is said when there is nothing to say', () => {
  for (const render of [renderDraining, renderOldRoutes, renderWarnings]) assert.deepEqual(render(nothing), []);
});

test('what drains, until when, and by whom it is served', () => {
  const draining = [
    { name: 'o\u001b', until, successor: null },
    { name: 'hare', until, successor: 'bunny' },
  ];
  assert.deepEqual(renderDraining({ ...nothing, draining }), [
    `draining: o\\u{1b} until ${until}`,
    `draining: hare until ${until}, served by bunny`,
  ]);
});

test('where old connections send which keys, at most five of them', () => {
  const routes = [
    { prefix: 'h:', from: 'bunny', to: 'hare' },
    { prefix: null, from: 'bunny', to: null },
    { prefix: 'x', from: null, to: 'x' },
  ];
  const listeners = ['redis_listener'];
  const old = { listeners, since, until, count: 3, routes };
  const five = Array.from({ length: 20 }, (_, index) => ({ prefix: `p${index}`, from: 'a', to: 'b' }));
  assert.deepEqual(renderOldRoutes({ ...nothing, old_routes: [old, { listeners, since, until, count: 99, routes: five }] }), [
    `old routes: connections opened before ${since} keep until ${until}: "h:" to bunny (new ones: hare); ` +
      'keys without a prefix to bunny (new ones: no server); "x" to no server (new ones: x)',
    `old routes: connections opened before ${since} keep until ${until}: "p0" to a (new ones: b); ` +
      '"p1" to a (new ones: b); "p2" to a (new ones: b); "p3" to a (new ones: b); "p4" to a (new ones: b); and 94 more',
  ]);
});

test('of which listeners old connections are, when it is not the usual one alone', () => {
  const rest = { since, until, count: 1, routes: [{ prefix: 'x', from: null, to: 'x' }] };
  const cases = [
    [['l'], 'old routes of listener l: '],
    [['redis_listener', 'l'], 'old routes of listeners redis_listener, l: '],
    [['a', 'b', 'c', 'd', 'e', 'f', 'g'], 'old routes of listeners a, b, c, d, e and 2 more: '],
  ] as const;
  for (const [listeners, start] of cases) {
    const [line = ''] = renderOldRoutes({ ...nothing, old_routes: [{ listeners, ...rest }] });
    assert.ok(line.startsWith(`${start}connections opened before `), line);
  }
});

test('warnings, fit for a terminal', () => {
  const warnings = [{ code: 'no-catch-all', message: 'no\u0007ne' } as const];
  assert.deepEqual(renderWarnings({ ...nothing, warnings }), ['warning: no\\u{7}ne']);
});
