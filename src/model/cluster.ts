// A cluster as an operator declares it: what is left out has its default (defaults.ts).

import { z } from 'zod';

import { parseServerHost } from '../net/address.ts';
import { findOwnAuthFaults, upstreamAuthSchema } from './auth.ts';
import { failoverSchema, findFailoverFaults } from './failover.ts';
import { checks, findPlacementFaults, panicThreshold, placement } from './health.ts';
import { findNameFaults, resolve } from './host-names.ts';
import { maxEndpoints } from './limits.ts';
import { findPrimaryFault, isServerAddress } from './primary.ts';
import { readModes, reads } from './reads.ts';
import { refreshSchema } from './refresh.ts';
import { upstreamTlsSchema } from './tls.ts';
import { findWatchFaults, protocol, watchSchema } from './watch.ts';
import {
  duration,
  groups,
  isDistinct,
  labels,
  maxNameBytes,
  maxPrefixBytes,
  name,
  port,
  printable,
  serverHost,
  weight,
} from './values.ts';

// Envoy's own bounds (envoy.extensions.load_balancing_policies.maglev.v3, ring_hash.v3).
const maxMaglevTable = 5_000_011;
const maxRing = 8_388_608;

const eachAddressOnce = 'must have each address and port once';

// What the names of the clusters that reads go to are longer.
const maxReadSuffixBytes = Math.max(...readModes.map((mode) => `/${mode}`.length));

const zone = name.meta({ example: 'eu-1a' });

const primary = z
  .string()
  .refine(isServerAddress, 'must be the address and port of a server, such as 10.0.0.1:6379')
  .meta({ description: 'ADDRESS:PORT of the endpoint that takes the writes.', example: '10.0.0.1:6379' });

const endpointFields = {
  address: serverHost,
  port,
  zone: zone.optional(),
  labels: labels.optional(),
  upstream_auth: upstreamAuthSchema.optional().describe("In place of the cluster's; Envoy 1.37 and newer."),
};

export const endpointSchema = z
  .strictObject({ ...endpointFields, weight: weight.optional() })
  .meta({ id: 'Endpoint', description: 'One server.' });

const shardEndpoint = z.strictObject(endpointFields);

export const shardSchema = z
  .strictObject({
    name: name.meta({
      description: 'Decides which keys are its own: it stays when the server moves.',
      example: 'shard-0',
    }),
    weight: weight.optional(),
    endpoint: shardEndpoint.optional().meta({ description: 'Its only server.' }),
    primary: primary.optional(),
    endpoints: z
      .array(shardEndpoint)
      .min(1)
      .max(maxEndpoints)
      .optional()
      .meta({ description: 'In place of `endpoint`, with `primary`: a primary and its replicas.' }),
  })
  .superRefine((shard, { addIssue }) => {
    if (shard.endpoint === undefined && shard.endpoints === undefined) {
      addIssue({ code: 'custom', path: ['endpoint'], message: 'is required, or primary and endpoints in its place' });
    }
    if (shard.endpoint === undefined) checkPrimary(shard, addIssue);
    else for (const path of ['primary', 'endpoints'] as const) {
      const message = 'must be left out beside endpoint';
      if (shard[path] !== undefined) addIssue({ code: 'custom', path: [path], message });
    }
  })
  .meta({ id: 'Shard', description: 'A share of the keys, and who has them: one server, or a primary and replicas.' });

export const seedSchema = z
  .strictObject({ address: serverHost, port, labels: labels.optional() })
  .meta({ id: 'Seed', description: 'A server of which a Redis Cluster is asked for its topology.' });

const maglev = z.strictObject({
  policy: z.literal('maglev'),
  table_size: z.int().min(2).max(maxMaglevTable).refine(isPrime, 'must be a prime number').optional(),
});
const ringHash = z
  .strictObject({
    policy: z.literal('ring_hash'),
    min_ring_size: z.int().min(1).max(maxRing).optional(),
    max_ring_size: z.int().min(1).max(maxRing).optional(),
  })
  .refine(
    ({ min_ring_size: min = 1_024, max_ring_size: max = maxRing }) => min <= max,
    { message: 'must not be below min_ring_size (1024 unless told)', path: ['max_ring_size'] },
  );
const scattering = [
  z.strictObject({ policy: z.literal('round_robin') }),
  z.strictObject({ policy: z.literal('least_request'), choice_count: z.int().min(2).max(100).optional() }),
  z.strictObject({ policy: z.literal('random') }),
] as const;

export const loadBalancingSchema = z
  .discriminatedUnion('policy', [...scattering, maglev, ringHash])
  .meta({ id: 'LoadBalancing', description: 'How a server is chosen. maglev and ring_hash: by the key.' });

const scatteringLoadBalancing = z
  .discriminatedUnion('policy', scattering)
  .meta({ description: 'How a server is chosen among those that answer reads; least_request unless told.' });

const keyedLoadBalancing = z
  .discriminatedUnion('policy', [maglev, ringHash])
  .meta({ description: 'By key: the other policies would scatter the keys over all shards.' });

