// A listener of whatever kind as the resources that Envoy is given for it: the listener, and for HTTP its routes.

import type { Routable } from '../inventory/cluster.ts';
import type { HttpListener, Listener, RedisListener } from '../model/objects.ts';
import { catchAllOf } from '../model/redis-targets.ts';
import { parseIpAndPort } from '../net/address.ts';
import { encodeMessage } from '../proto/protos.ts';
import type { PlainMessage } from '../proto/protos.ts';
import { messageNames } from '../snapshot/dialect.ts';
import type { ApiVersion, Dialect } from '../snapshot/dialect.ts';
import { Resource } from '../snapshot/resource.ts';
import { buildHttpConnectionManager, httpConnectionManagerFilter } from './http-connection-manager.ts';
import { buildListener } from './listener.ts';
import type { NetworkFilter } from './listener.ts';
import type { RenderOptions } from './options.ts';
import { buildDownstreamAuth, passwordReader } from './redis-auth.ts';
import type { Secrets } from './redis-auth.ts';
import { buildRedisProxy, findRedisRoutes, redisProxyFilter } from './redis-proxy.ts';
import { buildSettings } from './redis-settings.ts';
import { buildRouteConfiguration } from './route.ts';
import { buildStandInProxy, standInListenerName } from './stand-in.ts';
import { buildTcpProxy, tcpProxyFilter } from './tcp-proxy.ts';
import { buildDownstreamTls } from './tls.ts';

type Clusters = ReadonlyMap<string, Routable>;

interface FilterConfig {
  readonly filter: NetworkFilter;
  readonly config: PlainMessage;
}

/** The listener as a resource; undefined: Envoy is given none, for want of an address, or of a route for any key. */
export function renderListener(
  listener: Listener,
  clusters: Clusters,
  secrets: Secrets,
  dialect: Dialect,
  options: RenderOptions,
): Resource | undefined {
  const built = buildFilter(listener, clusters, secrets, dialect, options);
  if (built === undefined || listener.address === undefined) return undefined;
  const { name, address, tls } = listener;
  const socket = tls && buildDownstreamTls(tls, dialect, options.xdsClusterName);
  const message = buildListener(name, parseIpAndPort(address), built.filter, built.config, socket);
  return toResource(name, 'listener', dialect.apiVersion, message);
}

/** The route configuration of an HTTP listener. */
export function renderRoutes(listener: HttpListener, clusters: Clusters, { apiVersion }: Dialect): Resource {
  return toResource(listener.name, 'route', apiVersion, buildRouteConfiguration(listener, clusters, apiVersion));
}

/** The listener that stands in for servers. @param clusterName a cluster that has it for its host. */
export function renderStandIn(clusterName: string, { apiVersion }: Dialect, options: RenderOptions): Resource {
  const config = buildStandInProxy(clusterName, buildSettings({}, apiVersion));
  const filter = redisProxyFilter[apiVersion];
  const message = buildListener(standInListenerName, options.redisEmptyListener, filter, config);
  return toResource(standInListenerName, 'listener', apiVersion, message);
}

/** True when its bytes depend on the kind of stream: it says where its routes or its certificates come from. */
export function holdsConfigSource({ kind, address, tls }: Listener): boolean {
  return address !== undefined && (kind === 'http' || tls !== undefined);
}

/** True when it depends on which clusters there are, and on their prefixes. */
export function followsClusters(listener: Listener): boolean {
  if (listener.kind === 'tcp') return false;
  const { routes = 'auto' } = listener;
  return routes === 'auto' || (listener.kind !== 'http' && catchAllOf(listener) === 'auto');
}

/** True when it speaks Redis: how it is rendered may depend on the kinds of the clusters that it leads to. */
export function isRedis(listener: Listener): listener is RedisListener {
  return listener.kind === undefined || listener.kind === 'redis';
}

function buildFilter(
  listener: Listener,
  clusters: Clusters,
  secrets: Secrets,
  dialect: Dialect,
  options: RenderOptions,
): FilterConfig | undefined {
  const { redisCatchAll, redisDeny = [], xdsClusterName } = options;
  const { apiVersion } = dialect;
  switch (listener.kind) {
    case 'tcp':
      return { filter: tcpProxyFilter[apiVersion], config: buildTcpProxy(listener, apiVersion) };
    case 'http': {
      const config = buildHttpConnectionManager(listener, dialect, xdsClusterName);
      return { filter: httpConnectionManagerFilter[apiVersion], config };
    }
    default: {
      const routes = findRedisRoutes(listener, clusters, redisCatchAll);
      const proxy = buildRedisProxy(listener, routes, { clusters, apiVersion, denied: redisDeny });
      if (proxy === undefined) return undefined;
      const auth = buildDownstreamAuth(listener, apiVersion, passwordReader(secrets, options));
      return { filter: redisProxyFilter[apiVersion], config: { ...proxy, ...auth } };
    }
  }
}

function toResource(name: string, kind: 'listener' | 'route', apiVersion: ApiVersion, message: PlainMessage): Resource {
  return new Resource(name, encodeMessage(messageNames[apiVersion][kind], message));
}
