// A cluster with addresses in place of the names that the control plane looks up (docs/adr/0029). Pure.

import { Latest } from '../collections/latest.ts';
import { serversOf } from '../inventory/cluster.ts';
import { compareServers } from '../model/canonical.ts';
import { hasFixedPlacement } from '../model/health-defaults.ts';
import type { Cluster, Endpoint, Shard, ShardEndpoint } from '../model/objects.ts';
import { isPrimary } from '../model/primary.ts';
import { primaryOfShard, withoutServer } from '../model/shard.ts';
import { isServerName, serverNameOf } from '../net/address.ts';

/** IP addresses by host name, in canonical spelling; where one is needed it is the first, which stays while it is there. */
export type Addresses = ReadonlyMap<string, readonly string[]>;

/** What has to be kept of `after` when `before` was; undefined: no more. */
export function compareAddresses(before: Addresses, after: Addresses): Map<string, readonly string[] | undefined> {
  const gone = Array.from(before.keys()).filter((name) => !after.has(name));
  const changed = Array.from(after).filter(([name, found]) => before.get(name)?.join() !== found.join());
  return new Map<string, readonly string[] | undefined>([...gone.map((name) => [name, undefined] as const), ...changed]);
}

const noNames: readonly string[] = [];
const namesByCluster = new WeakMap<Cluster, readonly string[]>();

/** The names in it that the control plane looks up, each once; the same list for the same cluster. */
export function hostNamesOf(cluster: Cluster): readonly string[] {
  if (!('resolve' in cluster) || cluster.resolve !== 'controlplane') return noNames;
  let names = namesByCluster.get(cluster);
  if (names === undefined) {
    const all = serversOf(cluster).map(({ address }) => address);
    namesByCluster.set(cluster, (names = [...new Set(all.filter(isServerName))].sort()));
  }
  return names;
}

const latest = new Latest<Cluster, Cluster>();

/**
 * The cluster as it is published: every address of a name is a server, but a primary, and the server of a shard, is one.
 * A name without an address is no server. The same object while the addresses of its names stay.
 */
export function withAddresses(cluster: Cluster, addresses: Addresses): Cluster {
  const names = hostNamesOf(cluster);
  if (names.length === 0) return cluster;
  const found = JSON.stringify(names.map((name) => addresses.get(name) ?? []));
  return latest.get(cluster, found, () => substitute(cluster, addresses));
}

/**
 * Why the keys of a shard would be sent to another one, with these addresses: Envoy knows no shard without a server, and
 * of two with one server the first. Undefined: they would not, or may.
 */
export function findMisplacedKeys(cluster: Cluster, addresses: Addresses): string | undefined {
  if (cluster.kind !== 'sharded' || hostNamesOf(cluster).length === 0) return undefined;
  const found = withAddresses(cluster, addresses);
  const servers = found.kind === 'sharded' ? found.shards.map((shard) => [shard.name, primaryOfShard(shard)] as const) : [];
  const shardByServer = new Map<string, string>();
  for (const [shard, server] of servers) {
    if (server === undefined) {
      if (hasFixedPlacement(cluster)) return `shard ${JSON.stringify(shard)} leads nowhere`;
      continue;
    }
    const other = shardByServer.get(serverNameOf(server));
    if (other !== undefined) {
      return `shards ${JSON.stringify(other)} and ${JSON.stringify(shard)} both lead to ${serverNameOf(server)}`;
    }
    shardByServer.set(serverNameOf(server), shard);
  }
  return undefined;
}

function substitute(cluster: Cluster, addresses: Addresses): Cluster {
  switch (cluster.kind) {
    case 'redis_cluster':
      return cluster;
    case 'sharded':
      return { ...cluster, shards: cluster.shards.map((shard) => substituteInShard(shard, addresses)) };
    case 'replicated':
      return { ...cluster, ...substituteInGroup<Endpoint>(cluster, addresses) };
    default:
      return { ...cluster, endpoints: distinct(cluster.endpoints.flatMap((each) => allOf(each, addresses))) };
  }
}

interface Server {
  readonly address: string;
  readonly port: number;
}

interface Group<T extends Server> {
  readonly primary?: string | undefined;
  readonly endpoints: readonly T[];
}

/** A shard whose only server is not found has none. */
function substituteInShard(shard: Shard, addresses: Addresses): Shard {
  if (shard.endpoint === undefined) {
    const { primary = shard.primary, endpoints } = substituteInGroup<ShardEndpoint>(shard, addresses);
    return { ...shard, primary, endpoints };
  }
  const [endpoint] = allOf(shard.endpoint, addresses);
  return endpoint === undefined ? withoutServer(shard) : { ...shard, endpoint };
}

function substituteInGroup<T extends Server>(group: Group<T>, addresses: Addresses): Group<T> {
  const declared = group.endpoints.find((endpoint) => isPrimary(group, endpoint));
  const [primary] = declared === undefined ? [] : allOf(declared, addresses);
  const replicas = group.endpoints.filter((endpoint) => endpoint !== declared);
  const found = replicas.flatMap((replica) => allOf(replica, addresses));
  if (primary === undefined) return { primary: undefined, endpoints: distinct(found) };
  // It goes first: a name that all of them have, as readers do, leads to it too.
  return { primary: serverNameOf(primary), endpoints: distinct([primary, ...found]) };
}

function allOf<T extends Server>(server: T, addresses: Addresses): T[] {
  if (!isServerName(server.address)) return [server];
  return (addresses.get(server.address) ?? []).map((address) => ({ ...server, address }));
}

/** Sorted, each address and port once: as it comes first. */
function distinct<T extends Server>(servers: readonly T[]): T[] {
  const byName = new Map<string, T>();
  for (const server of servers) if (!byName.has(serverNameOf(server))) byName.set(serverNameOf(server), server);
  return [...byName.values()].sort(compareServers);
}
