// What a test wants to know of decoded resources.

import { decodeMessage } from '../../../src/proto/protos.ts';
import type { PlainMessage } from '../../../src/proto/protos.ts';
import type { ApiVersion } from './discovery-api.ts';

const redisProxies: Readonly<Record<ApiVersion, string>> = {
  v2: 'envoy.config.filter.network.redis_proxy.v2.RedisProxy',
  v3: 'envoy.extensions.filters.network.redis_proxy.v3.RedisProxy',
};

interface LoadAssignment {
  readonly endpoints?: readonly {
    readonly lb_endpoints: readonly { endpoint: { address: { socket_address: { port_value: number } } } }[];
  }[];
}

interface Listener {
  readonly filter_chains: readonly { filters: readonly { typed_config: { value: Buffer } }[] }[];
}

interface RedisProxy {
  readonly prefix_routes: {
    readonly routes: readonly { cluster: string }[];
    readonly catch_all_route?: { cluster: string };
  };
}

interface RouteConfiguration {
  readonly virtual_hosts: readonly { readonly routes?: readonly { readonly route: { readonly cluster: string } }[] }[];
}

interface Cluster {
  readonly name: string;
  readonly type?: string;
  readonly eds_cluster_config?: { readonly service_name?: string };
}

/** The name under which a cluster asks for its endpoints; undefined when it does not. */
export function endpointsNameOf(resource: PlainMessage): string | undefined {
  const { name, type, eds_cluster_config: config } = resource as unknown as Cluster;
  return type === 'EDS' ? config?.service_name || name : undefined;
}

/** Ports of a load assignment, in its order. */
export function portsOf(resource: PlainMessage | undefined): number[] {
  const { endpoints = [] } = resource as LoadAssignment;
  return endpoints.flatMap(({ lb_endpoints: each }) => each.map((lb) => lb.endpoint.address.socket_address.port_value));
}

/** Names of all clusters that a route configuration names, sorted. */
export function clustersOfRoutes(resource: PlainMessage): string[] {
  const { virtual_hosts: hosts } = resource as unknown as RouteConfiguration;
  const names = hosts.flatMap(({ routes = [] }) => routes.map(({ route }) => route.cluster));
  return [...new Set(names)].sort();
}

/** Names of all clusters that a Redis listener routes to, sorted. */
export function clustersRoutedTo(apiVersion: ApiVersion, resource: PlainMessage | undefined): string[] {
  const value = (resource as unknown as Listener).filter_chains[0]?.filters[0]?.typed_config.value ?? Buffer.alloc(0);
  const { prefix_routes: routes } = decodeMessage(redisProxies[apiVersion], value) as unknown as RedisProxy;
  const named = [...routes.routes, ...(routes.catch_all_route === undefined ? [] : [routes.catch_all_route])];
  return [...new Set(named.map(({ cluster }) => cluster))].sort();
}
