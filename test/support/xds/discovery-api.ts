// Envoy's discovery API by version, as Envoy defines it: paths, messages, type URLs.
// Spelled out instead of taken from src, so that a wrong name there shows.

export type ApiVersion = 'v2' | 'v3';

/** What this control plane publishes. */
export type Kind = 'cluster' | 'endpoint' | 'listener' | 'route' | 'secret';

export interface DiscoveryApi {
  readonly sotwRequest: string;
  readonly sotwResponse: string;
  /** Path of the state-of-the-world method of the aggregated service. */
  readonly aggregatedPath: string;
  /** Paths of the state-of-the-world methods of the services of one type. */
  readonly paths: Readonly<Record<Kind, string>>;
  readonly messages: Readonly<Record<Kind, string>>;
}

export const discoveryApis: Readonly<Record<ApiVersion, DiscoveryApi>> = {
  v2: {
    sotwRequest: 'envoy.api.v2.DiscoveryRequest',
    sotwResponse: 'envoy.api.v2.DiscoveryResponse',
    aggregatedPath: '/envoy.service.discovery.v2.AggregatedDiscoveryService/StreamAggregatedResources',
    paths: {
      cluster: '/envoy.api.v2.ClusterDiscoveryService/StreamClusters',
      endpoint: '/envoy.api.v2.EndpointDiscoveryService/StreamEndpoints',
      listener: '/envoy.api.v2.ListenerDiscoveryService/StreamListeners',
      route: '/envoy.api.v2.RouteDiscoveryService/StreamRoutes',
      secret: '/envoy.service.discovery.v2.SecretDiscoveryService/StreamSecrets',
    },
    messages: {
      cluster: 'envoy.api.v2.Cluster',
      endpoint: 'envoy.api.v2.ClusterLoadAssignment',
      listener: 'envoy.api.v2.Listener',
      route: 'envoy.api.v2.RouteConfiguration',
      secret: 'envoy.api.v2.auth.Secret',
    },
  },
  v3: {
    sotwRequest: 'envoy.service.discovery.v3.DiscoveryRequest',
    sotwResponse: 'envoy.service.discovery.v3.DiscoveryResponse',
    aggregatedPath: '/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources',
    paths: {
      cluster: '/envoy.service.cluster.v3.ClusterDiscoveryService/StreamClusters',
      endpoint: '/envoy.service.endpoint.v3.EndpointDiscoveryService/StreamEndpoints',
      listener: '/envoy.service.listener.v3.ListenerDiscoveryService/StreamListeners',
      route: '/envoy.service.route.v3.RouteDiscoveryService/StreamRoutes',
      secret: '/envoy.service.secret.v3.SecretDiscoveryService/StreamSecrets',
    },
    messages: {
      cluster: 'envoy.config.cluster.v3.Cluster',
      endpoint: 'envoy.config.endpoint.v3.ClusterLoadAssignment',
      listener: 'envoy.config.listener.v3.Listener',
      route: 'envoy.config.route.v3.RouteConfiguration',
      secret: 'envoy.extensions.transport_sockets.tls.v3.Secret',
    },
  },
};

export const allKinds: readonly Kind[] = ['cluster', 'endpoint', 'listener', 'route', 'secret'];

/** What Envoys ask for wherever nothing is encrypted; several of one kind may share a response. */
export type UsualKind = Exclude<Kind, 'secret'>;

export const kinds: readonly UsualKind[] = ['cluster', 'endpoint', 'listener', 'route'];

export function typeUrlOf(apiVersion: ApiVersion, kind: Kind): string {
  return `type.googleapis.com/${discoveryApis[apiVersion].messages[kind]}`;
}

/** Throws when the type URL names nothing that is published in this version. */
export function kindOf(apiVersion: ApiVersion, typeUrl: string): Kind {
  const kind = allKinds.find((each) => typeUrlOf(apiVersion, each) === typeUrl);
  if (kind === undefined) throw new Error(`no ${apiVersion} resource type: ${typeUrl}`);
  return kind;
}
