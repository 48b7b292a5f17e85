// Inventories whose rendering is written down in test/fixtures/render. Clusters stand in
// no sorted order, so that the order of what is rendered is the renderer's own.

import type { Cluster, Clusters, Endpoint } from '../../src/inventory/cluster.ts';
import { serve } from '../../src/inventory/served-cluster.ts';
import type { ServedCluster } from '../../src/inventory/served-cluster.ts';
import type { Listener, Secret } from '../../src/model/objects.ts';
import type { RenderOptions } from '../../src/render/options.ts';

export interface Example {
  /** Also the name of its folder. */
  readonly name: string;
  readonly clusters: Clusters;
  readonly listeners?: ReadonlyMap<string, Listener>;
  readonly secrets?: ReadonlyMap<string, Secret>;
  readonly options: RenderOptions;
}

export const defaultOptions: RenderOptions = {
  xdsClusterName: 'xds_cluster',
  redisListener: { host: '0.0.0.0', port: 6379 },
  redisEmptyListener: { host: '127.0.0.1', port: 12_712 },
  redisCatchAll: undefined,
};

/** One cluster; endpoints in the order given. */
export function cluster(name: string, prefix: string, ...endpoints: readonly Endpoint[]): Cluster {
  return { name, prefix, endpoints };
}

/** Each with its own servers, those that reads go to among them. */
export function servedOf(clusters: Clusters): Map<string, ServedCluster> {
  const served = Array.from(clusters.values()).flatMap(serve);
  return new Map(served.map((each) => [each.name, each]));
}

/** The clusters by name, in the order given. */
export function clustersOf(...clusters: readonly Cluster[]): Clusters {
  return byName(...clusters);
}

/** In the order given. */
export function byName<T extends { readonly name: string }>(...objects: readonly T[]): ReadonlyMap<string, T> {
  return new Map(objects.map((each) => [each.name, each]));
}

const bunny = cluster(
  'bunny_redis_cluster',
  'br',
  { address: '192.168.0.22', port: 6379 },
  { address: '192.168.0.22', port: 6380 },
  { address: '2001:db8::a', port: 6379 },
  { address: '::ffff:10.0.0.1', port: 65_535 },
);

const overlapping = clustersOf(
  cluster('catch-most', '/'),
  cluster('api', '/api', { address: '10.0.0.1', port: 8080 }),
  cluster('Zoo', '/zoo'),
  cluster('api-v2', '/api/v2', { address: '10.0.0.2', port: 8080 }),
  cluster('集群', '集:'),
  cluster('abc', '/abc'),
);

/** The golden files' examples that /api/v1 can make, flags apart. */
export const examples: readonly Example[] = [
  { name: 'empty', clusters: clustersOf(), options: defaultOptions },
  { name: 'no-endpoints', clusters: clustersOf(cluster('dev', '/dev')), options: defaultOptions },
  { name: 'endpoints', clusters: clustersOf(bunny), options: defaultOptions },
  { name: 'overlapping-prefixes', clusters: overlapping, options: defaultOptions },
  {
    name: 'catch-all',
    clusters: clustersOf(bunny, cluster('dev', 'd')),
    options: { ...defaultOptions, redisCatchAll: 'dev' },
  },
  {
    name: 'catch-all-not-there',
    clusters: clustersOf(bunny),
    options: { ...defaultOptions, redisCatchAll: 'dev' },
  },
  {
    name: 'denied-commands',
    clusters: clustersOf(cluster('dev', 'd')),
    options: { ...defaultOptions, redisDeny: ['select', 'watch'] },
  },
  {
    name: 'other-options',
    clusters: clustersOf(cluster('dev', '/dev')),
    options: { ...defaultOptions, xdsClusterName: 'control', redisListener: { host: '::1', port: 26_379 } },
  },
];
