// A state-of-the-world stream at the level of messages.

import assert from 'node:assert/strict';

import { encodeMessage } from '../../../src/proto/protos.ts';
import type { PlainMessage } from '../../../src/proto/protos.ts';
import type { ByteCall, CallEnd, Connection } from './byte-call.ts';
import { discoveryApis } from './discovery-api.ts';
import type { ApiVersion } from './discovery-api.ts';
import { Inbox } from './inbox.ts';
import { describeResponse, parseSotwResponse } from './sotw-response.ts';
import type { SotwResponse } from './sotw-response.ts';

/** A DiscoveryRequest as src/proto encodes it; what is left out is absent on the wire. */
export interface SotwRequestFields {
  readonly version_info?: string;
  readonly node?: PlainMessage;
  readonly resource_names?: readonly string[];
  readonly type_url?: string;
  readonly response_nonce?: string;
  readonly error_detail?: { readonly code: number; readonly message: string };
}

export class SotwStream {
  /** Responses that were not taken yet. A response that breaks a rule ends them with the reason. */
  readonly responses = new Inbox<SotwResponse>(describeResponse);
  readonly call: ByteCall;
  readonly #apiVersion: ApiVersion;
  readonly #node: PlainMessage;
  readonly #nonces = new Set<string>();
  #wasNodeSent = false;

  /** @param node sent with the first request. */
  constructor(connection: Connection, path: string, apiVersion: ApiVersion, node: PlainMessage) {
    this.#apiVersion = apiVersion;
    this.#node = node;
    this.call = connection.call(path, (message) => this.#receive(message));
    this.call.onEnd(({ code, details }) => {
      this.responses.close(new Error(`the stream ended: ${code} ${details}`));
    });
  }

  /** How the stream ended, when it has; as {@link ByteCall.ended}. */
  get ended(): Promise<CallEnd> {
    return this.call.ended;
  }

  /** Sends a request; the node goes with the first one, unless the fields have one. */
  send(fields: SotwRequestFields): void {
    this.sendExactly(this.#wasNodeSent ? fields : { node: this.#node, ...fields });
  }

  /** Sends a request with these fields and no other. */
  sendExactly(fields: SotwRequestFields): void {
    this.#wasNodeSent = true;
    this.call.send(encodeMessage(discoveryApis[this.#apiVersion].sotwRequest, { ...fields }));
  }

  #receive(message: Buffer): void {
    try {
      const response = parseSotwResponse(this.#apiVersion, message);
      assert.ok(!this.#nonces.has(response.nonce), `nonce ${response.nonce} was used before on this stream`);
      this.#nonces.add(response.nonce);
      this.responses.put(response);
    } catch (error) {
      this.responses.close(error as Error);
    }
  }
}
