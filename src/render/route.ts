// The HTTP routes of all clusters as one route configuration. The same message in v2 and v3.

import type { PlainMessage } from '../proto/protos.ts';
import type { Routable } from '../inventory/cluster.ts';
import { routesByPrefix } from './prefix-order.ts';

export const routeConfigurationName = 'generic_route';

/** One virtual host for every domain, one route per cluster. Envoy takes the first match, so longer prefixes stand first. */
export function buildRouteConfiguration(clusters: ReadonlyMap<string, Routable>): PlainMessage {
  const routes = routesByPrefix(clusters).map(({ prefix, cluster }) => ({
    match: { prefix },
    route: { cluster, prefix_rewrite: '/' },
  }));
  return {
    name: routeConfigurationName,
    virtual_hosts: [{ name: 'virtual_host', domains: ['*'], routes }],
  };
}
