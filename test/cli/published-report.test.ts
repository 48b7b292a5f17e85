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
  const old = { since, until, count: 3, routes };
  const five = Array.from({ length: 20 }, (_, index) => ({ prefix: `p${index}`, from: 'a', to: 'b' }));
  assert.deepEqual(renderOldRoutes({ ...nothing, old_routes: [old, { since, until, count: 99, routes: five }] }), [
    `old routes: connections opened before ${since} keep until ${until}: "h:" to bunny (new ones: hare); ` +
      'keys without a prefix to bunny (new ones: no server); "x" to no server (new ones: x)',
    `old routes: connections opened before ${since} keep until ${until}: "p0" to a (new ones: b); ` +
      '"p1" to a (new ones: b); "p2" to a (new ones: b); "p3" to a (new ones: b); "p4" to a (new ones: b); and 94 more',
  ]);
});

test('warnings, fit for a terminal', () => {
  const warnings = [{ code: 'no-catch-all', message: 'no\u0007ne' } as const];
  assert.deepEqual(renderWarnings({ ...nothing, warnings }), ['warning: no\\u{7}ne']);
});
