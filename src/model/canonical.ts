// One form for each object, whoever wrote it in whatever way: equal objects are equal text.

import type { z } from 'zod';

import { formatAddress, parseIpAndPort } from '../net/address.ts';
import { parseIpAddress } from '../net/ip-address.ts';
import { canonicalTargets } from './canonical-targets.ts';
import type { clusterSchema } from './cluster.ts';
import { compareText } from './compare-text.ts';
import type { listenerSchema } from './listener.ts';
import type { Cluster, Listener } from './objects.ts';

/** Of a checked cluster: addresses in one spelling, lists sorted, fields in order, nothing undefined; frozen. */
export function canonicalCluster(cluster: z.output<typeof clusterSchema>): Cluster {
  const common = {
    name: cluster.name,
    prefix: cluster.prefix,
    groups: cluster.groups?.toSorted(),
    labels: sortKeys(cluster.labels),
  };
  const { load_balancing, connect_timeout } = cluster;
  if (cluster.kind !== 'sharded') {
    const endpoints = (cluster.endpoints ?? []).map(canonicalServer).sort(compareServers);
    return freeze({ ...common, endpoints, load_balancing, connect_timeout });
  }
  const { kind, name } = cluster;
  const shards = cluster.shards
    .map((shard) => ({ ...shard, endpoint: canonicalServer(shard.endpoint) }))
    .sort((a, b) => compareText(a.name, b.name));
  return freeze({ ...common, name, kind, shards, load_balancing: cluster.load_balancing, connect_timeout });
}

/** As {@link canonicalCluster}. */
export function canonicalListener(listener: z.output<typeof listenerSchema>): Listener {
  const { address } = listener;
  const { kind, name, groups, labels, ...rest } = listener;
  const head = {
    name,
    ...(kind === undefined || kind === 'redis' ? {} : { kind }),
    groups: groups?.toSorted(),
    labels: sortKeys(labels),
    address: address && formatAddress(parseIpAndPort(address)),
  };
  const tail = sortKeys(rest);
  const sorted = { ...head, ...tail, ...canonicalTargets(listener), address: head.address };
  return freeze(sorted) as unknown as Listener;
}

/** The text of a canonical object: the same for equal ones. */
export function contentOf(object: Cluster | Listener): string {
  return JSON.stringify(object);
}

interface Server {
  readonly address: string;
  readonly port: number;
  readonly weight?: number | undefined;
  readonly zone?: string | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
}

function canonicalServer({ address, port, weight, zone, labels }: Server) {
  return { address: parseIpAddress(address) ?? address, port, weight, zone, labels: sortKeys(labels) };
}

/** By address, then port, by code unit: the order of hosts alone changes Envoy's Maglev and ring placement. */
export function compareServers(a: Pick<Server, 'address' | 'port'>, b: Pick<Server, 'address' | 'port'>): number {
  return compareText(a.address, b.address) || a.port - b.port;
}

function sortKeys<T extends object>(record: T | undefined): T | undefined {
  return record && (Object.fromEntries(Object.entries(record).sort(([a], [b]) => compareText(a, b))) as T);
}

// Also leaves out what is undefined, so that an object is what its text says.
function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return Object.freeze(value.map(freeze)) as T;
  const copy: Record<string, unknown> = {};
  for (const [key, field] of Object.entries(value)) {
    if (field === undefined) continue;
    // A label may have any name, and by assignment this one would be lost.
    if (key === '__proto__') Object.defineProperty(copy, key, { value: field, enumerable: true });
    else copy[key] = freeze(field);
  }
  return Object.freeze(copy) as T;
}
