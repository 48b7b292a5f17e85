// The ways a discovery stream can be opened.

import { dialects } from '../snapshot/dialect.ts';
import type { ApiVersion, Dialect } from '../snapshot/dialect.ts';
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

/** What a stream's resources say of the way to the rest: the way by which they came themselves. */
export function dialectOf({ apiVersion, kind, protocol }: StreamMethod): Dialect {
  if (kind === undefined) return dialects[apiVersion].ads;
  return dialects[apiVersion][protocol === 'sotw' ? 'grpc' : 'delta-grpc'];
}
