import assert from 'node:assert/strict';
import { test } from 'node:test';

import { describeReason } from '../../../src/api/v2/reason.ts';
import type { Nack, StreamStatus, TypeStatus } from '../../../src/xds/stream-status.ts';
import { buildStreamStatus, buildTypeStatus } from '../../support/xds/stream-status.ts';

const atMs = Date.UTC(2031, 0, 2, 3, 4, 5) - performance.timeOrigin;
const laterMs = atMs + 1_000;
const lastNack: Nack = { atMs, version: 'v-2', message: 'no such port', names: [], isInForce: false };
const other = buildTypeStatus('cluster');
const unanswered = buildTypeStatus('cluster', { state: 'stale', unansweredSinceMs: atMs });
const paused: Partial<TypeStatus> = { state: 'stale', pause: { untilMs: laterMs, everyMs: 1_240 } };
const notRead = 'not read: the last response is still in our send buffer since 2031-01-02T03:04:06.000Z';

const cases: readonly (readonly [
  reason: string | null,
  type: Partial<TypeStatus>,
  other?: TypeStatus,
  stream?: Partial<StreamStatus>,
])[] = [
  [null, {}],
  [null, {}, unanswered, { unwrittenSinceMs: laterMs }],
  ['no such port', { state: 'error', lastNack }],
  ['no such port', { state: 'error', lastNack }, unanswered, { unwrittenSinceMs: laterMs }],
  ['sent, not answered since 2031-01-02T03:04:05.000Z', { state: 'stale', unansweredSinceMs: atMs }],
  [notRead, { state: 'stale', unansweredSinceMs: atMs }, other, { unwrittenSinceMs: laterMs }],
  [notRead, { state: 'stale' }, unanswered, { unwrittenSinceMs: laterMs }],
  [notRead, { state: 'not-sent' }, unanswered, { unwrittenSinceMs: laterMs }],
  ['not sent: held back until the other types on its stream are answered', { state: 'stale' }, unanswered],
  ['not sent: held back until 2031-01-02T03:04:06.000Z: listeners go out at most every 1.2 s', paused],
  ['not sent: held back until the other types on its stream are answered', paused, unanswered],
  ['not sent: held back until listeners are sent and answered', { state: 'stale' }, buildTypeStatus('listener', paused)],
  ['not sent: about to be sent', { state: 'stale' }],
  ['not sent: about to be sent', { state: 'not-sent' }],
  ['not sent: about to be sent', { state: 'not-sent' }, unanswered],
  ['not sent: nothing was committed yet', { state: 'not-sent' }, other, { hasSnapshot: false }],
];
for (const [reason, fields, another = other, stream = {}] of cases) {
  const { lastNack: _, ...shown } = fields;
  test(`${JSON.stringify(shown)} beside ${another.state} on ${JSON.stringify(stream)}: ${reason}`, () => {
    const type = buildTypeStatus('endpoint', fields);
    assert.equal(describeReason(type, buildStreamStatus([another, type], stream)), reason);
  });
}
