// A state-of-the-world stream at the level of messages.

import { encodeMessage } from '../../../src/proto/protos.ts';
import { discoveryApis } from './discovery-api.ts';
import { StreamOf } from './discovery-stream.ts';
import type { RequestFields } from './discovery-stream.ts';
import { parseSotwResponse } from './sotw-response.ts';
import type { SotwResponse } from './sotw-response.ts';

/** A DiscoveryRequest as src/proto encodes it; what is left out is absent on the wire. */
export interface SotwRequestFields extends RequestFields {
  readonly version_info?: string;
  readonly resource_names?: readonly string[];
}

export class SotwStream extends StreamOf<SotwResponse, SotwRequestFields> {
  protected override parse(message: Buffer): SotwResponse {
    return parseSotwResponse(this.apiVersion, message);
  }

  protected override encode(request: SotwRequestFields): Uint8Array {
    return encodeMessage(discoveryApis[this.apiVersion].sotwRequest, { ...request });
  }
}
