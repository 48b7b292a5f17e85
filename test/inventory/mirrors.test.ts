import assert from 'node:assert/strict';
import { test } from 'node:test';

import { findMirrors, oldMirrors } from '../../src/inventory/mirrors.ts';
import type { MirrorPair } from '../../src/inventory/mirrors.ts';
import { parseListener } from '../../src/model/parse.ts';

const listener = parseListener({
  name: 'l',
  address: '127.0.0.1:1',
  routes: [{ prefix: 'a:', cluster: 'a', mirrors: [{ cluster: 'b' }, { cluster: 'c' }] }],
  catch_all: { cluster: 'a', mirrors: [{ cluster: 'b' }] },
});

test('each pair is there once, for ever while a listener says it, and for the drain time after it', () => {
  const now = findMirrors([], [listener], 1_000, 10);
  assert.deepEqual(now, ['b', 'c'].map((mirror) => ({ cluster: 'a', mirror, untilMs: Infinity })));
  assert.deepEqual(oldMirrors(now), []);
  const later = findMirrors(now, [], 2_000, 10);
  assert.deepEqual(later, ['b', 'c'].map((mirror) => ({ cluster: 'a', mirror, untilMs: 2_010 })));
  assert.deepEqual(oldMirrors(later), later);
  assert.deepEqual(findMirrors(later, [], 2_009, 10), later);
  assert.deepEqual(findMirrors(later, [], 2_010, 10), []);
  assert.deepEqual(findMirrors(later, [listener], 2_005, 10), now);
});

test('a clock that was set back makes none last longer than the drain time', () => {
  assert.deepEqual(findMirrors([{ cluster: 'a', mirror: 'b', untilMs: 9_000 }], [], 1_000, 10)[0]?.untilMs, 1_010);
});

test('of very many old pairs the newest are kept', () => {
  const pairs = Array.from({ length: 1_002 }, (_, index): MirrorPair => ({ cluster: 'a', mirror: `${index}`, untilMs: index }));
  const kept = oldMirrors(pairs);
  assert.equal(kept.length, 1_000);
  assert.ok(kept.every(({ untilMs }) => untilMs >= 2));
});
