// A delta stream at the level of messages.

import assert from 'node:assert/strict';

import { encodeMessage } from '../../../src/proto/protos.ts';
import type { PlainMessage } from '../../../src/proto/protos.ts';
import { deltaApis } from './delta-api.ts';
import { parseDeltaResponse } from './delta-response.ts';
import type { DeltaResponse } from './delta-response.ts';
import { StreamOf } from './discovery-stream.ts';
import type { RequestFields } from './discovery-stream.ts';

/** A DeltaDiscoveryRequest as src/proto encodes it; what is left out is absent on the wire. */
export interface DeltaRequestFields extends RequestFields {
  readonly resource_names_subscribe?: readonly string[];
  readonly resource_names_unsubscribe?: readonly string[];
  readonly initial_resource_versions?: Readonly<Record<string, string>>;
}

export class DeltaStream extends StreamOf<DeltaResponse, DeltaRequestFields> {
  readonly #contents = new Map<string, PlainMessage>();

  protected override parse(message: Buffer): DeltaResponse {
    const response = parseDeltaResponse(this.apiVersion, message);
    this.#checkContents(response);
    return response;
  }

  protected override encode(request: DeltaRequestFields): Uint8Array {
    return encodeMessage(deltaApis[this.apiVersion].request, { ...request });
  }

  #checkContents({ kind, names, resources, versions }: DeltaResponse): void {
    names.forEach((name, index) => {
      const key = JSON.stringify([kind, name, versions[index]]);
      const content = resources[index] ?? assert.fail();
      assert.deepEqual(content, this.#contents.get(key) ?? content, `${key} stood for another content before`);
      this.#contents.set(key, content);
    });
  }
}
