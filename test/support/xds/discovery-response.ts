// What a response of either protocol says, decoded.

import type { PlainMessage } from '../../../src/proto/protos.ts';
import type { Kind } from './discovery-api.ts';

export interface DiscoveryResponse {
  readonly kind: Kind;
  readonly nonce: string;
  /** In delta it is for debugging, says the protocol: '' when there is none. */
  readonly versionInfo: string;
  /** The names of the resources, in the order of the response. */
  readonly names: readonly string[];
  /** The resources, decoded; same order. */
  readonly resources: readonly PlainMessage[];
  /** What the response says in one list: `NAME` for a resource, `-NAME` for a removed one, which only delta has. */
  readonly changes: readonly string[];
}

/** A response in one line. */
export function describeResponse({ kind, nonce, changes }: DiscoveryResponse): string {
  return `${kind} [${changes.join(', ')}] nonce ${nonce}`;
}
