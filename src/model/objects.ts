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
import type { httpRouteSchema } from './http-route.ts';
import type { httpListenerSchema, redisListenerSchema, tcpListenerSchema } from './listener.ts';
import type { faultSchema } from './redis-filter.ts';
import type { catchAllRouteSchema, mirrorSchema, redisRouteSchema } from './redis-route.ts';

/** All the way down. */
export type DeepReadonly<T> = T extends object ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> } : T;

export type Endpoint = DeepReadonly<z.output<typeof endpointSchema>>;
export type Shard = DeepReadonly<z.output<typeof shardSchema>>;
export type LoadBalancing = DeepReadonly<z.output<typeof loadBalancingSchema>>;

/** `endpoints` is sorted by address and port. `kind` is left out. */
export type PlainCluster = DeepReadonly<Omit<z.output<typeof plainClusterSchema>, 'endpoints'>> & {
  readonly endpoints: readonly Endpoint[];
};
/** `shards` is sorted by name. */
export type ShardedCluster = DeepReadonly<z.output<typeof shardedClusterSchema>>;
export type Cluster = PlainCluster | ShardedCluster;

/** `mirrors` is sorted by cluster. */
export type RedisRoute = DeepReadonly<z.output<typeof redisRouteSchema>>;
export type CatchAllRoute = DeepReadonly<z.output<typeof catchAllRouteSchema>>;
export type Mirror = DeepReadonly<z.output<typeof mirrorSchema>>;
/** `commands` is sorted, in lower case. */
export type RedisFault = DeepReadonly<z.output<typeof faultSchema>>;
/** `hosts` is sorted, in lower case. */
export type HttpRoute = DeepReadonly<z.output<typeof httpRouteSchema>>;
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
