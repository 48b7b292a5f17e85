// What a resource says, in few words: the same for both API versions.

import { decodeMessage } from '../../../src/proto/protos.ts';
import { discoveryApis } from '../../support/xds/discovery-api.ts';
import type { ApiVersion, Kind } from '../../support/xds/discovery-api.ts';

export interface Content {
  readonly name: string;
  /** The encoded resource as latin1: two contents are the same when these are. */
  readonly bytes: string;
  /** All that an operator can tell apart. */
  readonly text: string;
  /** The clusters that it refers to. */
  readonly references: readonly string[];
}

const known = new Map<string, Content>();

/** Throws when the bytes are no such resource. */
export function readContent(apiVersion: ApiVersion, kind: Kind, encoded: Buffer): Content {
  const bytes = encoded.toString('latin1');
  const key = `${apiVersion} ${kind} ${bytes}`;
  let content = known.get(key);
  if (content === undefined) {
    const message = decodeMessage(discoveryApis[apiVersion].messages[kind], encoded);
    known.set(key, (content = { bytes, ...describe(apiVersion, kind, message) }));
  }
  return content;
}

/** The text of a cluster. */
export function clusterText(connectTimeoutSeconds: number): string {
  return `connect timeout ${connectTimeoutSeconds}`;
}

/** The text of a load assignment; without ports, of an empty one. */
export function endpointText(ports: readonly number[]): string {
  return `ports [${[...ports].sort((a, b) => a - b).join(' ')}]`;
}

/** Of a load assignment without endpoints. */
export const noEndpoints = endpointText([]);

/** The text of a listener or a route: `PREFIX>CLUSTER`; the prefix `*` is the catch-all. */
export function routesText(routes: readonly Route[]): string {
  return routes
    .map(({ prefix, cluster }) => `${prefix}>${cluster}`)
    .sort()
    .join(' ');
}

export interface Route {
  readonly prefix: string;
  readonly cluster: string;
}

type Description = Pick<Content, 'name' | 'text' | 'references'>;

function describe(apiVersion: ApiVersion, kind: Kind, message: unknown): Description {
  switch (kind) {
    case 'cluster': {
      const { name, connect_timeout: timeout } = message as WireCluster;
      return { name, text: clusterText(timeout.seconds), references: [] };
    }
    case 'endpoint': {
      const { cluster_name: name, endpoints = [] } = message as WireLoadAssignment;
      const ports = endpoints.flatMap((locality) => locality.lb_endpoints.map(portOf));
      return { name, text: endpointText(ports), references: [] };
    }
    case 'listener': {
      const { name } = message as WireListener;
      return { name, ...describeRoutes(routesOfListener(apiVersion, message as WireListener)) };
    }
    case 'route': {
      const { name, virtual_hosts: hosts = [] } = message as WireRouteConfiguration;
      const routes = hosts.flatMap((host) => host.routes ?? []);
      return { name, ...describeRoutes(routes.map(({ match, route }) => ({ ...match, cluster: route.cluster }))) };
    }
    case 'secret': {
      const { name, validation_context: { trusted_ca: ca } } = message as WireSecret;
      return { name, text: ca.inline_string, references: [] };
    }
  }
}

function describeRoutes(routes: readonly Route[]): Pick<Content, 'text' | 'references'> {
  return { text: routesText(routes), references: [...new Set(routes.map(({ cluster }) => cluster))].sort() };
}

const redisProxies: Readonly<Record<ApiVersion, string>> = {
  v2: 'envoy.config.filter.network.redis_proxy.v2.RedisProxy',
  v3: 'envoy.extensions.filters.network.redis_proxy.v3.RedisProxy',
};

function routesOfListener(apiVersion: ApiVersion, { filter_chains: chains }: WireListener): Route[] {
  const filters = chains.flatMap((chain) => chain.filters);
  return filters.flatMap(({ typed_config: { value } }) => {
    const { prefix_routes: routes } = decodeMessage(redisProxies[apiVersion], value) as unknown as WireRedisProxy;
    const catchAll = routes.catch_all_route;
    return catchAll === undefined ? routes.routes : [...routes.routes, { prefix: '*', cluster: catchAll.cluster }];
  });
}

function portOf({ endpoint }: WireLbEndpoint): number {
  return endpoint.address.socket_address.port_value;
}

interface WireSecret {
  readonly name: string;
  readonly validation_context: { readonly trusted_ca: { readonly inline_string: string } };
}

interface WireCluster {
  readonly name: string;
  readonly connect_timeout: { readonly seconds: number };
}

interface WireLbEndpoint {
  readonly endpoint: { readonly address: { readonly socket_address: { readonly port_value: number } } };
}

interface WireLoadAssignment {
  readonly cluster_name: string;
  readonly endpoints?: readonly { readonly lb_endpoints: readonly WireLbEndpoint[] }[];
}

interface WireListener {
  readonly name: string;
  readonly filter_chains: readonly { readonly filters: readonly { typed_config: { readonly value: Buffer } }[] }[];
}

interface WireRedisProxy {
  readonly prefix_routes: { readonly routes: readonly Route[]; readonly catch_all_route?: { cluster: string } };
}

interface WireRouteConfiguration {
  readonly name: string;
  readonly virtual_hosts?: readonly {
    readonly routes?: readonly { match: { readonly prefix: string }; route: { readonly cluster: string } }[];
  }[];
}
