// The calls of the discovery services, beneath grpc-js's streams.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ServerInterceptingCallInterface, ServerInterceptor } from '@grpc/grpc-js';
import { pino } from 'pino';

import { encodeMessage } from '../../src/proto/protos.ts';
import { SnapshotCache } from '../../src/snapshot/snapshot.ts';
import { createDiscoveryInterceptor } from '../../src/xds/discovery-services.ts';
import { StreamHub } from '../../src/xds/stream-hub.ts';
import { discoveryApis } from '../support/xds/discovery-api.ts';

type Listener = Parameters<ServerInterceptingCallInterface['start']>[0];

test('requests that came together are taken one after the other, however many they are', () => {
  const hub = new StreamHub({ snapshots: new SnapshotCache(), groupOf: () => 'group', log: pino({ enabled: false }) });
  const { paths, sotwRequest } = discoveryApis.v3;
  const requests = 100_000;
  let taken = 0;
  let listener: Listener | undefined;
  // As grpc-js does it: what is there is handed over before startRead returns.
  const call: Partial<ServerInterceptingCallInterface> = {
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
  createDiscoveryInterceptor(hub)(method, call as ServerInterceptingCallInterface).start(undefined as never);
  assert.equal(taken, requests);
  assert.equal(hub.streams.size, 1);
});
