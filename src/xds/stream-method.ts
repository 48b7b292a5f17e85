// The ways a discovery stream can be opened.

import type { ApiVersion } from '../snapshot/dialect.ts';
import type { ResourceKind } from '../snapshot/resource.ts';

/** State of the world or incremental. */
export type ProtocolName = 'sotw' | 'delta';

/** What the gRPC method that was called says about the stream. One object per method. */
export interface StreamMethod {
  readonly apiVersion: ApiVersion;
  readonly protocol: ProtocolName;
  /** The one kind of a per-type stream; undefined on an aggregated one. */
  readonly kind: ResourceKind | undefined;
}
