// The servers of a cluster as a table.

import type { Endpoint, Shard } from '../model/objects.ts';
import { serverNameOf } from '../net/address.ts';
import { isPrimary } from '../model/primary.ts';
import { serversOfShard } from '../model/shard.ts';
import { showPlain } from './plain-value.ts';
import { toPrintable } from './printable.ts';
import { renderTable } from './table.ts';

interface Servers {
  /** Of a replicated cluster. */
  readonly primary?: string | undefined;
  readonly endpoints?: readonly Endpoint[];
  readonly shards?: readonly Shard[];
}

export function renderServers({ primary, endpoints = [], shards }: Servers): string[] {
  if (shards !== undefined) return renderShards(shards);
  if (primary === undefined) return show(['ADDRESS', 'WEIGHT', 'ZONE', 'LABELS'], endpoints.map(cellsOf));
  return show(['ADDRESS', 'ROLE', 'WEIGHT', 'ZONE', 'LABELS'], endpoints.map((each) => cellsInGroup(each, primary)));
}

function renderShards(shards: readonly Shard[]): string[] {
  const hasReplicas = shards.some(({ endpoints }) => endpoints !== undefined);
  const rows = shards.flatMap((shard) => {
    return serversOfShard(shard).map((each) => {
      const server = { ...each, weight: shard.weight };
      return [shard.name, ...(hasReplicas ? cellsInGroup(server, shard.primary ?? serverNameOf(each)) : cellsOf(server))];
    });
  });
  return show(['SHARD', 'ADDRESS', ...(hasReplicas ? ['ROLE'] : []), 'WEIGHT', 'ZONE', 'LABELS'], rows);
}

function cellsInGroup(endpoint: Endpoint, primary: string): string[] {
  const [address = '', ...rest] = cellsOf(endpoint);
  return [address, isPrimary({ primary }, endpoint) ? 'primary' : 'replica', ...rest];
}

function cellsOf({ address, port, weight, zone, labels }: Endpoint): string[] {
  return [serverNameOf({ address, port }), showPlain(weight), showPlain(zone), showPlain(labels)];
}

function show(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  return renderTable([header, ...rows.map((row) => row.map(toPrintable))]);
}
