// A cluster that is served with the servers of another one speaks to them as that one does: with its password, by its
// TLS, and, where that one finds the server by the key, it finds it so too.

import { loadBalancingOf } from '../model/defaults.ts';
import type { Cluster } from '../model/objects.ts';

const made = new WeakMap<Cluster, WeakMap<Cluster, Cluster>>();

/** The cluster, or one like it that speaks to servers as `other` does: the same object every time. */
export function servedAs(cluster: Cluster, other: Cluster): Cluster {
  const isPlaced = keysOf(other) === undefined || keysOf(cluster) === keysOf(other);
  if (isPlaced && contentOf(cluster) === contentOf(other)) return cluster;
  let byOther = made.get(cluster);
  if (byOther === undefined) made.set(cluster, (byOther = new WeakMap()));
  let result = byOther.get(other);
  if (result === undefined) {
    result = isPlaced ? speakAs(cluster, other) : copyOf(cluster, other);
    byOther.set(other, result);
  }
  return result;
}

function speakAs(cluster: Cluster, { upstream_tls, upstream_auth }: Cluster): Cluster {
  const { upstream_tls: _tls, upstream_auth: _auth, ...rest } = cluster;
  return { ...rest, ...(upstream_tls && { upstream_tls }), ...(upstream_auth && { upstream_auth }) };
}

// Where a key is depends on the table, on the servers in it, and on those that are left out of it for their health.
function copyOf({ name, prefix, groups }: Cluster, other: Cluster): Cluster {
  const { prefix: _prefix, groups: _groups, ...rest } = other;
  return { ...rest, name, ...(prefix !== undefined && { prefix }), ...(groups && { groups }) };
}

/** How it finds the server of a key; undefined: not by the key. */
function keysOf(cluster: Cluster): string | undefined {
  if (cluster.kind === 'redis_cluster') return undefined;
  const balancing = loadBalancingOf(cluster);
  return balancing.policy === 'maglev' || balancing.policy === 'ring_hash' ? JSON.stringify(balancing) : undefined;
}

function contentOf({ upstream_tls, upstream_auth }: Cluster): string {
  return JSON.stringify([upstream_tls, upstream_auth]);
}
