// What can be declared, as typed values in their canonical form (canonical.ts): frozen, so that identity tells of a
// change.

import type { z } from 'zod';

import type {
  endpointSchema,
  loadBalancingSchema,
  plainClusterSchema,
  shardSchema,
  shardedClusterSchema,
} from './cluster.ts';
import type { httpListenerSchema, redisListenerSchema, routeSchema, tcpListenerSchema } from './listener.ts';
import type { downstreamTlsSchema, upstreamTlsSchema } from './tls.ts';

/** All the way down. */
export type DeepReadonly<T> = T extends object ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> } : T;

export type Endpoint = DeepReadonly<z.output<typeof endpointSchema>>;
export type Shard = DeepReadonly<z.output<typeof shardSchema>>;
export type UpstreamTls = DeepReadonly<z.output<typeof upstreamTlsSchema>>;
export type DownstreamTls = DeepReadonly<z.output<typeof downstreamTlsSchema>>;
export type LoadBalancing = DeepReadonly<z.output<typeof loadBalancingSchema>>;

/** `endpoints` is sorted by address and port. `kind` is left out. */
export type PlainCluster = DeepReadonly<Omit<z.output<typeof plainClusterSchema>, 'endpoints'>> & {
  readonly endpoints: readonly Endpoint[];
};
/** `shards` is sorted by name. */
export type ShardedCluster = DeepReadonly<z.output<typeof shardedClusterSchema>>;
export type Cluster = PlainCluster | ShardedCluster;

export type Route = DeepReadonly<z.output<typeof routeSchema>>;
/** `kind` is left out, and `routes`, when it is a list, sorted by prefix; here and below. */
export type RedisListener = DeepReadonly<z.output<typeof redisListenerSchema>>;
export type TcpListener = DeepReadonly<z.output<typeof tcpListenerSchema>>;
export type HttpListener = DeepReadonly<z.output<typeof httpListenerSchema>>;
export type Listener = RedisListener | TcpListener | HttpListener;

export type ObjectKind = 'cluster' | 'listener';

/** Everything that is declared. */
export interface Config {
  readonly clusters: readonly Cluster[];
  readonly listeners: readonly Listener[];
}
