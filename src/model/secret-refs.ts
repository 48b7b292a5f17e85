// Which secrets an object names, where, and what they must be: those that Envoys are given, and that of who watches.

import { formatAddress } from '../net/address.ts';
import { sentinelOf } from './failover-defaults.ts';
import type { Cluster, Listener, Secret, ShardEndpoint } from './objects.ts';
import { serversOfShard } from './shard.ts';
import { refsOfUpstreamTls, tlsRefsOf } from './tls-refs.ts';

export interface SecretReference {
  /** As `upstream_auth.password`, `endpoint 10.0.0.1:6379 upstream_auth.password`. */
  readonly field: string;
  readonly secret: string;
  readonly kind: Secret['kind'];
}

const none: readonly SecretReference[] = [];
const byObject = new WeakMap<Cluster | Listener, readonly SecretReference[]>();

/**
 * Those that Envoys are given, or are told to use. In the order in which they stand there; the same list for the same
 * object.
 */
export function secretRefsOf(object: Cluster | Listener): readonly SecretReference[] {
  let refs = byObject.get(object);
  if (refs === undefined) {
    const passwords = isListener(object) ? refsOfListener(object) : refsOfCluster(object);
    const found = [...passwords, ...tlsRefsOf(object)];
    byObject.set(object, (refs = found.length === 0 ? none : found));
  }
  return refs;
}

/** All of them. */
export function namedSecretsOf(object: Cluster | Listener): readonly SecretReference[] {
  const watch = 'watch' in object && typeof object.watch === 'object' ? object.watch : undefined;
  const refs = secretRefsOf(object);
  const ofWatch = watch?.password === undefined ? [] : [passwordAt('watch.password', watch.password.secret)];
  const ofSentinels = isListener(object) ? [] : sentinelRefsOf(object);
  const ofOwn = [...ofWatch, ...ofSentinels];
  return ofOwn.length === 0 ? refs : [...refs, ...ofOwn];
}

/** What the Sentinels of a cluster are asked with. */
export function sentinelRefsOf(cluster: Cluster): SecretReference[] {
  const sentinel = sentinelOf(cluster);
  if (sentinel === undefined) return [];
  const { password, tls } = sentinel;
  const own = password === undefined ? [] : [passwordAt('failover.password', password.secret)];
  return [...own, ...refsOfUpstreamTls('failover.tls', tls)];
}

function isListener(object: Cluster | Listener): object is Listener {
  return !('endpoints' in object || 'shards' in object);
}

function refsOfCluster(cluster: Cluster): SecretReference[] {
  const { upstream_auth: auth } = cluster;
  const own = auth === undefined ? [] : [passwordAt('upstream_auth.password', auth.password.secret)];
  const servers: readonly ShardEndpoint[] =
    cluster.kind === 'sharded' ? cluster.shards.flatMap(serversOfShard) : cluster.endpoints;
  const ofServers = servers.flatMap(({ address, port, upstream_auth: of }) => {
    const where = `endpoint ${formatAddress({ host: address, port })} upstream_auth.password`;
    return of === undefined ? [] : [passwordAt(where, of.password.secret)];
  });
  return [...own, ...ofServers];
}

function refsOfListener(listener: Listener): SecretReference[] {
  if (listener.kind === 'tcp' || listener.kind === 'http') return [];
  return (listener.auth?.passwords ?? []).map(({ secret }) => passwordAt('auth.passwords', secret));
}

function passwordAt(field: string, secret: string): SecretReference {
  return { field, secret, kind: 'password' };
}
