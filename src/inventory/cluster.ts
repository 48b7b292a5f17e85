// What an operator declares: clusters of Redis servers. Plain frozen values;
// knows nothing of Envoy, HTTP, disks or time.

/** One server. `address` is a canonical IPv4 or IPv6 address, `port` is 1..65535. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/**
 * One declared cluster, frozen; a change makes a new object, so identity tells
 * whether a cluster changed. `endpoints` is sorted by {@link compareEndpoints}
 * and holds no endpoint twice.
 */
export interface Cluster {
  readonly name: string;
  /** HTTP path prefix and Redis key prefix that is routed to this cluster; unique among clusters. */
  readonly prefix: string;
  readonly endpoints: readonly Endpoint[];
}

/** Clusters by name. */
export type Clusters = ReadonlyMap<string, Cluster>;

/** One cluster's step from one state to the next: `after` is undefined when the cluster goes. */
export interface ClusterEdit {
  readonly name: string;
  readonly after: Cluster | undefined;
}

/**
 * Orders endpoints by address, then port, by code unit: any stable order would
 * do, but the order of hosts alone changes Envoy's Maglev and ring placement.
 */
export function compareEndpoints(a: Endpoint, b: Endpoint): number {
  if (a.address !== b.address) return a.address < b.address ? -1 : 1;
  return a.port - b.port;
}
