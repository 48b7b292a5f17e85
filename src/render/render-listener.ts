// A listener of whatever kind as the resources that Envoy is given for it: the listener, and for HTTP its routes.

import type { Routable } from '../inventory/cluster.ts';
import type { HttpListener, Listener } from '../model/objects.ts';
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
import { buildRedisProxy, findRedisRoutes, redisProxyFilter } from './redis-proxy.ts';
import { buildSettings } from './redis-settings.ts';
import { buildRouteConfiguration } from './route.ts';
import { buildStandInProxy, standInListenerName } from './stand-in.ts';
import { buildTcpProxy, tcpProxyFilter } from './tcp-proxy.ts';

type Clusters = ReadonlyMap<string, Routable>;

interface FilterConfig {
  readonly filter: NetworkFilter;
  readonly config: PlainMessage;
}

/** The listener as a resource; undefined: Envoy is given none, for want of an address, or of a route for any key. */
export function renderListener(
  listener: Listener,
  clusters: Clusters,
  dialect: Dialect,
  options: RenderOptions,
): Resource | undefined {
  const built = buildFilter(listener, clusters, dialect, options);
  if (built === undefined || listener.address === undefined) return undefined;
  const message = buildListener(listener.name, parseIpAndPort(listener.address), built.filter, built.config);
  return toResource(listener.name, 'listener', dialect.apiVersion, message);
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

/** True when its bytes depend on the kind of stream: it says where its routes come from. */
export function holdsConfigSource(listener: Listener): boolean {
  return listener.kind === 'http' && listener.address !== undefined;
}

/** True when it depends on which clusters there are, and on their prefixes. */
export function followsClusters(listener: Listener): boolean {
  if (listener.kind === 'tcp') return false;
  const { routes = 'auto' } = listener;
  return routes === 'auto' || (listener.kind !== 'http' && catchAllOf(listener) === 'auto');
}

function buildFilter(
  listener: Listener,
  clusters: Clusters,
  dialect: Dialect,
  { redisCatchAll, redisDeny = [], xdsClusterName }: RenderOptions,
): FilterConfig | undefined {
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
      const config = buildRedisProxy(listener, routes, apiVersion, redisDeny);
      return config && { filter: redisProxyFilter[apiVersion], config };
    }
  }
}

function toResource(name: string, kind: 'listener' | 'route', apiVersion: ApiVersion, message: PlainMessage): Resource {
  return new Resource(name, encodeMessage(messageNames[apiVersion][kind], message));
}
