import assert from 'node:assert/strict';
import { test } from 'node:test';

import { pino } from 'pino';

import { RefusedConnections } from '../../src/net/refused-connections.ts';

test('each reason is logged once a minute at most, with how many there were of it since', () => {
  const lines: Record<string, unknown>[] = [];
  const write = (line: string): void => void lines.push(JSON.parse(line) as Record<string, unknown>);
  let nowMs = 0;
  const refused = new RefusedConnections(pino({ base: null, timestamp: false }, { write }), 'xds', () => nowMs);
  for (let index = 0; index < 1_000; index += 1) refused.note(`10.0.0.1:${index}`, 'one');
  refused.note('10.0.0.2:1', 'two');
  nowMs = 60_000;
  refused.note('10.0.0.3:1', 'one');
  refused.note('10.0.0.3:2', 'one');
  const line = { level: 40, port: 'xds', msg: 'connection refused' };
  assert.deepEqual(lines, [
    { ...line, peer: '10.0.0.1:0', reason: 'one' },
    { ...line, peer: '10.0.0.2:1', reason: 'two' },
    { ...line, peer: '10.0.0.3:1', reason: 'one', more: 999 },
  ]);
});
