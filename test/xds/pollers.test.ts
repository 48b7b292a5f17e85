import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Pollers } from '../../src/xds/pollers.ts';
import type { JudgedClient } from '../../src/xds/pollers.ts';

const minute = 60_000;

function clientOf(id: string, isGivenSecrets = false, group = ''): JudgedClient {
  return { node: { id, cluster: group, userAgentName: 'envoy', userAgentVersion: '1.40.0' }, group, isGivenSecrets };
}

const idsOf = (pollers: Pollers, nowMs: number): string[] => pollers.recent(nowMs).map(({ node }) => node.id);

test('who polls is known for ten minutes', () => {
  const pollers = new Pollers();
  pollers.note(clientOf('a'), 0);
  pollers.note(clientOf('b'), 5 * minute);
  assert.deepEqual(idsOf(pollers, 10 * minute - 1), ['a', 'b']);
  assert.deepEqual(idsOf(pollers, 10 * minute), ['b']);
  pollers.note(clientOf('b'), 14 * minute);
  assert.deepEqual(idsOf(pollers, 23 * minute), ['b']);
  assert.deepEqual(idsOf(pollers, 24 * minute), []);
});

test('the last poll counts: who polls over TLS from now on is given secrets', () => {
  const pollers = new Pollers();
  pollers.note(clientOf('a', false, 'edge'), 0);
  pollers.note(clientOf('a', true, 'core'), 1);
  assert.deepEqual(pollers.recent(2).map(({ group, isGivenSecrets }) => [group, isGivenSecrets]), [['core', true]]);
});

test('of more than 20,000 the ones that polled longest ago are forgotten', () => {
  const pollers = new Pollers();
  for (let index = 0; index < 20_000; index += 1) pollers.note(clientOf(`n${index}`), index);
  pollers.note(clientOf('n0'), 20_000);
  pollers.note(clientOf('another'), 20_001);
  const ids = idsOf(pollers, 20_002);
  assert.deepEqual([ids.length, ids[0], ids.at(-2), ids.at(-1)], [20_000, 'n2', 'n0', 'another']);
});
