// One form for each object, whoever wrote it in whatever way: equal objects are equal text.

import type { z } from 'zod';

import { formatAddress, parseIpAndPort, parseServerHost } from '../net/address.ts';
import { canonicalFailover } from './canonical-failover.ts';
import { canonicalTargets } from './canonical-targets.ts';
import { canonicalDownstreamTls, canonicalUpstreamTls } from './canonical-tls.ts';
import type { clusterSchema, shardSchema } from './cluster.ts';
import { compareText } from './compare-text.ts';
import type { listenerSchema } from './listener.ts';
import type { Cluster, DeclaredObject, HealthCheck, Listener, Secret, Shard, UpstreamAuth } from './objects.ts';
import { canonicalPrimary } from './primary.ts';

/** Of a checked cluster: addresses in one spelling, lists sorted, fields in order, nothing undefined; frozen. */
export function canonicalCluster(cluster: z.output<typeof clusterSchema>): Cluster {
  const common = {
    name: cluster.name,
    prefix: cluster.prefix,
    groups: cluster.groups?.toSorted(),
    labels: sortKeys(cluster.labels),
  };
  const { connect_timeout, upstream_auth, health_check, outlier_detection } = cluster;
  const resolve = 'resolve' in cluster && cluster.resolve !== 'envoy' ? cluster.resolve : undefined;
  const upstream = { upstream_auth, upstream_tls: canonicalUpstreamTls(cluster.upstream_tls) };
  const checks = { health_check: canonicalCheck(health_check), outlier_detection };
  const tail = { connect_timeout, ...upstream, ...checks, watch: canonicalWatch(cluster.watch) };
  if (cluster.kind === 'sharded') {
    const { kind, load_balancing, placement, panic_threshold } = cluster;
    const shards = cluster.shards.map(canonicalShard).sort((a, b) => compareText(a.name, b.name));
    const lists = { shards, resolve, load_balancing };
    return freeze({ ...common, kind, ...lists, ...tail, placement, panic_threshold });
  }
  const endpoints = canonicalServers(cluster.endpoints);
  if (cluster.kind === 'redis_cluster') {
    const { kind, refresh } = cluster;
    return freeze({ ...common, kind, endpoints, refresh: sortKeys(refresh), ...tail });
  }
  if (cluster.kind !== 'replicated') {
    const { load_balancing, panic_threshold } = cluster;
    const protocol = cluster.protocol === 'redis' ? undefined : cluster.protocol;
    return freeze({ ...common, protocol, endpoints, resolve, load_balancing, ...tail, panic_threshold });
  }
  const { kind, primary, failover, reads, load_balancing } = cluster;
  return freeze({
    ...common,
    kind,
    primary: primary && canonicalPrimary(primary),
    endpoints,
    resolve,
    failover: canonicalFailover(failover),
    reads: reads === 'primary' ? undefined : reads,
    load_balancing,
    ...tail,
  });
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
  const sorted = { ...head, ...tail, ...canonicalTargets(listener), address: head.address };
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

// Of Redis without saying so.
function canonicalCheck(check: HealthCheck | undefined): HealthCheck | undefined {
  return check?.protocol === 'redis' ? { ...check, protocol: undefined } : check;
}

// It is on without saying so.
function canonicalWatch(watch: Cluster['watch']): Cluster['watch'] {
  const saysNothing = watch === 'on' || (typeof watch === 'object' && Object.keys(watch).length === 0);
  return saysNothing ? undefined : watch;
}

interface Server {
  readonly address: string;
  readonly port: number;
  readonly weight?: number | undefined;
  readonly zone?: string | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly upstream_auth?: UpstreamAuth | undefined;
}

function canonicalShard({ endpoint, primary = '', endpoints, ...shard }: z.output<typeof shardSchema>): Shard {
  if (endpoint !== undefined) return { ...shard, endpoint: canonicalServer(endpoint) };
  return { ...shard, primary: canonicalPrimary(primary), endpoints: canonicalServers(endpoints) };
}

function canonicalServers(servers: readonly Server[] = []) {
  return servers.map(canonicalServer).sort(compareServers);
}

function canonicalServer({ address, port, weight, zone, labels, upstream_auth }: Server) {
  return { address: parseServerHost(address) ?? address, port, weight, zone, labels: sortKeys(labels), upstream_auth };
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
