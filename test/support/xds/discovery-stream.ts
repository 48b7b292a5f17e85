// A discovery stream at the level of messages; what a message is, is the protocol's.

import assert from 'node:assert/strict';

import type { PlainMessage } from '../../../src/proto/protos.ts';
import type { ByteCall, CallEnd, Connection } from './byte-call.ts';
import type { ApiVersion } from './discovery-api.ts';
import { describeResponse } from './discovery-response.ts';
import type { DiscoveryResponse } from './discovery-response.ts';
import { Inbox } from './inbox.ts';

/** The fields that requests of both protocols have. */
export interface RequestFields {
  readonly node?: PlainMessage;
  readonly type_url?: string;
  readonly response_nonce?: string;
  readonly error_detail?: { readonly code: number; readonly message: string };
}

export abstract class StreamOf<Response extends DiscoveryResponse, Fields extends RequestFields> {
  /** Responses that were not taken yet. A response that breaks a rule ends them with the reason. */
  readonly responses = new Inbox<Response>(describeResponse);
  readonly call: ByteCall;
  protected readonly apiVersion: ApiVersion;
  readonly #node: PlainMessage;
  readonly #nonces = new Set<string>();
  #wasNodeSent = false;

  /** @param node sent with the first request. */
  constructor(connection: Pick<Connection, 'call'>, path: string, apiVersion: ApiVersion, node: PlainMessage) {
    this.apiVersion = apiVersion;
    this.#node = node;
    this.call = connection.call(path, (message) => this.#receive(message));
    this.call.onEnd(({ code, details }) => {
      this.responses.close(new Error(`the stream ended: ${code} ${details}`));
    });
  }

  /** Throws when the message breaks a rule that no response of any stream may break. */
  protected abstract parse(message: Buffer): Response;

  protected abstract encode(request: Fields): Uint8Array;

  /** How the stream ended, when it has; as {@link ByteCall.ended}. */
  get ended(): Promise<CallEnd> {
    return this.call.ended;
  }

  /** Sends a request; the node goes with the first one, unless the fields have one. */
  send(fields: Fields): void {
    this.sendExactly(this.#wasNodeSent ? fields : { node: this.#node, ...fields });
  }

  /** Sends a request with these fields and no other. */
  sendExactly(fields: Fields): void {
    this.#wasNodeSent = true;
    this.call.send(this.encode(fields));
  }

  #receive(message: Buffer): void {
    try {
      const response = this.parse(message);
      assert.ok(!this.#nonces.has(response.nonce), `nonce ${response.nonce} was used before on this stream`);
      this.#nonces.add(response.nonce);
      this.responses.put(response);
    } catch (error) {
      this.responses.close(error as Error);
    }
  }
}
