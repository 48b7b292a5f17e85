// The Redis Clusters among those that are watched: what the nodes of each say of it.

import type { SeenNodes } from '../effective/cluster-view.ts';
import type { Cluster } from '../inventory/cluster.ts';
import type { RedisCluster } from '../model/objects.ts';
import { parseServerAddress } from '../net/address.ts';
import { ClusterWatcher } from './cluster-watcher.ts';
import type { FindSecret } from './find-secret.ts';
import { KeptTls } from './kept-tls.ts';
import { targetIn, watchPlanOf, watchedServerAt, watchedServersOf } from './watched-servers.ts';
import type { WatchPlan } from './watched-servers.ts';

export interface RedisClusterSetParts {
  /** Asked before each connection, with the secrets as they are then. */
  readonly findSecret: FindSecret;
  /** Told each time that {@link RedisClusterSet.seen} is another; not while it is asked to follow. */
  readonly onChange: () => void;
  /** Wall-clock time (Unix, ms). */
  readonly nowMs?: (() => number) | undefined;
}

interface Followed {
  cluster: RedisCluster;
  /** Who asks, and how, as text. */
  how: string;
  readonly watcher: ClusterWatcher;
}

export class RedisClusterSet {
  readonly #parts: RedisClusterSetParts;
  readonly #followed = new Map<string, Followed>();
  #seen: SeenNodes | undefined;

  constructor(parts: RedisClusterSetParts) {
    this.#parts = parts;
  }

  /** Another map after each change, and of a cluster another one after each there. */
  get seen(): SeenNodes {
    return (this.#seen ??= new Map(Array.from(this.#followed, ([name, { watcher }]) => [name, watcher.looks] as const)));
  }

  /** Those of these clusters from now on, and no others. @param clusters as they are published. */
  follow(clusters: Iterable<Cluster>): void {
    const names = new Set<string>();
    for (const cluster of clusters) {
      const plan = cluster.kind === 'redis_cluster' ? watchPlanOf(cluster) : undefined;
      if (cluster.kind !== 'redis_cluster' || plan === undefined) continue;
      names.add(cluster.name);
      const followed = this.#followed.get(cluster.name);
      if (followed?.cluster !== cluster) this.#take(followed, cluster, plan);
    }
    for (const [name, { watcher }] of this.#followed) {
      if (names.has(name)) continue;
      watcher.close();
      this.#followed.delete(name);
      this.#seen = undefined;
    }
  }

  /** Something may have happened there. */
  lookNow(cluster: string): void {
    this.#followed.get(cluster)?.watcher.lookNow();
  }

  /** Stops; safe to repeat. */
  close(): void {
    for (const { watcher } of this.#followed.values()) watcher.close();
  }

  #take(before: Followed | undefined, cluster: RedisCluster, plan: WatchPlan): void {
    const how = JSON.stringify([cluster.upstream_tls, cluster.upstream_auth, cluster.watch]);
    const followed = before ?? this.#begin(cluster, how, plan);
    const isOther = followed.how !== how;
    Object.assign(followed, { cluster, how });
    if (isOther) followed.watcher.reconnect();
    followed.watcher.plan = plan;
    followed.watcher.follow(watchedServersOf(cluster).map(({ address }) => address));
    this.#followed.set(cluster.name, followed);
    this.#seen = undefined;
  }

  #begin(cluster: RedisCluster, how: string, plan: WatchPlan): Followed {
    const { findSecret, onChange, nowMs } = this.#parts;
    const tls = new KeptTls();
    const watcher = new ClusterWatcher({
      findTarget: (address) => {
        const server = watchedServerAt(followed.cluster, parseServerAddress(address));
        return targetIn(followed.cluster, server, tls, findSecret);
      },
      plan,
      onChange: () => {
        this.#seen = undefined;
        onChange();
      },
      nowMs,
    });
    const followed: Followed = { cluster, how, watcher };
    return followed;
  }
}
