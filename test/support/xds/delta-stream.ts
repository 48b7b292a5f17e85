// A delta stream at the level of messages.

import assert from 'node:assert/strict';

import { encodeMessage } from '../../../src/proto/protos.ts';
import type { PlainMessage } from '../../../src/proto/protos.ts';
import type { ByteCall, CallEnd, Connection } from './byte-call.ts';
import { deltaApis } from './delta-api.ts';
import { describeDeltaResponse, parseDeltaResponse } from './delta-response.ts';
import type { DeltaResponse } from './delta-response.ts';
import type { ApiVersion } from './discovery-api.ts';
import { Inbox } from './inbox.ts';

/** A DeltaDiscoveryRequest as src/proto encodes it; what is left out is absent on the wire. */
export interface DeltaRequestFields {
  readonly node?: PlainMessage;
  readonly type_url?: string;
  readonly resource_names_subscribe?: readonly string[];
  readonly resource_names_unsubscribe?: readonly string[];
  readonly initial_resource_versions?: Readonly<Record<string, string>>;
  readonly response_nonce?: string;
  readonly error_detail?: { readonly code: number; readonly message: string };
}

export class DeltaStream {
  /** Responses that were not taken yet. A response that breaks a rule ends them with the reason. */
  readonly responses = new Inbox<DeltaResponse>(describeDeltaResponse);
  readonly call: ByteCall;
  readonly #apiVersion: ApiVersion;
  readonly #node: PlainMessage;
  readonly #nonces = new Set<string>();
  readonly #contents = new Map<string, PlainMessage>();
  #wasNodeSent = false;

  /** @param node sent with the first request. */
  constructor(connection: Pick<Connection, 'call'>, path: string, apiVersion: ApiVersion, node: PlainMessage) {
    this.#apiVersion = apiVersion;
    this.#node = node;
    this.call = connection.call(path, (message) => this.#receive(message));
    this.call.onEnd(({ code, details }) => {
      this.responses.close(new Error(`the stream ended: ${code} ${details}`));
    });
  }

  /** How the stream ended, when it has; rejects when it goes on beyond a generous bound. */
  get ended(): Promise<CallEnd> {
    return this.call.ended;
  }

  /** Sends a request; the node goes with the first one, unless the fields have one. */
  send(fields: DeltaRequestFields): void {
    this.sendExactly(this.#wasNodeSent ? fields : { node: this.#node, ...fields });
  }

  /** Sends a request with these fields and no other. */
  sendExactly(fields: DeltaRequestFields): void {
    this.#wasNodeSent = true;
    this.call.send(encodeMessage(deltaApis[this.#apiVersion].request, { ...fields }));
  }

  #receive(message: Buffer): void {
    try {
      const response = parseDeltaResponse(this.#apiVersion, message);
      this.#checkAgainstEarlier(response);
      this.responses.put(response);
    } catch (error) {
      this.responses.close(error as Error);
    }
  }

  #checkAgainstEarlier({ kind, nonce, names, resources, versions }: DeltaResponse): void {
    assert.ok(!this.#nonces.has(nonce), `nonce ${nonce} was used before on this stream`);
    this.#nonces.add(nonce);
    names.forEach((name, index) => {
      const key = JSON.stringify([kind, name, versions[index]]);
      const content = resources[index] ?? assert.fail();
      assert.deepEqual(content, this.#contents.get(key) ?? content, `${key} stood for another content before`);
      this.#contents.set(key, content);
    });
  }
}
