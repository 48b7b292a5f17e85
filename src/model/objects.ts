// What can be declared, as typed values in their canonical form (canonical.ts): frozen, so that identity tells of a
// change.

import type { z } from 'zod';

import type { downstreamAuthSchema, upstreamAuthSchema } from './auth.ts';
import type {
  endpointSchema,
  loadBalancingSchema,
  plainClusterSchema,
  redisClusterSchema,
  replicatedClusterSchema,
  seedSchema,
  shardSchema,
  shardedClusterSchema,
} from './cluster.ts';
import type { failoverSchema, ownFailoverSchema, sentinelFailoverSchema } from './failover.ts';
import type { healthCheckSchema, outlierDetectionSchema } from './health.ts';
import type { httpRouteSchema } from './http-route.ts';
import type { httpListenerSchema, redisListenerSchema, tcpListenerSchema } from './listener.ts';
import type { faultSchema } from './redis-filter.ts';
import type { catchAllRouteSchema, mirrorSchema, redisRouteSchema } from './redis-route.ts';
import type { refreshSchema } from './refresh.ts';
import type { declaredSecretSchema, keptSecretSchema, secretFromSchema, secretSchema } from './secret.ts';
import type { downstreamTlsSchema, upstreamTlsSchema } from './tls.ts';
import type { watchTermsSchema } from './watch.ts';

/** All the way down. */
export type DeepReadonly<T> = T extends object ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> } : T;

export type UpstreamAuth = DeepReadonly<z.output<typeof upstreamAuthSchema>>;
export type DownstreamAuth = DeepReadonly<z.output<typeof downstreamAuthSchema>>;

export type Endpoint = DeepReadonly<z.output<typeof endpointSchema>>;
export type UpstreamTls = DeepReadonly<z.output<typeof upstreamTlsSchema>>;
export type DownstreamTls = DeepReadonly<z.output<typeof downstreamTlsSchema>>;
type ShardFields = DeepReadonly<z.output<typeof shardSchema>>;
/** Of a shard. */
export type ShardEndpoint = NonNullable<ShardFields['endpoint']>;
export type Seed = DeepReadonly<z.output<typeof seedSchema>>;
export type LoadBalancing = DeepReadonly<z.output<typeof loadBalancingSchema>>;
/** `protocol` is left out for Redis. */
export type HealthCheck = DeepReadonly<z.output<typeof healthCheckSchema>>;
export type OutlierDetection = DeepReadonly<z.output<typeof outlierDetectionSchema>>;

export type Failover = DeepReadonly<z.output<typeof failoverSchema>>;
export type SentinelFailover = DeepReadonly<z.output<typeof sentinelFailoverSchema>>;
export type OwnFailover = DeepReadonly<z.output<typeof ownFailoverSchema>>;

export type WatchTerms = DeepReadonly<z.output<typeof watchTermsSchema>>;

/**
 * `endpoints` is sorted by address and port. `kind` is left out, `protocol` for Redis; here and below `watch` when it
 * says no more than `on`.
 */
export type PlainCluster = DeepReadonly<Omit<z.output<typeof plainClusterSchema>, 'endpoints'>> & {
  readonly endpoints: readonly Endpoint[];
};
/** A shard with one server, or with a primary and its replicas: `endpoints` is sorted, the primary one of them. */
export type Shard = Omit<ShardFields, 'endpoint' | 'primary' | 'endpoints'> &
  (
    | { readonly endpoint: ShardEndpoint; readonly primary?: undefined; readonly endpoints?: undefined }
    | { readonly endpoint?: undefined; readonly primary: string; readonly endpoints: readonly ShardEndpoint[] }
  );
/** `shards` is sorted by name. */
export type ShardedCluster = DeepReadonly<Omit<z.output<typeof shardedClusterSchema>, 'shards'>> & {
  readonly shards: readonly Shard[];
};
/** As {@link PlainCluster}; `primary` is one of `endpoints`, and left out when there are none; `failover` by nobody is. */
export type ReplicatedCluster = DeepReadonly<Omit<z.output<typeof replicatedClusterSchema>, 'endpoints'>> & {
  readonly endpoints: readonly Endpoint[];
};
export type Refresh = DeepReadonly<z.output<typeof refreshSchema>>;
/** As {@link PlainCluster}. */
export type RedisCluster = DeepReadonly<Omit<z.output<typeof redisClusterSchema>, 'endpoints'>> & {
  readonly endpoints: readonly Seed[];
};
export type Cluster = PlainCluster | ShardedCluster | ReplicatedCluster | RedisCluster;
/** Those whose servers are one list. */
export type ListedCluster = Exclude<Cluster, ShardedCluster>;

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

/** A secret as it is kept: what it says of itself, and its value sealed. */
export type Secret = DeepReadonly<z.output<typeof secretSchema>>;
/** A secret with its value: at the edge only. */
export type DeclaredSecret = DeepReadonly<z.output<typeof declaredSecretSchema>>;
/** What a secret holds. */
export type SecretValue =
  | { readonly kind: 'password' | 'ca'; readonly value: string }
  | { readonly kind: 'certificate'; readonly chain: string; readonly key: string };
/** A secret in a file that is to stay as it is. */
export type KeptSecret = DeepReadonly<z.output<typeof keptSecretSchema>>;
/** A secret in a file that says where its value is. */
export type SecretFrom = DeepReadonly<z.output<typeof secretFromSchema>>;
export type SecretEntry = DeclaredSecret | KeptSecret | SecretFrom;

/** The objects of each kind. */
export interface ObjectsByKind {
  readonly cluster: Cluster;
  readonly listener: Listener;
  readonly secret: Secret;
}

export type ObjectKind = keyof ObjectsByKind;
export type DeclaredObject = ObjectsByKind[ObjectKind];

/** Everything that is declared. */
export interface Config {
  readonly clusters: readonly Cluster[];
  readonly listeners: readonly Listener[];
  readonly secrets: readonly Secret[];
}

/** Everything that a file declares. */
export interface ConfigEntries extends Omit<Config, 'secrets'> {
  /** As they stand in the file. Undefined: it says nothing of them. */
  readonly secrets?: readonly SecretEntry[];
}
