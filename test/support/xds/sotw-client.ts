// A client of the state-of-the-world protocol that does what it is told: the same
// calls for one aggregated stream and for a stream per type.

import assert from 'node:assert/strict';

import type { Connection } from './byte-call.ts';
import { discoveryApis, kinds, typeUrlOf } from './discovery-api.ts';
import type { Kind } from './discovery-api.ts';
import { describeResponse } from './sotw-response.ts';
import type { SotwResponse } from './sotw-response.ts';
import { SotwStream } from './sotw-stream.ts';
import type { SotwRequestFields } from './sotw-stream.ts';
import type { WireVariant } from './wire-variant.ts';

interface TypeState {
  names: readonly string[];
  /** Nonce of the last response taken. */
  nonce: string;
  /** Version of the last response taken. */
  offeredVersion: string;
  /** Version of the last response that was ACKed. */
  acceptedVersion: string;
}

export class SotwClient {
  readonly connection: Connection;
  readonly variant: WireVariant;
  readonly #nodeId: string;
  readonly #streams = new Map<Kind | 'aggregated', SotwStream>();
  readonly #types = new Map<Kind, TypeState>();

  constructor(connection: Connection, variant: WireVariant, nodeId = 'envoy-1') {
    this.connection = connection;
    this.variant = variant;
    this.#nodeId = nodeId;
  }

  /** The stream that carries this kind; opened when first asked for. */
  stream(kind: Kind): SotwStream {
    const { apiVersion, isAggregated } = this.variant;
    const key = isAggregated ? 'aggregated' : kind;
    let stream = this.#streams.get(key);
    if (stream === undefined) {
      const api = discoveryApis[apiVersion];
      const path = isAggregated ? api.aggregatedPath : api.paths[kind];
      stream = new SotwStream(this.connection, path, apiVersion, { id: this.#nodeId, cluster: 'redis' });
      this.#streams.set(key, stream);
    }
    return stream;
  }

  /** Responses that arrived and were not taken, in order of arrival per stream. */
  get unread(): readonly SotwResponse[] {
    return [...this.#streams.values()].flatMap((stream) => stream.responses.unread);
  }

  /** All responses that ever arrived. */
  get responseCount(): number {
    return [...this.#streams.values()].reduce((sum, stream) => sum + stream.responses.count, 0);
  }

  /** Sends the current state of the type with these fields in place of its own. */
  send(kind: Kind, fields: SotwRequestFields = {}): void {
    const { names, nonce, acceptedVersion } = this.#type(kind);
    this.stream(kind).send({
      type_url: typeUrlOf(this.variant.apiVersion, kind),
      version_info: acceptedVersion,
      response_nonce: nonce,
      resource_names: names,
      ...fields,
    });
  }

  /** Asks for these names from now on; none may mean all, as the protocol has it. */
  subscribe(kind: Kind, ...names: readonly string[]): void {
    this.#type(kind).names = names;
    this.send(kind);
  }

  /** The next response of this type. */
  async next(kind: Kind): Promise<SotwResponse> {
    const response = await this.stream(kind).responses.take(`${kind} response`, (each) => each.kind === kind);
    this.#note(response);
    return response;
  }

  /** The next response of any type, on an aggregated stream. */
  async nextOfAny(): Promise<SotwResponse> {
    const response = await this.stream('cluster').responses.take('response');
    this.#note(response);
    return response;
  }

  /** Accepts the last response taken of this type. */
  ack(kind: Kind): void {
    const type = this.#type(kind);
    type.acceptedVersion = type.offeredVersion;
    this.send(kind);
  }

  /** Refuses the last response taken of this type. */
  nack(kind: Kind, message = 'refused'): void {
    this.send(kind, { error_detail: { code: 13, message } });
  }

  async takeAndAck(kind: Kind): Promise<SotwResponse> {
    const response = await this.next(kind);
    this.ack(kind);
    return response;
  }

  /** Subscribes to everything of these, one after the other, and ACKs the answers. */
  async hold(names: Readonly<Partial<Record<Kind, readonly string[]>>>): Promise<Record<Kind, SotwResponse>> {
    const held: Partial<Record<Kind, SotwResponse>> = {};
    for (const kind of kinds) {
      const wanted = names[kind];
      if (wanted === undefined) continue;
      this.subscribe(kind, ...wanted);
      held[kind] = await this.takeAndAck(kind);
    }
    await this.assertQuiet();
    return held as Record<Kind, SotwResponse>;
  }

  /** Asserts that the server has nothing more to say to all that was sent and published so far. */
  async assertQuiet(): Promise<void> {
    await this.connection.fence();
    assert.deepEqual(this.unread.map(describeResponse), [], 'responses that nothing called for');
  }

  cancel(): void {
    for (const { call } of this.#streams.values()) call.cancel();
  }

  #note({ kind, nonce, versionInfo }: SotwResponse): void {
    const type = this.#type(kind);
    type.nonce = nonce;
    type.offeredVersion = versionInfo;
  }

  #type(kind: Kind): TypeState {
    let type = this.#types.get(kind);
    if (type === undefined) {
      type = { names: [], nonce: '', offeredVersion: '', acceptedVersion: '' };
      this.#types.set(kind, type);
    }
    return type;
  }
}
