// A cluster that is served with the servers of another one speaks to them as that one does: with its password, by its TLS.

import type { Cluster } from '../model/objects.ts';

const made = new WeakMap<Cluster, WeakMap<Cluster, Cluster>>();

/** The cluster, or one like it that speaks to servers as `other` does: the same object every time. */
export function servedAs(cluster: Cluster, other: Cluster): Cluster {
  if (contentOf(cluster) === contentOf(other)) return cluster;
  let byOther = made.get(cluster);
  if (byOther === undefined) made.set(cluster, (byOther = new WeakMap()));
  let result = byOther.get(other);
  if (result === undefined) {
    const { upstream_tls: _tls, upstream_auth: _auth, ...rest } = cluster;
    const { upstream_tls, upstream_auth } = other;
    result = { ...rest, ...(upstream_tls && { upstream_tls }), ...(upstream_auth && { upstream_auth }) };
    byOther.set(other, result);
  }
  return result;
}

function contentOf({ upstream_tls, upstream_auth }: Cluster): string {
  return JSON.stringify([upstream_tls, upstream_auth]);
}
