// A server that came into another state, as an event.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { transitionEvent } from '../../src/watch/transition.ts';

test('a server that comes into a state is told with since when, why, and what it is', () => {
  assert.deepEqual(transitionEvent('a', '10.0.0.1:1', { state: 'down', sinceMs: 7, reason: 'refused: nobody', role: 'replica' }), {
    type: 'server-down',
    atMs: 7,
    cluster: 'a',
    server: '10.0.0.1:1',
    message: 'cluster "a": 10.0.0.1:1 is down: refused: nobody',
    data: { role: 'replica' },
  });
  const states = (['up', 'suspect', 'recovering', 'unknown'] as const).map((state) => transitionEvent('a', 's', { state, sinceMs: 0 })?.type);
  assert.deepEqual(states, ['server-up', 'server-suspect', 'server-recovering', undefined]);
});