const common = {
  name,
  prefix: printable(maxPrefixBytes)
    .meta({
      description: 'Keys, and HTTP paths, that begin with it go here; unique. Left out: no route of its own.',
      example: 'sess:',
    })
    .optional(),
  groups: groups.optional(),
  labels: labels.optional(),
  connect_timeout: duration(600_000, '10m').optional(),
  upstream_auth: upstreamAuthSchema.optional(),
  upstream_tls: upstreamTlsSchema.optional(),
  ...checks,
  watch: watchSchema.optional(),
};

export const plainClusterSchema = z
  .strictObject({
    ...common,
    kind: z.literal('plain').optional(),
    protocol: protocol.optional(),
    endpoints: z
      .array(endpointSchema)
      .max(maxEndpoints)
      .refine((endpoints) => isDistinct(endpoints.map(addressOf)), eachAddressOnce)
      .optional(),
    resolve: resolve.optional(),
    load_balancing: loadBalancingSchema.optional(),
    panic_threshold: panicThreshold.optional(),
  })
  .meta({ id: 'PlainCluster', description: 'Servers that are equals: any takes any command.' });

export const shardedClusterSchema = z
  .strictObject({
    ...common,
    kind: z.literal('sharded'),
    shards: z
      .array(shardSchema)
      .max(maxEndpoints)
      .refine((shards) => isDistinct(shards.map((shard) => shard.name)), 'must have each name once')
      .refine((shards) => isDistinct(shards.flatMap(serversOf).map(addressOf)), eachAddressOnce),
    resolve: resolve.optional(),
    load_balancing: keyedLoadBalancing.optional(),
    placement: placement.optional(),
    panic_threshold: panicThreshold.optional(),
  })
  .meta({ id: 'ShardedCluster', description: 'Shards with keys of their own.' });

export const replicatedClusterSchema = z
  .strictObject({
    ...common,
    name: printable(maxNameBytes - maxReadSuffixBytes).meta({ example: 'sessions' }),
    kind: z.literal('replicated'),
    primary: primary.optional(),
    endpoints: z
      .array(endpointSchema)
      .max(maxEndpoints)
      .refine((endpoints) => isDistinct(endpoints.map(addressOf)), eachAddressOnce)
      .optional()
      .meta({ description: 'The primary and its replicas.' }),
    resolve: resolve.optional(),
    failover: failoverSchema.optional(),
    reads: reads.optional(),
    load_balancing: scatteringLoadBalancing.optional(),
  })
  .superRefine((cluster, { addIssue }) => checkPrimary(cluster, addIssue))
  .meta({ id: 'ReplicatedCluster', description: 'A primary, which takes the writes, and its replicas.' });

export const redisClusterSchema = z
  .strictObject({
    ...common,
    kind: z.literal('redis_cluster'),
    endpoints: z
      .array(seedSchema)
      .max(maxEndpoints)
      .refine((endpoints) => isDistinct(endpoints.map(addressOf)), eachAddressOnce)
      .optional()
      .meta({ description: 'Seeds: some of its servers, of which any that answers says who the others are.' }),
    refresh: refreshSchema.optional(),
  })
  .meta({ id: 'RedisCluster', description: 'A Redis Cluster, which spreads its keys itself.' });

export const clusterSchema = z
  .discriminatedUnion('kind', [plainClusterSchema, shardedClusterSchema, replicatedClusterSchema, redisClusterSchema])
  .superRefine((cluster, context) => {
    const ofPlacement = cluster.kind === 'sharded' ? findPlacementFaults(cluster) : [];
    const ofFailover = cluster.kind === 'replicated' ? findFailoverFaults(cluster) : [];
    const ofOthers = [...findNameFaults(cluster), ...findOwnAuthFaults(cluster), ...findWatchFaults(cluster)];
    const faults = [...ofPlacement, ...ofFailover, ...ofOthers];
    for (const fault of faults) context.addIssue({ code: 'custom', ...fault });
  })
  .meta({ id: 'Cluster' });

type AddIssue = (issue: { code: 'custom'; path: string[]; message: string }) => void;

function checkPrimary(group: Parameters<typeof findPrimaryFault>[0], addIssue: AddIssue): void {
  const message = findPrimaryFault(group);
  if (message !== undefined) addIssue({ code: 'custom', path: ['primary'], message });
}

function serversOf({ endpoint, endpoints }: z.output<typeof shardSchema>): z.output<typeof shardEndpoint>[] {
  return endpoint === undefined ? (endpoints ?? []) : [endpoint];
}

function addressOf({ address, port: number }: { address: string; port: number }): string {
  return `${parseServerHost(address) ?? address} ${number}`;
}

function isPrime(value: number): boolean {
  if (value < 2 || (value % 2 === 0 && value !== 2)) return false;
  for (let divisor = 3; divisor * divisor <= value; divisor += 2) if (value % divisor === 0) return false;
  return true;
}
