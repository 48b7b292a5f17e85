// Who takes the writes of a cluster, and what Envoys are told of each of its servers, as health tells it.

import type { Desk, Following } from '../../commit/desk.ts';
import type { FollowedMessage, ServerHealthMessage } from './messages.ts';

type Published = Pick<ServerHealthMessage, 'published' | 'left_out_by'>;

export function buildFollowed(following: Following): FollowedMessage {
  const { leader, isHeld, sinceMs, why, troubles } = following;
  return {
    ...(leader !== undefined && { primary: leader }),
    held: isHeld,
    by: layerOf(following),
    since: new Date(sinceMs).toISOString(),
    why,
    troubles: troubles.map(({ code, message }) => ({ code, message })),
  };
}

/** What is published of a server, by the name of its cluster and its address, and which layer left it out. */
export function publishedNow(desk: Pick<Desk, 'followings' | 'orders' | 'outages'>): (cluster: string, server: string) => Published {
  const [outages, followings] = [desk.outages(), desk.followings()];
  const ordered = new Set(desk.orders().map(keyOf));
  return (cluster, server) => {
    const following = followings.get(cluster);
    if (ordered.has(keyOf({ cluster, server }))) return { published: 'out', left_out_by: 'order' };
    if (following === undefined) {
      return outages.get(cluster)?.has(server) === true
        ? { published: 'out', left_out_by: 'health' }
        : { published: 'server' };
    }
    const { leader, isHeld, strays = [], topology } = following;
    if (strays.includes(server) || (isHeld && server === leader)) return { published: 'out', left_out_by: 'roles' };
    if (outages.get(cluster)?.has(server) === true) return { published: 'out', left_out_by: 'health' };
    if (topology.primary === server) return { published: 'primary' };
    // It may be the address of one that is there by name.
    return topology.servers.includes(server) ? { published: 'replica' } : {};
  };
}

function layerOf({ source, why }: Following): FollowedMessage['by'] {
  if (why === 'declared' || why === 'failover') return why;
  return source.startsWith('sentinel') ? 'sentinel' : 'roles';
}

function keyOf({ cluster, server }: { readonly cluster: string; readonly server: string }): string {
  return JSON.stringify([cluster, server]);
}
