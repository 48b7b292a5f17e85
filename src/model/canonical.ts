// One form for each object, whoever wrote it in whatever way: equal objects are equal text.

import type { z } from 'zod';

import { formatAddress, parseIpAndPort } from '../net/address.ts';
import { parseIpAddress } from '../net/ip-address.ts';
import { canonicalDownstreamTls, canonicalUpstreamTls } from './canonical-tls.ts';
import type { clusterSchema } from './cluster.ts';
import type { listenerSchema } from './listener.ts';
import type { Cluster, DeclaredObject, Listener, Secret, UpstreamAuth } from './objects.ts';

/** Of a checked cluster: addresses in one spelling, lists sorted, fields in order, nothing undefined; frozen. */
export function canonicalCluster(cluster: z.output<typeof clusterSchema>): Cluster {
  const common = {
    name: cluster.name,
    prefix: cluster.prefix,
    groups: cluster.groups?.toSorted(),
    labels: sortKeys(cluster.labels),
  };
  const { load_balancing, connect_timeout, upstream_auth } = cluster;
  const upstream = { upstream_auth, upstream_tls: canonicalUpstreamTls(cluster.upstream_tls) };
  if (cluster.kind !== 'sharded') {
    const endpoints = (cluster.endpoints ?? []).map(canonicalServer).sort(compareServers);
    return freeze({ ...common, endpoints, load_balancing, connect_timeout, ...upstream });
  }
  const { kind, name } = cluster;
  const shards = cluster.shards
    .map((shard) => ({ ...shard, endpoint: canonicalServer(shard.endpoint) }))
    .sort((a, b) => compareText(a.name, b.name));
  const { load_balancing: keyed } = cluster;
  return freeze({ ...common, name, kind, shards, load_balancing: keyed, connect_timeout, ...upstream });
}

/** As {@link canonicalCluster}. */
export function canonicalListener(listener: z.output<typeof listenerSchema>): Listener {
  const { address } = listener;
  const { kind, name, groups, labels, tls, ...rest } = listener;
  const head = {
    name,
    ...(kind === undefined || kind === 'redis' ? {} : { kind }),
    groups: groups?.toSorted(),
    labels: sortKeys(labels),
    address: address && formatAddress(parseIpAndPort(address)),
  };
  const tail = sortKeys({ ...rest, tls: canonicalDownstreamTls(tls) });
  const sorted = { ...head, ...tail, address: head.address } as Record<string, unknown>;
  if ('routes' in rest && Array.isArray(rest.routes)) {
    sorted['routes'] = rest.routes
      .map(({ prefix, cluster, remove_prefix }) => ({ prefix, cluster, remove_prefix }))
      .sort((a, b) => compareText(a.prefix, b.prefix));
  }
  return freeze(sorted) as unknown as Listener;
}

/** As {@link canonicalCluster}. */
export function canonicalSecret({ name, kind, labels, fingerprint, sealed, subject, sans, not_after }: Secret): Secret {
  const facts = { subject, sans, not_after };
  return freeze({ name, kind, labels: sortKeys(labels), fingerprint, ...facts, sealed }) as Secret;
}

/** The text of a canonical object: the same for equal ones. */
export function contentOf(object: DeclaredObject): string {
  return JSON.stringify(object);
}

interface Server {
  readonly address: string;
  readonly port: number;
  readonly weight?: number | undefined;
  readonly zone?: string | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly upstream_auth?: UpstreamAuth | undefined;
}

function canonicalServer({ address, port, weight, zone, labels, upstream_auth }: Server) {
  return { address: parseIpAddress(address) ?? address, port, weight, zone, labels: sortKeys(labels), upstream_auth };
}

/** By address, then port, by code unit: the order of hosts alone changes Envoy's Maglev and ring placement. */
export function compareServers(a: Pick<Server, 'address' | 'port'>, b: Pick<Server, 'address' | 'port'>): number {
  return compareText(a.address, b.address) || a.port - b.port;
}

function compareText(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
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
