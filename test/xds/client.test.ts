import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { clientState, foldClients, modeOf, typesOf, worstState } from '../../src/xds/client.ts';
import type { Client } from '../../src/xds/client.ts';
import type { StreamMethod } from '../../src/xds/stream-method.ts';
import type { StreamStatus, SyncState } from '../../src/xds/stream-status.ts';
import { buildStreamStatus, buildTypeStatus, nodeOf } from '../support/xds/stream-status.ts';

const sotw: StreamMethod = { apiVersion: 'v3', protocol: 'sotw', kind: undefined };

function streamOf(id: string, peer: string, cluster?: string): StreamStatus {
  return buildStreamStatus([], { node: nodeOf(id, cluster), peer });
}

/** The one client that the streams make. */
function foldOne(...streams: readonly StreamStatus[]): Client {
  const [client, ...others] = foldClients(streams);
  assert.ok(client);
  assert.deepEqual(others, []);
  return client;
}

describe('a client', () => {
  test('is nobody while it has sent no request', () => {
    assert.deepEqual(foldClients([buildStreamStatus([], { node: undefined })]), []);
  });

  test('is one node on one connection, sorted by node id, then by peer', () => {
    const streams = [streamOf('b', 'p'), streamOf('a', 'q'), streamOf('a', 'p', 'other'), streamOf('a', 'p')];
    const found = foldClients(streams).map(({ node: { id, cluster }, peer }) => [id, peer, cluster]);
    assert.deepEqual(found, [
      ['a', 'p', 'other'],
      ['a', 'p', 'redis'],
      ['a', 'q', 'redis'],
      ['b', 'p', 'redis'],
    ]);
  });

  test('has all its streams, of whatever mode, oldest first', () => {
    const client = foldOne(
      buildStreamStatus([], { openedAtMs: 3, method: { ...sotw, kind: 'listener', protocol: 'delta' } }),
      buildStreamStatus([], { openedAtMs: 1 }),
      buildStreamStatus([], { openedAtMs: 2, method: { ...sotw, apiVersion: 'v2' } }),
    );
    assert.deepEqual(client.streams.map(({ openedAtMs }) => openedAtMs), [1, 2, 3]);
  });

  test('has its types in the order in which they are published, each with what every stream says of it', () => {
    const [route, cluster] = [buildTypeStatus('route'), buildTypeStatus('cluster')];
    const a = buildTypeStatus('endpoint', { versionSent: 'a' });
    const b = buildTypeStatus('endpoint', { versionSent: 'b' });
    const client = foldOne(
      buildStreamStatus([route, a, cluster], { openedAtMs: 1 }),
      buildStreamStatus([b], { openedAtMs: 2 }),
    );
    const [first, second] = client.streams;
    assert.deepEqual(typesOf(client), [
      { kind: 'cluster', parts: [{ type: cluster, stream: first }], unasked: undefined },
      { kind: 'endpoint', parts: [{ type: a, stream: first }, { type: b, stream: second }], unasked: undefined },
      { kind: 'route', parts: [{ type: route, stream: first }], unasked: undefined },
    ]);
  });

  test('is in its worst state', () => {
    const cluster = buildTypeStatus('cluster');
    const listener = buildTypeStatus('listener', { state: 'stale' });
    assert.equal(clientState(foldOne(buildStreamStatus([cluster]), buildStreamStatus([listener]))), 'stale');
    assert.equal(clientState(foldOne(buildStreamStatus([cluster]))), 'synced');
  });

  test('that asked for nothing waits', () => {
    assert.equal(clientState(foldOne(buildStreamStatus([]))), 'not-sent');
  });
});

const modes: readonly (readonly [what: string, Partial<StreamMethod>, differs: object])[] = [
  ['nothing', {}, {}],
  ['the API version', { apiVersion: 'v2' }, { apiVersion: undefined }],
  ['the protocol', { protocol: 'delta' }, { protocol: undefined }],
  ['how many types they carry', { kind: 'listener' }, { isAggregated: undefined }],
];
for (const [what, other, differs] of modes) {
  test(`a mode of streams that differ in ${what}`, () => {
    const streams = [buildStreamStatus([]), buildStreamStatus([], { method: { ...sotw, ...other } })];
    assert.deepEqual(modeOf(streams), { apiVersion: 'v3', protocol: 'sotw', isAggregated: true, ...differs });
  });
}

test('the worst state is the one that says most about what has to be done', () => {
  const states: SyncState[] = ['synced', 'not-sent', 'stale', 'error'];
  states.forEach((state, index) => assert.equal(worstState(states.slice(0, index + 1)), state));
  assert.equal(worstState([]), 'not-sent');
});
