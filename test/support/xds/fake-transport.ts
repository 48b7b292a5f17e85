// A stream without gRPC: what the hub is given in place of a call, for what happens
// between two lines of the server.

import { encodeMessage } from '../../../src/proto/protos.ts';
import type { DiscoveryStream } from '../../../src/xds/discovery-stream.ts';
import type { StreamTransport } from '../../../src/xds/stream-context.ts';
import type { StreamHub } from '../../../src/xds/stream-hub.ts';
import type { ProtocolName } from '../../../src/xds/stream-method.ts';
import { deltaApis } from './delta-api.ts';
import { parseDeltaResponse } from './delta-response.ts';
import type { DeltaResponse } from './delta-response.ts';
import type { DeltaRequestFields } from './delta-stream.ts';
import { discoveryApis, typeUrlOf } from './discovery-api.ts';
import type { Kind } from './discovery-api.ts';
import { describeResponse } from './discovery-response.ts';
import type { DiscoveryResponse } from './discovery-response.ts';
import { Inbox } from './inbox.ts';
import { parseSotwResponse } from './sotw-response.ts';
import type { SotwResponse } from './sotw-response.ts';
import type { SotwRequestFields } from './sotw-stream.ts';
import type { WireVariant } from './wire-variant.ts';

abstract class TransportOf<Response extends DiscoveryResponse, Fields extends object> implements StreamTransport {
  readonly peer = '127.0.0.1:1';
  isPrivate = true;
  readonly responses = new Inbox<Response>(describeResponse);
  /** Bytes as they were written. */
  readonly written: Uint8Array[] = [];
  /** How many messages left together, each time. */
  readonly together: number[] = [];
  /** Statuses that the server ended the call with. */
  readonly failures: { status: string; message: string }[] = [];
  /** Called inside `write`. */
  onResponse: (response: Response) => void = () => undefined;
  /** False: what is written does not leave. */
  isReading = true;
  readonly stream: DiscoveryStream;
  protected readonly variant: WireVariant;
  #held = 0;
  #corked: number | undefined;

  /** @param kind of a stream of one type. */
  constructor(hub: StreamHub, variant: WireVariant, protocol: ProtocolName, kind?: Kind) {
    this.variant = variant;
    this.stream = hub.add(this, { apiVersion: variant.apiVersion, protocol, kind });
  }

  protected abstract parse(message: Uint8Array): Response;

  protected abstract encode(request: Fields): Uint8Array;

  /** Sends a request of this type with these fields. */
  request(kind: Kind, fields: Fields): void {
    this.stream.receive(this.encode({ type_url: typeUrlOf(this.variant.apiVersion, kind), ...fields }));
  }

  write(message: Uint8Array): void {
    this.written.push(message);
    const response = this.parse(message);
    this.responses.put(response);
    this.onResponse(response);
    this.#held += 1;
    if (this.#corked !== undefined) this.#corked += 1;
    else if (this.isReading) this.drain();
  }

  cork(): void {
    this.#corked = 0;
  }

  uncork(): void {
    if (this.#corked) this.together.push(this.#corked);
    this.#corked = undefined;
    if (this.isReading) this.drain();
  }

  /** Lets go what was written while the client did not read. */
  drain(): void {
    while (this.#held > 0) {
      // Before the call, in which the next one may be written.
      this.#held -= 1;
      this.stream.noteWritten();
    }
  }

  fail(status: string, message: string): void {
    this.failures.push({ status, message });
  }
}

/** In state of the world. */
export class FakeTransport extends TransportOf<SotwResponse, SotwRequestFields> {
  constructor(hub: StreamHub, variant: WireVariant, kind?: Kind) {
    super(hub, variant, 'sotw', kind);
  }

  /** Asks for these names, none may mean all; says the node too. */
  subscribe(kind: Kind, nodeId: string, ...names: readonly string[]): void {
    this.request(kind, { node: { id: nodeId }, resource_names: names });
  }

  /** Accepts a response to a subscription to everything. */
  ack({ kind, nonce, versionInfo }: SotwResponse): void {
    this.request(kind, { response_nonce: nonce, version_info: versionInfo });
  }

  protected parse(message: Uint8Array): SotwResponse {
    return parseSotwResponse(this.variant.apiVersion, message);
  }

  protected encode(request: SotwRequestFields): Uint8Array {
    return encodeMessage(discoveryApis[this.variant.apiVersion].sotwRequest, { ...request });
  }
}

/** The same in delta. */
export class FakeDeltaTransport extends TransportOf<DeltaResponse, DeltaRequestFields> {
  constructor(hub: StreamHub, variant: WireVariant, kind?: Kind) {
    super(hub, variant, 'delta', kind);
  }

  subscribe(kind: Kind, nodeId: string, ...names: readonly string[]): void {
    this.request(kind, { node: { id: nodeId }, resource_names_subscribe: names });
  }

  ack({ kind, nonce }: DeltaResponse): void {
    this.request(kind, { response_nonce: nonce });
  }

  protected parse(message: Uint8Array): DeltaResponse {
    return parseDeltaResponse(this.variant.apiVersion, message);
  }

  protected encode(request: DeltaRequestFields): Uint8Array {
    return encodeMessage(deltaApis[this.variant.apiVersion].request, { ...request });
  }
}
