// A cluster as an operator declares it: what is left out has its default (defaults.ts).

import { z } from 'zod';

import { parseIpAddress } from '../net/ip-address.ts';
import { maxEndpoints } from './limits.ts';
import {
  duration,
  groups,
  ipAddress,
  isDistinct,
  labels,
  maxPrefixBytes,
  name,
  port,
  printable,
  weight,
} from './values.ts';

// Envoy's own bounds (envoy.extensions.load_balancing_policies.maglev.v3, ring_hash.v3).
const maxMaglevTable = 5_000_011;
const maxRing = 8_388_608;

const eachAddressOnce = 'must have each address and port once';

const zone = name.meta({ example: 'eu-1a' });

const endpointFields = { address: ipAddress, port, zone: zone.optional(), labels: labels.optional() };

export const endpointSchema = z
  .strictObject({ ...endpointFields, weight: weight.optional() })
  .meta({ id: 'Endpoint', description: 'One server.' });

export const shardSchema = z
  .strictObject({
    name: name.meta({
      description: 'Decides which keys are its own: it stays when the server moves.',
      example: 'shard-0',
    }),
    weight: weight.optional(),
    endpoint: z.strictObject(endpointFields),
  })
  .meta({ id: 'Shard', description: 'A share of the keys, and the server that has them.' });

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
};

export const plainClusterSchema = z
  .strictObject({
    ...common,
    kind: z.literal('plain').optional(),
    endpoints: z
      .array(endpointSchema)
      .max(maxEndpoints)
      .refine((endpoints) => isDistinct(endpoints.map(addressOf)), eachAddressOnce)
      .optional(),
    load_balancing: loadBalancingSchema.optional(),
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
      .refine((shards) => isDistinct(shards.map((shard) => addressOf(shard.endpoint))), eachAddressOnce),
    load_balancing: keyedLoadBalancing.optional(),
  })
  .meta({ id: 'ShardedCluster', description: 'Shards with keys of their own.' });

export const clusterSchema = z
  .discriminatedUnion('kind', [plainClusterSchema, shardedClusterSchema])
  .meta({ id: 'Cluster' });

function addressOf({ address, port: number }: { address: string; port: number }): string {
  return `${parseIpAddress(address) ?? address} ${number}`;
}

function isPrime(value: number): boolean {
  if (value < 2 || (value % 2 === 0 && value !== 2)) return false;
  for (let divisor = 3; divisor * divisor <= value; divisor += 2) if (value % divisor === 0) return false;
  return true;
}
