// What is kept of the routes, as text and back.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parseRoutes, renderRoutes } from '../../src/store/routes-row.ts';

test('what is rendered is read back', () => {
  const routes = [
    { prefix: 'h:', cluster: 'bunny' },
    { prefix: undefined, cluster: undefined },
  ];
  for (const kept of [
    { catchAll: undefined, old: [] },
    { catchAll: 'bunny', old: [], mirrors: [{ cluster: 'a', mirror: 'b', untilMs: 2 }] },
    { catchAll: 'bunny', old: [{ listeners: ['l', 'm'], sinceMs: 1, untilMs: 2, count: 3, routes }] },
  ]) {
    assert.deepEqual(parseRoutes(renderRoutes(kept)), kept);
  }
});

test('those of before listeners could be declared are of the one that there was', () => {
  const { old } = parseRoutes('{"old": [{"since_ms": 1, "until_ms": 2, "count": 0, "routes": []}]}');
  assert.deepEqual(old, [{ listeners: ['redis_listener'], sinceMs: 1, untilMs: 2, count: 0, routes: [] }]);
});

const bad: readonly (readonly [text: string, message: RegExp])[] = [
  ['nothing', /JSON/],
  ['[]', /no JSON object/],
  ['{}', /old is no list/],
  ['{"catch_all": 1, "old": []}', /catch_all is no text/],
  ['{"old": [1]}', /no JSON object/],
  ['{"old": [{"listeners": [1], "since_ms": 1, "until_ms": 1, "count": 1, "routes": []}]}', /listeners is no text/],
  ['{"old": [{"since_ms": 1, "until_ms": 1, "count": 1}]}', /routes is no list/],
  ['{"old": [{"since_ms": 1, "until_ms": 1, "count": 1, "routes": [{"prefix": 1}]}]}', /prefix is no text/],
  ['{"old": [], "mirrors": {}}', /mirrors is no list/],
  ['{"old": [], "mirrors": [{"cluster": "a", "until_ms": 1}]}', /mirror is no text/],
  ['{"old": [], "mirrors": [{"cluster": "a", "mirror": "b"}]}', /until_ms is no number/],
];
for (const [text, message] of bad) {
  test(`${text} is none`, () => assert.throws(() => parseRoutes(text), message));
}
