// Servers that have names which the control plane looks up: they are seen by address, and Sentinels call them by name
// (docs/adr/0029). Pure.

import type { Addresses } from '../effective/addresses.ts';
import type { SeenServer } from '../effective/seen.ts';
import type { ReplicatedCluster } from '../model/objects.ts';
import { formatAddress, isServerName, parseServerAddress } from '../net/address.ts';
import type { SeenByAddress } from './sentinel-count.ts';

type Servers = ReadonlyMap<string, SeenServer>;

/** What is seen of servers, by the names that Sentinels have for them; by its address what has none. */
export function seenByName(
  { resolve }: ReplicatedCluster,
  seen: Servers,
  sentinels: SeenByAddress,
  addresses: Addresses,
): Servers {
  if (resolve !== 'controlplane') return seen;
  const nameByAddress = new Map<string, string>();
  for (const { opinion } of sentinels.values()) {
    if (opinion === undefined) continue;
    for (const name of [opinion.primary, ...opinion.replicas.map(({ address }) => address)]) {
      const { host, port } = parseServerAddress(name);
      // As it is published: one of several that a primary has is in use, the first.
      const [address] = isServerName(host) ? (addresses.get(host) ?? []) : [];
      if (address !== undefined) nameByAddress.set(formatAddress({ host: address, port }), name);
    }
  }
  return new Map(Array.from(seen, ([address, server]) => [nameByAddress.get(address) ?? address, server] as const));
}
