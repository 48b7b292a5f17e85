// The servers of a cluster as a table.

import type { Endpoint, Shard } from '../model/objects.ts';
import { formatAddress } from '../net/address.ts';
import { showPlain } from './plain-value.ts';
import { toPrintable } from './printable.ts';
import { renderTable } from './table.ts';

interface Servers {
  readonly endpoints?: readonly Endpoint[];
  readonly shards?: readonly Shard[];
}

export function renderServers({ endpoints, shards }: Servers): string[] {
  if (shards !== undefined) {
    const rows = shards.map(({ name, weight, endpoint }) => [name, ...cellsOf({ ...endpoint, weight })]);
    return show(['SHARD', 'ADDRESS', 'WEIGHT', 'ZONE', 'LABELS'], rows);
  }
  return show(['ADDRESS', 'WEIGHT', 'ZONE', 'LABELS'], (endpoints ?? []).map(cellsOf));
}

function cellsOf({ address, port, weight, zone, labels }: Endpoint): string[] {
  return [formatAddress({ host: address, port }), showPlain(weight), showPlain(zone), showPlain(labels)];
}

function show(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  return renderTable([header, ...rows.map((row) => row.map(toPrintable))]);
}
