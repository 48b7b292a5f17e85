// What the servers of a group say of their primary when it does not answer us: its replicas are the witnesses. Pure.

import type { SeenServer } from '../effective/seen.ts';
import type { Identity } from './identity.ts';

type Servers = ReadonlyMap<string, SeenServer>;

// After a power cut nobody ends the connection, and a replica says `up` until repl-timeout (60 s). A primary that lives
// pings its replicas each repl-ping-replica-period (10 s): two of them, and a margin.
export const longestSilenceMs = 2 * 10_000 + 5_000;

export function isAnswering(seen: SeenServer | undefined): boolean {
  return seen?.state === 'up' || seen?.state === 'recovering';
}

export function saysPrimary(seen: SeenServer | undefined): boolean {
  return isAnswering(seen) && seen?.role === 'primary';
}

/** Looked at in vain as often as it takes; one that answers, and does not serve, lives. */
export function isLost({ state, reason, isUnheard }: SeenServer): boolean {
  return (state === 'down' && reason?.startsWith('busy') !== true) || isUnheard === true;
}

/** Nobody listens there, by the last look. */
export function isRefused({ reason }: SeenServer): boolean {
  return reason?.startsWith('refused') === true;
}

/** Its replicas have lost it too: one at least says so, and none that it is connected. */
export function areAllLost(others: readonly string[], servers: Servers, leader: string): boolean {
  const links = others
    .flatMap((server) => servers.get(server) ?? [])
    .filter((seen) => isAnswering(seen) && !followsAnother(seen, servers, leader))
    .map(({ link }) => link);
  return links.includes('down') && !links.includes('up');
}

/** Whether somebody is connected to it: then it lives, and it is we who do not reach it. */
export function isAnyLinked(
  others: readonly string[],
  servers: Servers,
  { leader, history }: Identity & { readonly leader: string | undefined },
): boolean {
  return others.some((server) => {
    const seen = servers.get(server);
    if (seen === undefined || !isAnswering(seen) || seen.link !== 'up' || followsAnother(seen, servers, leader)) return false;
    if ((seen.silentMs ?? 0) > longestSilenceMs) return false;
    // Through NAT it has another address.
    return seen.follows === leader || (history !== undefined && seen.history?.id === history.id);
  });
}

// A replica of a replica is connected to that one.
function followsAnother({ follows }: SeenServer, servers: Servers, leader: string | undefined): boolean {
  return follows !== undefined && follows !== leader && servers.has(follows);
}
