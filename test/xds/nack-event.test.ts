// A refusal, as an event.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { pino } from 'pino';

import type { NewEvent } from '../../src/events/event.ts';
import { SnapshotCache, defaultNodeGroup } from '../../src/snapshot/snapshot.ts';
import { nackEvent } from '../../src/xds/nack-event.ts';
import { StreamHub } from '../../src/xds/stream-hub.ts';
import { waitUntil } from '../support/wait-until.ts';
import { FakeTransport } from '../support/xds/fake-transport.ts';
import { buildSnapshot } from '../support/xds/hand-made-snapshot.ts';

test('says who refused what and why, in short', () => {
  const event = nackEvent('n'.repeat(500), { kind: 'listener', message: 'no such port', names: ['redis'], isInForce: false });
  assert.ok(event.message.length < 300);
  assert.match(event.message, /^n{200}… refused listener: no such port$/u);
  assert.deepEqual([event.data?.['resource_type'], event.data?.['names'], event.data?.['in_force']], ['listener', ['redis'], false]);
  const earlier = nackEvent('n', { kind: 'cluster', message: 'bad', names: [], isInForce: true });
  assert.equal(earlier.message, 'n refused an earlier push of cluster: bad');
});

test('is told of each that a stream brings, without what is secret', async () => {
  const told: NewEvent[] = [];
  const snapshots = new SnapshotCache();
  const hub = new StreamHub({
    snapshots,
    groupOf: () => defaultNodeGroup,
    log: pino({ level: 'silent' }),
    onEvent: (event) => void told.push(event),
    secretValues: () => ({ passwords: ['swordfish-42'], privateKeys: [] }),
  });
  snapshots.set(defaultNodeGroup, buildSnapshot({}));
  const transport = new FakeTransport(hub, { apiVersion: 'v3', isAggregated: true });
  transport.onResponse = ({ kind, nonce }) => {
    transport.request(kind, { response_nonce: nonce, error_detail: { code: 13, message: '<swordfish-42> will not do' } });
  };
  transport.request('cluster', { node: { id: 'envoy-1' } });
  await waitUntil('it is told', () => told.length > 0);
  assert.deepEqual([told[0]?.type, told[0]?.message], ['nack', 'envoy-1 refused cluster: <[redacted]> will not do']);
  hub.shutDown();
});
