// The HTTP routes of a listener as a route configuration of its name. The same message in v2 and v3.

import type { Routable } from '../inventory/cluster.ts';
import type { HttpListener } from '../model/objects.ts';
import type { PlainMessage } from '../proto/protos.ts';
import { findRoutes } from './prefix-order.ts';

/**
 * One virtual host for every domain. Envoy takes the first match, so longer prefixes stand first. Where the routes are
 * those of the clusters, prefixes are taken off, as they always were.
 */
export function buildRouteConfiguration(listener: HttpListener, clusters: ReadonlyMap<string, Routable>): PlainMessage {
  const isAuto = typeof listener.routes !== 'object';
  const routes = findRoutes(listener.routes, clusters).map(({ prefix, cluster, remove_prefix }) => ({
    match: { prefix },
    route: { cluster, ...((isAuto || remove_prefix === true) && { prefix_rewrite: '/' }) },
  }));
  return {
    name: listener.name,
    virtual_hosts: [{ name: 'virtual_host', domains: ['*'], routes }],
  };
}
