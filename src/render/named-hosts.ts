// Servers that Envoy finds by their names: they are in the cluster itself, which resolves them (docs/adr/0029).

import { hasNamesForEnvoys } from '../inventory/cluster.ts';
import type { Cluster, Host } from '../inventory/cluster.ts';
import type { ServedCluster } from '../inventory/served-cluster.ts';
import { isServerName } from '../net/address.ts';
import type { PlainMessage } from '../proto/protos.ts';
import type { ApiVersion } from '../snapshot/dialect.ts';
import { buildLoadAssignment } from './load-assignment.ts';
import type { RenderOptions } from './options.ts';

const haveNames = new WeakMap<readonly Host[], boolean>();

/** True when one of its servers has a name: then all are in the cluster, and there are none by EDS. */
export function isFoundByName({ declared, hosts }: Pick<ServedCluster, 'declared' | 'hosts'>): boolean {
  if (declared.kind === 'redis_cluster') return false;
  let known = haveNames.get(hosts);
  if (known === undefined) haveNames.set(hosts, (known = hosts.some(({ address }) => isServerName(address))));
  return known;
}

/** The part of a Cluster message that has the servers, for {@link isFoundByName}. */
export function buildNamedHosts(
  { name, hosts }: Pick<ServedCluster, 'name' | 'hosts'>,
  apiVersion: ApiVersion,
  { redisEmptyListener }: Pick<RenderOptions, 'redisEmptyListener'>,
): PlainMessage {
  // Names that are not found are no hosts, and with none at all a MULTI ends Envoy: the stand-in is there at once.
  const priority = 1 + Math.max(...hosts.map((each) => each.priority ?? 0));
  const standIn = { address: redisEmptyListener.host, port: redisEmptyListener.port, priority };
  return {
    type: 'STRICT_DNS',
    ...buildLookup(apiVersion),
    respect_dns_ttl: true,
    load_assignment: buildLoadAssignment(name, [...hosts, standIn]),
    // Else it holds back the ACKs of all clusters for as long as a name server is silent.
    ...(apiVersion === 'v3' && { wait_for_warm_on_init: { value: false } }),
  };
}

/** What of these clusters Envoys that speak v2 are not told, one line each. */
export function findNamesUnsupportedInV2(clusters: Iterable<Cluster>): string[] {
  return Array.from(clusters).flatMap((cluster) => {
    if (!hasNamesForEnvoys(cluster)) return [];
    const what = `cluster ${JSON.stringify(cluster.name)}: servers with names`;
    return [`${what}: an Envoy that speaks v2 looks for IPv6 first, and waits for a name server that is silent`];
  });
}

/** IPv4 where a name has both; v2 can't say so, and there IPv6 goes first. */
export function buildLookup(apiVersion: ApiVersion): PlainMessage {
  return apiVersion === 'v3' ? { dns_lookup_family: 'V4_PREFERRED' } : {};
}
