// The calls of the discovery services, beneath grpc-js's streams.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';

import type { ServerInterceptingCallInterface, ServerInterceptor } from '@grpc/grpc-js';
import { pino } from 'pino';

import { encodeMessage } from '../../src/proto/protos.ts';
import { SnapshotCache } from '../../src/snapshot/snapshot.ts';
import { Connections } from '../../src/xds/connections.ts';
import { createDiscoveryInterceptor } from '../../src/xds/discovery-services.ts';
import { StreamHub } from '../../src/xds/stream-hub.ts';
import { waitUntil } from '../support/wait-until.ts';
import { discoveryApis } from '../support/xds/discovery-api.ts';

type Listener = Parameters<ServerInterceptingCallInterface['start']>[0];

test('requests that came together are taken one after the other, however many they are', async () => {
  const hub = new StreamHub({ snapshots: new SnapshotCache(), groupOf: () => 'group', log: pino({ enabled: false }) });
  const { paths, sotwRequest } = discoveryApis.v3;
  const requests = 100_000;
  let taken = 0;
  let listener: Listener | undefined;
  // As grpc-js does it: what is there is handed over before startRead returns.
  const call: Partial<ServerInterceptingCallInterface> = {
    getConnectionInfo: () => ({ remoteAddress: '127.0.0.1' }),
    start: (given) => {
      listener = given;
      given.onReceiveMetadata(undefined as never);
    },
    startRead: () => {
      if (taken === requests) return;
      taken += 1;
      listener?.onReceiveMessage(encodeMessage(sotwRequest, { node: { id: 'n' } }));
    },
  };
  const method = { path: paths.cluster } as Parameters<ServerInterceptor>[0];
  createDiscoveryInterceptor(hub, new Connections())(method, call as ServerInterceptingCallInterface).start(undefined as never);
  await waitUntil('all are taken', () => taken === requests);
  assert.equal(hub.streams.size, 1);
});

test('a call with much to read lets others have their turn', async () => {
  const hub = new StreamHub({ snapshots: new SnapshotCache(), groupOf: () => 'group', log: pino({ enabled: false }) });
  const { paths, sotwRequest } = discoveryApis.v3;
  // Each has names of its own, so that none is known from before.
  const requests = Array.from({ length: 20 }, (_, n) => {
    const resource_names = Array.from({ length: 20_000 }, (_unused, index) => `name-${n}-${index}`);
    return encodeMessage(sotwRequest, { node: { id: 'n' }, resource_names });
  });
  const taken: number[] = [];
  let turn = 0;
  let listener: Listener | undefined;
  const call: Partial<ServerInterceptingCallInterface> = {
    getConnectionInfo: () => ({ remoteAddress: '127.0.0.1' }),
    start: (given) => {
      listener = given;
      given.onReceiveMetadata(undefined as never);
    },
    startRead: () => {
      const request = requests.shift();
      if (request === undefined) return;
      taken.push(turn);
      listener?.onReceiveMessage(request);
    },
  };
  const method = { path: paths.endpoint } as Parameters<ServerInterceptor>[0];
  createDiscoveryInterceptor(hub, new Connections())(method, call as ServerInterceptingCallInterface).start(undefined as never);
  await waitUntil('all are taken', async () => {
    await nextTurn();
    turn += 1;
    return requests.length === 0;
  });
  assert.equal(taken.length, 20);
  assert.ok(new Set(taken).size > 1, 'all were read in one turn');
});
