// Who takes the writes of a cluster, and what Envoys are told of each of its servers, as health tells it.

import type { Desk, Following } from '../../commit/desk.ts';
import type { FollowedMessage, ServerHealthMessage } from './messages.ts';

type Published = Pick<ServerHealthMessage, 'published' | 'left_out_by'>;

export type PublishedNow = (cluster: string, server: string) => Published;

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
export function publishedNow(desk: Pick<Desk, 'declarations' | 'followings' | 'orders' | 'outages'>): PublishedNow {
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
    const { topology } = following;
    if (topology.primary === server) return { published: 'primary' };
    if (outages.get(cluster)?.has(server) === true) return { published: 'out', left_out_by: 'health' };
    if (topology.servers.includes(server)) return { published: 'replica' };
    // It may be the address of one that is there by name.
    if (hasNames(desk, cluster)) return {};
    const layer = layerOf(following);
    return { published: 'out', left_out_by: layer === 'declared' ? 'roles' : layer };
  };
}

function layerOf({ source, why }: Following): FollowedMessage['by'] {
  if (why === 'declared' || why === 'failover') return why;
  return source.startsWith('sentinel') ? 'sentinel' : 'roles';
}

function hasNames({ declarations }: Pick<Desk, 'declarations'>, name: string): boolean {
  const cluster = declarations.get('committed', 'cluster', name);
  return cluster !== undefined && 'resolve' in cluster && cluster.resolve === 'controlplane';
}

function keyOf({ cluster, server }: { readonly cluster: string; readonly server: string }): string {
  return JSON.stringify([cluster, server]);
}
