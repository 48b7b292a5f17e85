// A cluster as the resources that Envoy is given for it: the cluster itself, and its endpoints. Both are made once, for
// whatever node groups are given them.

import type { Cluster } from '../inventory/cluster.ts';
import type { ServedCluster } from '../inventory/served-cluster.ts';
import { secretRefsOf } from '../model/secret-refs.ts';
import { encodeMessage } from '../proto/protos.ts';
import { messageNames } from '../snapshot/dialect.ts';
import type { ApiVersion, Dialect } from '../snapshot/dialect.ts';
import { Resource } from '../snapshot/resource.ts';
import { buildCluster } from './cluster.ts';
import { buildLoadAssignment } from './load-assignment.ts';
import type { RenderOptions } from './options.ts';
import { passwordReader } from './redis-auth.ts';
import type { Secrets } from './redis-auth.ts';

/** The newest resource that was made of a cluster in one way, and what else it was made of. */
interface Made {
  readonly of: string | undefined;
  readonly resource: Resource;
}

const clusters = new WeakMap<Cluster, Map<Dialect, Made>>();
const endpoints = new WeakMap<ServedCluster, Map<ApiVersion, Made>>();

/**
 * One that drains may name a secret that has gone with it: it stays as it was rendered, or, when nobody remembers that,
 * is without.
 */
export function renderCluster(
  { declared }: ServedCluster,
  dialect: Dialect,
  secrets: Secrets,
  options: RenderOptions,
): Resource {
  const { xdsClusterName } = options;
  const passwords = secretRefsOf(declared).filter(({ kind }) => kind === 'password');
  const sealed = passwords.map(({ secret }) => secrets.get(secret)?.sealed);
  const isWhole = !sealed.includes(undefined);
  const of = [xdsClusterName, ...sealed].join('\n');
  const make = (): Resource => {
    const cluster = isWhole ? declared : withoutAuth(declared);
    const message = buildCluster(cluster, dialect, xdsClusterName, passwordReader(secrets, options));
    return new Resource(declared.name, encodeMessage(messageNames[dialect.apiVersion].cluster, message));
  };
  return once(clusters, declared, dialect, isWhole ? of : undefined, make);
}

export function renderEndpoints(cluster: ServedCluster, { apiVersion }: Dialect): Resource {
  const { name, hosts } = cluster;
  return once(endpoints, cluster, apiVersion, '', () => {
    return new Resource(name, encodeMessage(messageNames[apiVersion].endpoint, buildLoadAssignment(name, hosts)));
  });
}

/** The encoded endpoints of a cluster that is not declared. */
export function encodeNoEndpoints(name: string, apiVersion: ApiVersion): Uint8Array {
  return encodeMessage(messageNames[apiVersion].endpoint, buildLoadAssignment(name, []));
}

// Whatever it was made of will do when that can't be told any more.
function once<Key extends object, Way>(
  table: WeakMap<Key, Map<Way, Made>>,
  key: Key,
  way: Way,
  of: string | undefined,
  make: () => Resource,
): Resource {
  let ways = table.get(key);
  if (ways === undefined) table.set(key, (ways = new Map()));
  const known = ways.get(way);
  if (known !== undefined && (of === undefined || known.of === of)) return known.resource;
  const resource = make();
  ways.set(way, { of, resource });
  return resource;
}

function withoutAuth(cluster: Cluster): Cluster {
  const { upstream_auth: _, ...rest } = cluster;
  if (rest.kind === 'sharded') {
    return { ...rest, shards: rest.shards.map((shard) => ({ ...shard, endpoint: withoutOwnAuth(shard.endpoint) })) };
  }
  return { ...rest, endpoints: rest.endpoints.map(withoutOwnAuth) };
}

function withoutOwnAuth<Server extends { readonly upstream_auth?: unknown }>(
  server: Server,
): Omit<Server, 'upstream_auth'> {
  const { upstream_auth: _, ...rest } = server;
  return rest;
}
