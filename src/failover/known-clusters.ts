// What is known of each Redis Cluster that is watched, after what was seen last; and the same as text, to be known at the
// next start. Pure.

import { keysUnlike } from '../collections/keys-unlike.ts';
import type { NodeLooks } from '../effective/cluster-view.ts';
import { declaredTopology } from '../effective/topology.ts';
import type { Cluster, RedisCluster } from '../model/objects.ts';
import { watchOf } from '../model/watch-defaults.ts';
import { beginCluster, followCluster } from './seeds.ts';
import type { KnownCluster } from './seeds.ts';

/** By the name of the cluster. */
export type KnownClusters = ReadonlyMap<string, KnownCluster>;

/**
 * The same object while nothing else is seen; undefined where there is no Redis Cluster that is watched.
 * @param cluster as it is declared.
 * @param looks undefined: nobody was asked yet.
 */
export function knownClusterAfter(
  last: KnownCluster | undefined,
  cluster: Cluster | undefined,
  looks: NodeLooks | undefined,
  nowMs: number,
): KnownCluster | undefined {
  if (!isWatched(cluster)) return undefined;
  const isKnown = last !== undefined && isKnownCluster(last, cluster);
  const before = isKnown ? last : beginCluster(declaredTopology(cluster).servers);
  return looks === undefined || looks === before.looks ? before : followCluster(before, looks, nowMs);
}

/** Whether it is the cluster that is declared: with other seeds it may be another one. */
export function isKnownCluster({ declared }: KnownCluster, cluster: Cluster | undefined): boolean {
  return isWatched(cluster) && declaredTopology(cluster).servers.join() === declared.join();
}

function isWatched(cluster: Cluster | undefined): cluster is RedisCluster {
  return cluster?.kind === 'redis_cluster' && watchOf(cluster) !== undefined;
}

const notePrefix = 'redis_cluster ';

/** Those that were kept; one that can't be read is not known. @param notes see LogStore.keepNotes. */
export function knownClustersFrom(notes: ReadonlyMap<string, string>): KnownClusters {
  const kept = Array.from(notes).filter(([name]) => name.startsWith(notePrefix));
  return new Map(
    kept.flatMap(([name, text]) => {
      const known = parseKnownCluster(text);
      return known === undefined ? [] : [[name.slice(notePrefix.length), known] as const];
    }),
  );
}

/** What has to be kept of `after` when `before` was; undefined: nothing any more. */
export function compareKnownClusters(before: KnownClusters, after: KnownClusters): Map<string, string | undefined> {
  const textOf = (known: KnownCluster | undefined) => known && textOfKnownCluster(known);
  const names = keysUnlike(before, after).filter((name) => textOf(before.get(name)) !== textOf(after.get(name)));
  return new Map(names.map((name) => [notePrefix + name, textOf(after.get(name))]));
}

type Kept = Pick<KnownCluster, 'declared' | 'seeds' | 'replaced'> & { readonly nodes: [string, string | undefined][] };

function textOfKnownCluster({ declared, seeds, replaced, nodes }: KnownCluster): string {
  const kept: Kept = { declared, seeds, replaced, nodes: [...nodes] };
  return JSON.stringify(kept);
}

function parseKnownCluster(text: string): KnownCluster | undefined {
  try {
    const { declared, seeds, replaced, nodes } = JSON.parse(text) as Kept;
    const areTexts = (list: unknown): boolean => Array.isArray(list) && list.every((each) => typeof each === 'string');
    if (!areTexts(declared) || (seeds !== undefined && (!areTexts(seeds) || replaced === undefined))) return undefined;
    return { ...beginCluster(declared), seeds, replaced, nodes: new Map(nodes) };
  } catch {
    return undefined;
  }
}
