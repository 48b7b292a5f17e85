// A client of the delta protocol.

import assert from 'node:assert/strict';

import type { PlainMessage } from '../../../src/proto/protos.ts';
import { deltaApis } from './delta-api.ts';
import type { DeltaResponse } from './delta-response.ts';
import { DeltaStream } from './delta-stream.ts';
import type { DeltaRequestFields } from './delta-stream.ts';
import { allKinds, typeUrlOf } from './discovery-api.ts';
import type { Kind } from './discovery-api.ts';
import { ClientOf, pathOf } from './discovery-client.ts';
import type { ServedXds } from './served-xds.ts';
import type { WireVariant } from './wire-variant.ts';

/** Versions by name. */
export type Versions = Readonly<Record<string, string>>;

/** A client with a connection of its own. */
export function connectDelta(xds: ServedXds, variant: WireVariant, nodeId?: string): DeltaClient {
  return new DeltaClient(xds.connect(), variant, nodeId);
}

export class DeltaClient extends ClientOf<DeltaResponse, DeltaRequestFields, DeltaStream> {
  readonly #lastTaken = new Map<Kind, DeltaResponse>();
  readonly #held = new Map<Kind, Map<string, string>>(allKinds.map((kind) => [kind, new Map()]));

  /** What was taken and not removed since, dropped or not: what a new stream begins with. */
  versions(kind: Kind): Versions {
    return Object.fromEntries(this.#held.get(kind) ?? []);
  }

  /** Sends a request of this type with these fields. */
  override send(kind: Kind, fields: DeltaRequestFields = {}): void {
    this.stream(kind).send({ type_url: typeUrlOf(this.variant.apiVersion, kind), ...fields });
  }

  /** Asks for these names in addition; in the first request of a type, none may mean all. */
  override subscribe(kind: Kind, ...names: readonly string[]): void {
    this.send(kind, { resource_names_subscribe: names });
  }

  unsubscribe(kind: Kind, ...names: readonly string[]): void {
    this.send(kind, { resource_names_unsubscribe: names });
  }

  /** The first request of a type by a client that holds `versions` from an earlier stream. */
  resume(kind: Kind, versions: Versions, ...names: readonly string[]): void {
    this.send(kind, { resource_names_subscribe: names, initial_resource_versions: versions });
  }

  override ack(kind: Kind): void {
    this.send(kind, { response_nonce: this.#lastNonce(kind) });
  }

  override nack(kind: Kind, message = 'refused'): void {
    this.send(kind, { response_nonce: this.#lastNonce(kind), error_detail: { code: 13, message } });
  }

  protected override open(kind: Kind, node: PlainMessage): DeltaStream {
    const { connection, variant } = this;
    return new DeltaStream(connection, pathOf(deltaApis, variant, kind), variant.apiVersion, node);
  }

  protected override note(response: DeltaResponse): void {
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
