// What the control plane knows of the host names that it looks up, as commits see it.

import type { SortedByName } from '../collections/sorted-by-name.ts';
import { findMisplacedKeys, hostNamesOf } from '../effective/addresses.ts';
import type { Addresses } from '../effective/addresses.ts';
import { findNamed } from '../effective/effective.ts';
import type { HostNames, HostNameStatus } from '../effective/host-names.ts';
import type { Clusters } from '../inventory/cluster.ts';
import type { Edits } from '../inventory/edits.ts';
import type { Cluster } from '../model/objects.ts';
import type { Finding } from './desk.ts';
import type { Warning } from './warnings.ts';

const maxShown = 5;
const keysElsewhere = 'keys of a shard would be written to another one';

/** Names that the edits bring and that lead nowhere, for which a cluster would be short of servers. */
export function findUnknownNames({ clusters }: Edits, before: Clusters, { addresses, statuses }: HostNames): Finding[] {
  return clusters.flatMap(({ name, after }) => {
    if (after === undefined) return [];
    const old = before.get(name);
    const known = new Set(old === undefined ? [] : hostNamesOf(old));
    const unknown = hostNamesOf(after).filter((host) => !known.has(host) && !addresses.has(host));
    if (unknown.length === 0) return [];
    const shown = unknown.slice(0, maxShown).map((host) => `${host} (${reasonOf(host, statuses)})`);
    if (unknown.length > shown.length) shown.push(`and ${unknown.length - shown.length} more`);
    const message = `cluster ${JSON.stringify(name)}: ${shown.join(', ')}: a name without an address is no server`;
    return [{ code: 'name-not-found', message }];
  });
}

/** Why what the edits declare would have keys of a shard sent to another one. */
export function findMisplaced({ clusters }: Edits, addresses: Addresses): string[] {
  return clusters.flatMap(({ after }) => {
    const why = after && findMisplacedKeys(after, addresses);
    return why === undefined ? [] : [`cluster ${JSON.stringify(after?.name)}: ${why}: ${keysElsewhere}`];
  });
}

/** The same of what is committed, which stays published as it was. */
export function findMisplacedNow(clusters: SortedByName<Cluster>, addresses: Addresses): Warning[] {
  return findNamed(clusters).flatMap((cluster) => {
    const why = findMisplacedKeys(cluster, addresses);
    const message = `cluster ${JSON.stringify(cluster.name)}: ${why}: it stays as it was, else ${keysElsewhere}`;
    return why === undefined ? [] : [{ code: 'keys-misplaced', message }];
  });
}

/** Of names that are published: what stands in their place. */
export function findLostNames(statuses: readonly HostNameStatus[]): Warning[] {
  return statuses.flatMap(({ name, addresses, failure }) => {
    if (failure === undefined) return [];
    const since = `host name ${name}: ${failure.reason} since ${new Date(failure.sinceMs).toISOString()}`;
    const stand = addresses.length === 0 ? 'it is no server until it is found' : `${addresses.join(', ')} stays published`;
    return [{ code: 'name-not-found', message: `${since}: ${stand}` }];
  });
}

function reasonOf(host: string, statuses: readonly HostNameStatus[]): string {
  return statuses.find(({ name }) => name === host)?.failure?.reason ?? 'no answer';
}
