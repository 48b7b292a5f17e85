// A stream without gRPC: what the hub is given in place of a call, for what happens
// between two lines of the server.

import { encodeMessage } from '../../../src/proto/protos.ts';
import type { DiscoveryStream, StreamTransport } from '../../../src/xds/discovery-stream.ts';
import type { StreamHub } from '../../../src/xds/stream-hub.ts';
import { discoveryApis, typeUrlOf } from './discovery-api.ts';
import type { Kind } from './discovery-api.ts';
import { Inbox } from './inbox.ts';
import { describeResponse, parseSotwResponse } from './sotw-response.ts';
import type { SotwResponse } from './sotw-response.ts';
import type { SotwRequestFields } from './sotw-stream.ts';
import type { WireVariant } from './wire-variant.ts';

export class FakeTransport implements StreamTransport {
  readonly peer = '127.0.0.1:1';
  readonly responses = new Inbox<SotwResponse>(describeResponse);
  /** Bytes as they were written. */
  readonly written: Uint8Array[] = [];
  /** Statuses that the server ended the call with. */
  readonly failures: { status: string; message: string }[] = [];
  /** Called inside `write`. */
  onResponse: (response: SotwResponse) => void = () => undefined;
  /** False: what is written does not leave. */
  isReading = true;
  readonly stream: DiscoveryStream;
  readonly #variant: WireVariant;
  readonly #held: (() => void)[] = [];

  /** @param kind of a stream of one type. */
  constructor(hub: StreamHub, variant: WireVariant, kind?: Kind) {
    this.#variant = variant;
    this.stream = hub.add(this, { apiVersion: variant.apiVersion, protocol: 'sotw', kind });
  }

  /** Sends a request of this type with these fields. */
  request(kind: Kind, fields: SotwRequestFields): void {
    const { apiVersion } = this.#variant;
    const request = { type_url: typeUrlOf(apiVersion, kind), ...fields };
    this.stream.receive(encodeMessage(discoveryApis[apiVersion].sotwRequest, request));
  }

  write(message: Uint8Array, onWritten: () => void): void {
    this.written.push(message);
    const response = parseSotwResponse(this.#variant.apiVersion, message);
    this.responses.put(response);
    this.onResponse(response);
    if (this.isReading) onWritten();
    else this.#held.push(onWritten);
  }

  /** Lets go what was written while the client did not read. */
  drain(): void {
    for (const onWritten of this.#held.splice(0)) onWritten();
  }

  fail(status: string, message: string): void {
    this.failures.push({ status, message });
  }
}
