// The delta half of Envoy's discovery API by version, as Envoy defines it; the rest is in discovery-api.ts.

import type { ApiVersion, Kind } from './discovery-api.ts';

export interface DeltaApi {
  readonly request: string;
  readonly response: string;
  /** Path of the delta method of the aggregated service. */
  readonly aggregatedPath: string;
  /** Paths of the delta methods of the services of one type. */
  readonly paths: Readonly<Record<Kind, string>>;
}

export const deltaApis: Readonly<Record<ApiVersion, DeltaApi>> = {
  v2: {
    request: 'envoy.api.v2.DeltaDiscoveryRequest',
    response: 'envoy.api.v2.DeltaDiscoveryResponse',
    aggregatedPath: '/envoy.service.discovery.v2.AggregatedDiscoveryService/DeltaAggregatedResources',
    paths: {
      cluster: '/envoy.api.v2.ClusterDiscoveryService/DeltaClusters',
      endpoint: '/envoy.api.v2.EndpointDiscoveryService/DeltaEndpoints',
      listener: '/envoy.api.v2.ListenerDiscoveryService/DeltaListeners',
      route: '/envoy.api.v2.RouteDiscoveryService/DeltaRoutes',
      secret: '/envoy.service.discovery.v2.SecretDiscoveryService/DeltaSecrets',
    },
  },
  v3: {
    request: 'envoy.service.discovery.v3.DeltaDiscoveryRequest',
    response: 'envoy.service.discovery.v3.DeltaDiscoveryResponse',
    aggregatedPath: '/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources',
    paths: {
      cluster: '/envoy.service.cluster.v3.ClusterDiscoveryService/DeltaClusters',
      endpoint: '/envoy.service.endpoint.v3.EndpointDiscoveryService/DeltaEndpoints',
      listener: '/envoy.service.listener.v3.ListenerDiscoveryService/DeltaListeners',
      route: '/envoy.service.route.v3.RouteDiscoveryService/DeltaRoutes',
      secret: '/envoy.service.secret.v3.SecretDiscoveryService/DeltaSecrets',
    },
  },
};
