// The HTTP routes of all clusters as one route configuration. The same message in v2 and v3.

import type { PlainMessage } from '../proto/protos.ts';
import type { Clusters } from '../inventory/cluster.ts';
import { clustersByPrefix } from './prefix-order.ts';

export const routeConfigurationName = 'generic_route';

/** One virtual host for every domain, one route per cluster. Envoy takes the first match, so longer prefixes stand first. */
export function buildRouteConfiguration(clusters: Clusters): PlainMessage {
  const routes = clustersByPrefix(clusters).map((cluster) => ({
    match: { prefix: cluster.prefix },
    route: { cluster: cluster.name, prefix_rewrite: '/' },
  }));
  return {
    name: routeConfigurationName,
    virtual_hosts: [{ name: 'virtual_host', domains: ['*'], routes }],
  };
}
