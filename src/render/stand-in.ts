// What stands in for the servers of a cluster that has none. A MULTI on a route to a cluster in which Envoy can select no
// host ends Envoy with a segmentation fault (1.36 to 1.40), so such a cluster gets a host: a second listener of the same
// Envoy that answers each key `no upstream host` (docs/adr/0017).

import type { ServedCluster } from '../inventory/served-cluster.ts';
import type { Address } from '../net/address.ts';
import type { PlainMessage } from '../proto/protos.ts';
import type { RenderOptions } from './options.ts';

export const standInListenerName = 'no_upstream_host';

// Envoy takes no redis_proxy without a route. No key of anybody's begins with this, and one that does loses it and comes
// back, until it has no route. Below the 1,000 bytes that Envoy takes, and without the NUL at which it would stop reading.
const prefixOfNoKey = '\u0001no upstream host'.repeat(50);

const withStandIn = new WeakMap<ServedCluster, { readonly of: Address; readonly cluster: ServedCluster }>();

/** The cluster as it is, or with the stand-in as its only endpoint: the same object every time. */
export function withHost(cluster: ServedCluster, { redisEmptyListener }: RenderOptions): ServedCluster {
  if (cluster.hosts.length > 0) return cluster;
  let known = withStandIn.get(cluster);
  if (known?.of !== redisEmptyListener) {
    const { host, port } = redisEmptyListener;
    known = { of: redisEmptyListener, cluster: { ...cluster, hosts: [{ address: host, port }] } };
    withStandIn.set(cluster, known);
  }
  return known.cluster;
}

/**
 * The RedisProxy message of the stand-in: it has a route for no key.
 * @param clusterName a cluster that has a host.
 */
export function buildStandInProxy(clusterName: string, settings: PlainMessage): PlainMessage {
  return {
    stat_prefix: standInListenerName,
    settings,
    prefix_routes: { routes: [{ prefix: prefixOfNoKey, remove_prefix: true, cluster: clusterName }] },
  };
}
