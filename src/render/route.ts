// The HTTP routes of a listener as a route configuration of its name.

import type { Routable } from '../inventory/cluster.ts';
import type { HttpListener, HttpRoute } from '../model/objects.ts';
import type { PlainMessage } from '../proto/protos.ts';
import type { ApiVersion } from '../snapshot/dialect.ts';
import { buildDuration } from './duration.ts';
import { findRoutes } from './prefix-order.ts';

// What no server has seen can be sent again, whatever it is.
const safeReasons = ['connect-failure', 'refused-stream'] as const;

/**
 * A virtual host for each host that a route names, and one for all others; Envoy takes the most specific one that there
 * is, and no second one, so each has the routes without hosts too. Of the routes it takes the first match, so longer
 * prefixes stand first, and those of the host itself before those of all. Where the routes are those of the clusters,
 * prefixes are taken off, as they always were. v2 can't say that a port in the Host header does not count.
 */
export function buildRouteConfiguration(
  listener: HttpListener,
  clusters: ReadonlyMap<string, Routable>,
  apiVersion: ApiVersion,
): PlainMessage {
  const isAuto = typeof listener.routes !== 'object';
  const routes: readonly HttpRoute[] = findRoutes(listener.routes, clusters);
  const common = routes.filter((route) => route.hosts === undefined);
  const hosts = [...new Set(routes.flatMap((route) => route.hosts ?? []))].sort();
  const build = (route: HttpRoute): PlainMessage => buildRoute(route, isAuto);
  return {
    name: listener.name,
    virtual_hosts: [
      { name: 'virtual_host', domains: ['*'], routes: common.map(build) },
      ...hosts.map((host) => ({
        name: `host ${host}`,
        domains: [host],
        routes: routesOf(host, routes).map(build),
      })),
    ],
    ...(hosts.length > 0 && apiVersion === 'v3' && { ignore_port_in_host_matching: true }),
  };
}

/** In their order; of two of the same prefix that of the host. */
function routesOf(host: string, routes: readonly HttpRoute[]): HttpRoute[] {
  const own = new Set(routes.filter((route) => route.hosts?.includes(host) === true));
  const prefixes = new Set(Array.from(own, ({ prefix }) => prefix));
  return routes.filter((route) => own.has(route) || (route.hosts === undefined && !prefixes.has(route.prefix)));
}

function buildRoute({ prefix, cluster, remove_prefix, timeout, retries }: HttpRoute, isAuto: boolean): PlainMessage {
  return {
    match: { prefix },
    route: {
      cluster,
      ...((isAuto || remove_prefix === true) && { prefix_rewrite: '/' }),
      ...(timeout !== undefined && { timeout: buildDuration(timeout) }),
      ...(retries !== undefined && { retry_policy: buildRetries(retries) }),
    },
  };
}

function buildRetries({
  attempts,
  on = safeReasons,
  per_try_timeout: perTry,
}: NonNullable<HttpRoute['retries']>): PlainMessage {
  return {
    retry_on: on.join(),
    num_retries: { value: attempts },
    ...(perTry !== undefined && { per_try_timeout: buildDuration(perTry) }),
  };
}
