// The ways to say the same thing: API version, and how config sources inside
// resources tell Envoy to come for the rest (docs/adr/0003).

import type { ResourceKind } from './resource.ts';

export type ApiVersion = 'v2' | 'v3';

/**
 * How the stream came, and so how a cluster tells Envoy to fetch its endpoints and secrets:
 * on the same aggregated stream, or on a stream of their own (state of the world or delta).
 */
export type ConfigSourceKind = 'ads' | 'grpc' | 'delta-grpc';

/** A resource's bytes depend on these two and on nothing else about a stream. One object per combination: compare by identity. */
export interface Dialect {
  readonly apiVersion: ApiVersion;
  readonly configSource: ConfigSourceKind;
}

function dialectsOf(apiVersion: ApiVersion): Readonly<Record<ConfigSourceKind, Dialect>> {
  return {
    ads: { apiVersion, configSource: 'ads' },
    grpc: { apiVersion, configSource: 'grpc' },
    'delta-grpc': { apiVersion, configSource: 'delta-grpc' },
  };
}

export const dialects: Readonly<Record<ApiVersion, Readonly<Record<ConfigSourceKind, Dialect>>>> = {
  v2: dialectsOf('v2'),
  v3: dialectsOf('v3'),
};

/** Full protobuf names of the resource messages. */
export const messageNames: Readonly<Record<ApiVersion, Readonly<Record<ResourceKind, string>>>> = {
  v2: {
    secret: 'envoy.api.v2.auth.Secret',
    cluster: 'envoy.api.v2.Cluster',
    endpoint: 'envoy.api.v2.ClusterLoadAssignment',
    listener: 'envoy.api.v2.Listener',
    route: 'envoy.api.v2.RouteConfiguration',
  },
  v3: {
    secret: 'envoy.extensions.transport_sockets.tls.v3.Secret',
    cluster: 'envoy.config.cluster.v3.Cluster',
    endpoint: 'envoy.config.endpoint.v3.ClusterLoadAssignment',
    listener: 'envoy.config.listener.v3.Listener',
    route: 'envoy.config.route.v3.RouteConfiguration',
  },
};

/** The type URL of a message: what `Any.type_url` and the discovery requests call it. */
export function typeUrlOf(messageName: string): string {
  return `type.googleapis.com/${messageName}`;
}

/** The kind that a type URL names in one API version; undefined when this control plane does not publish it. */
export function kindOfTypeUrl(apiVersion: ApiVersion, typeUrl: string): ResourceKind | undefined {
  return kindsByTypeUrl[apiVersion].get(typeUrl);
}

function invert(names: Readonly<Record<ResourceKind, string>>): ReadonlyMap<string, ResourceKind> {
  return new Map(Object.entries(names).map(([kind, name]) => [typeUrlOf(name), kind as ResourceKind]));
}

const kindsByTypeUrl: Readonly<Record<ApiVersion, ReadonlyMap<string, ResourceKind>>> = {
  v2: invert(messageNames.v2),
  v3: invert(messageNames.v3),
};
