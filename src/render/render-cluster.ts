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
import { buildPlacementPolicy } from './health.ts';
import { buildLoadAssignment } from './load-assignment.ts';
import { isFoundByName } from './named-hosts.ts';
import type { RenderOptions } from './options.ts';
import { passwordReader } from './redis-auth.ts';
import type { Secrets } from './redis-auth.ts';

/** The newest resource that was made of a cluster in one way, and what else it was made of. */
interface Made {
  readonly of: string | undefined;
  readonly resource: Resource;
}

// By what the reads are that a cluster is for; undefined: it is for all commands.
const clusters = new Map<ServedCluster['reads'], WeakMap<Cluster, Map<Dialect, Made>>>();
// Those that have their servers in them.
const named = new WeakMap<ServedCluster, Map<Dialect, Made>>();
// For who must not be told a password.
const withoutPasswords = new WeakMap<ServedCluster, Map<Dialect, Made>>();
const endpoints = new WeakMap<ServedCluster, Map<ApiVersion, Made>>();

/**
 * One that drains may name a secret that has gone with it: it stays as it was rendered, or, when nobody remembers that,
 * is without.
 */
export function renderCluster(
  cluster: ServedCluster,
  dialect: Dialect,
  secrets: Secrets,
  options: RenderOptions,
): Resource {
  const { name, declared, reads } = cluster;
  const { xdsClusterName, redisEmptyListener } = options;
  const isNamed = isFoundByName(cluster);
  const passwords = secretRefsOf(declared).filter(({ kind }) => kind === 'password');
  const sealed = passwords.map(({ secret }) => secrets.get(secret)?.sealed);
  const isWhole = !sealed.includes(undefined);
  const standIn = isNamed ? [redisEmptyListener.host, redisEmptyListener.port] : [];
  const of = isWhole ? [xdsClusterName, ...standIn, ...sealed].join('\n') : undefined;
  const make = (): Resource => {
    const read = isWhole ? passwordReader(secrets, options) : undefined;
    const message = buildCluster(cluster, dialect, options, read);
    return new Resource(name, encodeMessage(messageNames[dialect.apiVersion].cluster, message));
  };
  if (isNamed) return once(named, cluster, dialect, of, make);
  let ofReads = clusters.get(reads);
  if (ofReads === undefined) clusters.set(reads, (ofReads = new WeakMap()));
  return once(ofReads, declared, dialect, of, make);
}

/** The same, without the passwords: servers that want one answer NOAUTH. */
export function renderClusterWithoutPasswords(
  cluster: ServedCluster,
  dialect: Dialect,
  options: RenderOptions,
): Resource {
  const { xdsClusterName, redisEmptyListener } = options;
  const of = [xdsClusterName, redisEmptyListener.host, redisEmptyListener.port].join('\n');
  return once(withoutPasswords, cluster, dialect, of, () => {
    const message = buildCluster(cluster, dialect, options);
    return new Resource(cluster.name, encodeMessage(messageNames[dialect.apiVersion].cluster, message));
  });
}

/** Undefined: Envoy is told of them in the cluster itself. */
export function renderEndpoints(cluster: ServedCluster, { apiVersion }: Dialect): Resource | undefined {
  const { name, declared, hosts } = cluster;
  if (declared.kind === 'redis_cluster' || isFoundByName(cluster)) return undefined;
  return once(endpoints, cluster, apiVersion, '', () => {
    const message = buildLoadAssignment(name, hosts, buildPlacementPolicy(declared));
    return new Resource(name, encodeMessage(messageNames[apiVersion].endpoint, message));
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
