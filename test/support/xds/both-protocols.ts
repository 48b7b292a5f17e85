// State of the world and delta side by side, for the scenarios that hold for both.

import type { TestContext } from 'node:test';

import type { PlainMessage } from '../../../src/proto/protos.ts';
import type { StreamHub } from '../../../src/xds/stream-hub.ts';
import type { ProtocolName } from '../../../src/xds/stream-method.ts';
import type { Connection } from './byte-call.ts';
import { deltaApis } from './delta-api.ts';
import { DeltaClient } from './delta-client.ts';
import { DeltaStream } from './delta-stream.ts';
import type { DeltaRequestFields } from './delta-stream.ts';
import { discoveryApis } from './discovery-api.ts';
import type { ApiVersion, Kind } from './discovery-api.ts';
import { pathOf } from './discovery-client.ts';
import { FakeDeltaTransport, FakeTransport } from './fake-transport.ts';
import { SotwClient } from './sotw-client.ts';
import { SotwStream } from './sotw-stream.ts';
import type { SotwRequestFields } from './sotw-stream.ts';
import { scenario } from './wire-variant.ts';
import type { WireVariant } from './wire-variant.ts';

export type DiscoveryClient = SotwClient | DeltaClient;
export type DiscoveryStream = SotwStream | DeltaStream;

/** One of the two protocols, and how to speak it. */
export interface ProtocolUnderTest<
  Client extends DiscoveryClient = DiscoveryClient,
  Stream extends DiscoveryStream = DiscoveryStream,
> {
  readonly name: ProtocolName;
  /** Name of its request message. */
  requestOf(apiVersion: ApiVersion): string;
  /** @param kind what a stream of one type is of. */
  pathOf(variant: WireVariant, kind: Kind): string;
  client(connection: Connection, variant: WireVariant, nodeId?: string): Client;
  stream(connection: Connection, variant: WireVariant, kind: Kind, node: PlainMessage): Stream;
  /** The fields by which a first request asks for these names. */
  asking(...names: readonly string[]): SotwRequestFields & DeltaRequestFields;
  fake(hub: StreamHub, variant: WireVariant): FakeTransport | FakeDeltaTransport;
}

export const sotw: ProtocolUnderTest<SotwClient, SotwStream> = {
  name: 'sotw',
  requestOf: (apiVersion) => discoveryApis[apiVersion].sotwRequest,
  pathOf: (variant, kind) => pathOf(discoveryApis, variant, kind),
  client: (connection, variant, nodeId) => new SotwClient(connection, variant, nodeId),
  stream: (connection, variant, kind, node) =>
    new SotwStream(connection, pathOf(discoveryApis, variant, kind), variant.apiVersion, node),
  asking: (...names) => ({ resource_names: names }),
  fake: (hub, variant) => new FakeTransport(hub, variant),
};

export const delta: ProtocolUnderTest<DeltaClient, DeltaStream> = {
  name: 'delta',
  requestOf: (apiVersion) => deltaApis[apiVersion].request,
  pathOf: (variant, kind) => pathOf(deltaApis, variant, kind),
  client: (connection, variant, nodeId) => new DeltaClient(connection, variant, nodeId),
  stream: (connection, variant, kind, node) =>
    new DeltaStream(connection, pathOf(deltaApis, variant, kind), variant.apiVersion, node),
  asking: (...names) => ({ resource_names_subscribe: names }),
  fake: (hub, variant) => new FakeDeltaTransport(hub, variant),
};

/** As {@link scenario}, once per protocol; the test by delta is named `ID delta: ...`. */
export function scenarioOfBoth(
  name: string,
  variants: readonly WireVariant[],
  run: (t: TestContext, variant: WireVariant, protocol: ProtocolUnderTest) => Promise<void>,
): void {
  scenario(name, variants, (t, variant) => run(t, variant, sotw));
  scenario(name.replace(' ', ' delta: '), variants, (t, variant) => run(t, variant, delta));
}
