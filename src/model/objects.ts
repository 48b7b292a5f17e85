// What can be declared, as typed values in their canonical form (canonical.ts): frozen, so that identity tells of a
// change.

import type { z } from 'zod';

import type { downstreamAuthSchema, upstreamAuthSchema } from './auth.ts';
import type {
  endpointSchema,
  loadBalancingSchema,
  plainClusterSchema,
  shardSchema,
  shardedClusterSchema,
} from './cluster.ts';
import type { httpListenerSchema, redisListenerSchema, routeSchema, tcpListenerSchema } from './listener.ts';
import type { declaredSecretSchema, keptSecretSchema, secretFromSchema, secretSchema } from './secret.ts';
import type { downstreamTlsSchema, upstreamTlsSchema } from './tls.ts';

/** All the way down. */
export type DeepReadonly<T> = T extends object ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> } : T;

export type UpstreamAuth = DeepReadonly<z.output<typeof upstreamAuthSchema>>;
export type DownstreamAuth = DeepReadonly<z.output<typeof downstreamAuthSchema>>;

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
