// A client of the delta protocol that does what it is told: the same calls for one
// aggregated stream and for a stream per type.

import assert from 'node:assert/strict';

import type { Connection } from './byte-call.ts';
import { deltaApis } from './delta-api.ts';
import { describeDeltaResponse } from './delta-response.ts';
import type { DeltaResponse } from './delta-response.ts';
import { DeltaStream } from './delta-stream.ts';
import type { DeltaRequestFields } from './delta-stream.ts';
import { kinds, typeUrlOf } from './discovery-api.ts';
import type { Kind } from './discovery-api.ts';
import type { ServedXds } from './served-xds.ts';
import type { WireVariant } from './wire-variant.ts';

/** Versions by name. */
export type Versions = Readonly<Record<string, string>>;

/** A client with a connection of its own. */
export function connectDelta(xds: ServedXds, variant: WireVariant, nodeId?: string): DeltaClient {
  return new DeltaClient(xds.connect(), variant, nodeId);
}

export class DeltaClient {
  readonly connection: Connection;
  readonly variant: WireVariant;
  readonly #nodeId: string;
  readonly #streams = new Map<Kind | 'aggregated', DeltaStream>();
  readonly #lastTaken = new Map<Kind, DeltaResponse>();
  readonly #held = new Map<Kind, Map<string, string>>(kinds.map((kind) => [kind, new Map()]));

  constructor(connection: Connection, variant: WireVariant, nodeId = 'envoy-1') {
    this.connection = connection;
    this.variant = variant;
    this.#nodeId = nodeId;
  }

  /** The stream that carries this kind; opened when first asked for. */
  stream(kind: Kind): DeltaStream {
    const { apiVersion, isAggregated } = this.variant;
    const key = isAggregated ? 'aggregated' : kind;
    let stream = this.#streams.get(key);
    if (stream === undefined) {
      const { aggregatedPath, paths } = deltaApis[apiVersion];
      const path = isAggregated ? aggregatedPath : paths[kind];
      stream = new DeltaStream(this.connection, path, apiVersion, { id: this.#nodeId, cluster: 'redis' });
      this.#streams.set(key, stream);
    }
    return stream;
  }

  /** Responses that arrived and were not taken, in order of arrival per stream. */
  get unread(): readonly DeltaResponse[] {
    return [...this.#streams.values()].flatMap((stream) => stream.responses.unread);
  }

  /** All responses that ever arrived. */
  get responseCount(): number {
    return [...this.#streams.values()].reduce((sum, stream) => sum + stream.responses.count, 0);
  }

  /** What was taken and not removed since, dropped or not: what a new stream begins with. */
  versions(kind: Kind): Versions {
    return Object.fromEntries(this.#held.get(kind) ?? []);
  }

  /** Sends a request of this type with these fields. */
  send(kind: Kind, fields: DeltaRequestFields = {}): void {
    this.stream(kind).send({ type_url: typeUrlOf(this.variant.apiVersion, kind), ...fields });
  }

  /** Asks for these names in addition; in the first request of a type, none may mean all. */
  subscribe(kind: Kind, ...names: readonly string[]): void {
    this.send(kind, { resource_names_subscribe: names });
  }

  unsubscribe(kind: Kind, ...names: readonly string[]): void {
    this.send(kind, { resource_names_unsubscribe: names });
  }

  /** The first request of a type by a client that holds `versions` from an earlier stream. */
  resume(kind: Kind, versions: Versions, ...names: readonly string[]): void {
    this.send(kind, { resource_names_subscribe: names, initial_resource_versions: versions });
  }

  /** The next response of this type. */
  async next(kind: Kind): Promise<DeltaResponse> {
    const response = await this.stream(kind).responses.take(`${kind} response`, (each) => each.kind === kind);
    this.#note(response);
    return response;
  }

  /** The next response of any type, on an aggregated stream. */
  async nextOfAny(): Promise<DeltaResponse> {
    const response = await this.stream('cluster').responses.take('response');
    this.#note(response);
    return response;
  }

  /** Accepts the last response taken of this type. */
  ack(kind: Kind): void {
    this.send(kind, { response_nonce: this.#lastNonce(kind) });
  }

  /** Refuses the last response taken of this type. */
  nack(kind: Kind, message = 'refused'): void {
    this.send(kind, { response_nonce: this.#lastNonce(kind), error_detail: { code: 13, message } });
  }

  async takeAndAck(kind: Kind): Promise<DeltaResponse> {
    const response = await this.next(kind);
    this.ack(kind);
    return response;
  }

  /** Subscribes to everything of these, one after the other, and ACKs the answers. */
  async hold(names: Readonly<Partial<Record<Kind, readonly string[]>>>): Promise<Record<Kind, DeltaResponse>> {
    const held: Partial<Record<Kind, DeltaResponse>> = {};
    for (const kind of kinds) {
      const wanted = names[kind];
      if (wanted === undefined) continue;
      this.subscribe(kind, ...wanted);
      held[kind] = await this.takeAndAck(kind);
    }
    await this.assertQuiet();
    return held as Record<Kind, DeltaResponse>;
  }

  /** Asserts that the server has nothing more to say to all that was sent and published so far. */
  async assertQuiet(): Promise<void> {
    await this.connection.fence();
    assert.deepEqual(this.unread.map(describeDeltaResponse), [], 'responses that nothing called for');
  }

  cancel(): void {
    for (const { call } of this.#streams.values()) call.cancel();
  }

  #note(response: DeltaResponse): void {
    const { kind, names, versions, removed } = response;
    this.#lastTaken.set(kind, response);
    const held = this.#held.get(kind) ?? assert.fail();
    names.forEach((name, index) => held.set(name, versions[index] ?? assert.fail()));
    for (const name of removed) held.delete(name);
  }

  #lastNonce(kind: Kind): string {
    return this.#lastTaken.get(kind)?.nonce ?? assert.fail(`no ${kind} response was taken`);
  }
}
