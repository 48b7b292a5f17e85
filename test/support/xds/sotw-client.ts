// A client of the state-of-the-world protocol.

import type { PlainMessage } from '../../../src/proto/protos.ts';
import { discoveryApis, typeUrlOf } from './discovery-api.ts';
import type { Kind } from './discovery-api.ts';
import { ClientOf, pathOf } from './discovery-client.ts';
import type { SotwResponse } from './sotw-response.ts';
import { SotwStream } from './sotw-stream.ts';
import type { SotwRequestFields } from './sotw-stream.ts';

interface TypeState {
  names: readonly string[];
  /** Nonce of the last response taken. */
  nonce: string;
  /** Version of the last response taken. */
  offeredVersion: string;
  /** Version of the last response that was ACKed. */
  acceptedVersion: string;
}

export class SotwClient extends ClientOf<SotwResponse, SotwRequestFields, SotwStream> {
  readonly #types = new Map<Kind, TypeState>();

  /** Sends the current state of the type with these fields in place of its own. */
  override send(kind: Kind, fields: SotwRequestFields = {}): void {
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
  override subscribe(kind: Kind, ...names: readonly string[]): void {
    this.#type(kind).names = names;
    this.send(kind);
  }

  /** The first request of a type by a client that runs a version from an earlier stream. */
  resume(kind: Kind, version: string, ...names: readonly string[]): void {
    this.#type(kind).names = names;
    this.send(kind, { version_info: version });
  }

  override ack(kind: Kind): void {
    const type = this.#type(kind);
    type.acceptedVersion = type.offeredVersion;
    this.send(kind);
  }

  override nack(kind: Kind, message = 'refused'): void {
    this.send(kind, { error_detail: { code: 13, message } });
  }

  protected override open(kind: Kind, node: PlainMessage): SotwStream {
    const { connection, variant } = this;
    return new SotwStream(connection, pathOf(discoveryApis, variant, kind), variant.apiVersion, node);
  }

  protected override note({ kind, nonce, versionInfo }: SotwResponse): void {
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
