// Mirrors that have a server of the cluster whose commands they are sent: each command is done twice there. Pure.

import { hostsOf } from '../inventory/cluster.ts';
import type { Clusters } from '../inventory/cluster.ts';
import type { MirrorPair } from '../inventory/mirrors.ts';
import { serverNameOf } from '../net/address.ts';

/** One line for each such pair, which names the first server. @param mirrors those that new connections have count. */
export function findMirroredServers(clusters: Clusters, mirrors: readonly MirrorPair[]): string[] {
  return mirrors.flatMap(({ cluster, mirror, untilMs }) => {
    const [own, others] = [cluster, mirror].map((name) => addressesOf(clusters, name));
    const shared = [...(own ?? [])].find((address) => others?.has(address) === true);
    if (shared === undefined || untilMs !== Infinity) return [];
    const pair = `cluster ${JSON.stringify(cluster)} and its mirror ${JSON.stringify(mirror)}`;
    return [`${pair} both have the server ${shared}: each command would be done twice there`];
  });
}

function addressesOf(clusters: Clusters, name: string): ReadonlySet<string> {
  const cluster = clusters.get(name);
  const hosts = cluster === undefined ? [] : hostsOf(cluster);
  return new Set(hosts.map(serverNameOf));
}
