// A client that does what it is told: the same calls for one aggregated stream and for a
// stream per type. What it sends is the protocol's.

import assert from 'node:assert/strict';

import type { PlainMessage } from '../../../src/proto/protos.ts';
import type { Connection } from './byte-call.ts';
import { allKinds } from './discovery-api.ts';
import type { ApiVersion, DiscoveryApi, Kind } from './discovery-api.ts';
import { describeResponse } from './discovery-response.ts';
import type { DiscoveryResponse } from './discovery-response.ts';
import type { RequestFields, StreamOf } from './discovery-stream.ts';
import type { WireVariant } from './wire-variant.ts';

type Paths = Pick<DiscoveryApi, 'aggregatedPath' | 'paths'>;

/** Path of the stream that carries this kind. */
export function pathOf(apis: Readonly<Record<ApiVersion, Paths>>, variant: WireVariant, kind: Kind): string {
  const { aggregatedPath, paths } = apis[variant.apiVersion];
  return variant.isAggregated ? aggregatedPath : paths[kind];
}

export abstract class ClientOf<
  Response extends DiscoveryResponse,
  Fields extends RequestFields,
  Stream extends StreamOf<Response, Fields>,
> {
  readonly connection: Connection;
  readonly variant: WireVariant;
  readonly #nodeId: string;
  readonly #nodeCluster: string;
  readonly #streams = new Map<Kind | 'aggregated', Stream>();

  constructor(connection: Connection, variant: WireVariant, nodeId = 'envoy-1', nodeCluster = 'redis') {
    this.connection = connection;
    this.variant = variant;
    this.#nodeId = nodeId;
    this.#nodeCluster = nodeCluster;
  }

  /** A new stream that carries this kind. */
  protected abstract open(kind: Kind, node: PlainMessage): Stream;

  /** Called with every response that is taken. */
  protected abstract note(response: Response): void;

  /** Sends a request of this type, with these fields in place of the client's own. */
  abstract send(kind: Kind, fields?: Fields): void;

  /** Asks for names; none may mean all, as the protocol has it. */
  abstract subscribe(kind: Kind, ...names: readonly string[]): void;

  /** Accepts the last response taken of this type. */
  abstract ack(kind: Kind): void;

  /** Refuses the last response taken of this type. */
  abstract nack(kind: Kind, message?: string): void;

  /** The stream that carries this kind; opened when first asked for. */
  stream(kind: Kind): Stream {
    const key = this.variant.isAggregated ? 'aggregated' : kind;
    let stream = this.#streams.get(key);
    if (stream === undefined) {
      stream = this.open(kind, { id: this.#nodeId, cluster: this.#nodeCluster });
      this.#streams.set(key, stream);
    }
    return stream;
  }

  /** Responses that arrived and were not taken, in order of arrival per stream. */
  get unread(): readonly Response[] {
    return [...this.#streams.values()].flatMap((stream) => stream.responses.unread);
  }

  /** All responses that ever arrived. */
  get responseCount(): number {
    return [...this.#streams.values()].reduce((sum, stream) => sum + stream.responses.count, 0);
  }

  /** The next response of this type. */
  async next(kind: Kind): Promise<Response> {
    const response = await this.stream(kind).responses.take(`${kind} response`, (each) => each.kind === kind);
    this.note(response);
    return response;
  }

  /** The next response of any type, on an aggregated stream. */
  async nextOfAny(): Promise<Response> {
    const response = await this.stream('cluster').responses.take('response');
    this.note(response);
    return response;
  }

  async takeAndAck(kind: Kind): Promise<Response> {
    const response = await this.next(kind);
    this.ack(kind);
    return response;
  }

  /** Subscribes to everything of these, one after the other, and ACKs the answers. */
  async hold(names: Readonly<Partial<Record<Kind, readonly string[]>>>): Promise<Record<Kind, Response>> {
    const held: Partial<Record<Kind, Response>> = {};
    for (const kind of allKinds) {
      const wanted = names[kind];
      if (wanted === undefined) continue;
      this.subscribe(kind, ...wanted);
      held[kind] = await this.takeAndAck(kind);
    }
    await this.assertQuiet();
    return held as Record<Kind, Response>;
  }

  /** Asserts that the server has nothing more to say to all that was sent and published so far. */
  async assertQuiet(): Promise<void> {
    await this.connection.fence();
    assert.deepEqual(this.unread.map(describeResponse), [], 'responses that nothing called for');
  }

  cancel(): void {
    for (const { call } of this.#streams.values()) call.cancel();
  }
}
