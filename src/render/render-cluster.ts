// A cluster as the resources that Envoy is given for it: the cluster itself, and its endpoints. Both are made once, for
// whatever node groups are given them.

import type { Cluster } from '../inventory/cluster.ts';
import type { ServedCluster } from '../inventory/served-cluster.ts';
import { encodeMessage } from '../proto/protos.ts';
import { messageNames } from '../snapshot/dialect.ts';
import type { ApiVersion, Dialect } from '../snapshot/dialect.ts';
import { Resource } from '../snapshot/resource.ts';
import { buildCluster } from './cluster.ts';
import { buildLoadAssignment } from './load-assignment.ts';
import type { RenderOptions } from './options.ts';

/** The newest resource that was made of a cluster in one way, and what else it was made of. */
interface Made {
  readonly of: unknown;
  readonly resource: Resource;
}

const clusters = new WeakMap<Cluster, Map<Dialect, Made>>();
const endpoints = new WeakMap<ServedCluster, Map<ApiVersion, Made>>();

export function renderCluster({ declared }: ServedCluster, dialect: Dialect, { xdsClusterName }: RenderOptions): Resource {
  return once(clusters, declared, dialect, xdsClusterName, () => {
    const message = buildCluster(declared, dialect, xdsClusterName);
    return new Resource(declared.name, encodeMessage(messageNames[dialect.apiVersion].cluster, message));
  });
}

export function renderEndpoints(cluster: ServedCluster, { apiVersion }: Dialect): Resource {
  const { name, hosts } = cluster;
  return once(endpoints, cluster, apiVersion, undefined, () => {
    return new Resource(name, encodeMessage(messageNames[apiVersion].endpoint, buildLoadAssignment(name, hosts)));
  });
}

/** The encoded endpoints of a cluster that is not declared. */
export function encodeNoEndpoints(name: string, apiVersion: ApiVersion): Uint8Array {
  return encodeMessage(messageNames[apiVersion].endpoint, buildLoadAssignment(name, []));
}

function once<Key extends object, Way>(
  table: WeakMap<Key, Map<Way, Made>>,
  key: Key,
  way: Way,
  of: unknown,
  make: () => Resource,
): Resource {
  let ways = table.get(key);
  if (ways === undefined) table.set(key, (ways = new Map()));
  const known = ways.get(way);
  if (known !== undefined && known.of === of) return known.resource;
  const resource = make();
  ways.set(way, { of, resource });
  return resource;
}
