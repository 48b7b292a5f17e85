// Servers that have a name in place of an address: who looks it up, and what can't be declared where Envoy does, to which a
// name that is gone is a server that is gone (docs/adr/0029).

import { z } from 'zod';

import { isServerName } from '../net/address.ts';

export const resolve = z.enum(['envoy', 'controlplane']).meta({
  description: 'Who looks up the names of its servers: each Envoy, or the control plane, which publishes addresses.',
});

interface Server {
  readonly address: string;
}

interface Shard {
  readonly endpoint?: Server | undefined;
  readonly endpoints?: readonly Server[] | undefined;
}

interface Named {
  readonly kind?: string | undefined;
  readonly resolve?: string | undefined;
  readonly placement?: string | undefined;
  readonly panic_threshold?: number | undefined;
  readonly endpoints?: readonly Server[] | undefined;
  readonly shards?: readonly Shard[];
}

interface NameFault {
  readonly path: (string | number)[];
  readonly input: unknown;
  readonly message: string;
}

const movesKeys =
  'must be an IP address unless resolve is controlplane or placement is remap: ' +
  'while the name is gone, the keys of its shard go to other shards';
const neverPanics =
  'must be left out where an address is a host name, unless resolve is controlplane: ' +
  'there the healthy servers get all commands';

export function findNameFaults(cluster: Named): NameFault[] {
  if (cluster.resolve === 'controlplane') return [];
  const { kind, placement = 'fixed', panic_threshold: threshold, endpoints = [], shards = [] } = cluster;
  const inShards = shards.flatMap((shard, index) => [
    ...namesIn(['shards', index, 'endpoint'], shard.endpoint === undefined ? [] : [shard.endpoint], false),
    ...namesIn(['shards', index, 'endpoints'], shard.endpoints ?? [], true),
  ]);
  const named = kind === 'sharded' ? inShards : namesIn(['endpoints'], endpoints, true);
  if (named.length === 0) return [];
  if (kind === 'sharded' && placement === 'fixed') return named.map((each) => ({ ...each, message: movesKeys }));
  if (threshold === undefined || threshold === 1) return [];
  return [{ path: ['panic_threshold'], input: threshold, message: neverPanics }];
}

function namesIn(path: readonly (string | number)[], servers: readonly Server[], isList: boolean) {
  return servers.flatMap(({ address }, index) => {
    return isServerName(address) ? [{ path: [...path, ...(isList ? [index] : []), 'address'], input: address }] : [];
  });
}
