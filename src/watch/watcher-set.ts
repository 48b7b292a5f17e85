// Watches the servers of all clusters that are to be watched: a watcher for each server of each cluster.

import type { SeenNodes } from '../effective/cluster-view.ts';
import type { Seen, SeenSentinels, SeenServer, ServerState, Watchers } from '../effective/seen.ts';
import type { OnEvent } from '../events/event.ts';
import type { Cluster } from '../inventory/cluster.ts';
import type { FindSecret } from './find-secret.ts';
import { KeptTls } from './kept-tls.ts';
import { RedisClusterSet } from './redis-cluster-set.ts';
import { SentinelSet } from './sentinel-set.ts';
import type { SentinelSetParts } from './sentinel-set.ts';
import { ServerWatcher } from './server-watcher.ts';
import { transitionEvent } from './transition.ts';
import { targetIn, watchPlanOf, watchedServersOf } from './watched-servers.ts';
import type { Unreachable, WatchPlan, WatchedServer } from './watched-servers.ts';

export interface WatcherSetParts {
  /** Asked before each connection, with the secrets as they are then. */
  readonly findSecret: FindSecret;
  /** Told each time that {@link WatcherSet.seen} is another; not while it is asked to follow. */
  readonly onChange: () => void;
  /** Told of each server that comes into another state. */
  readonly onEvent?: OnEvent;
  /** Wall-clock time (Unix, ms). */
  readonly nowMs?: () => number;
  /** So many servers are connected to at most; of the others it is told that they are not. Default 5,000. */
  readonly maxServers?: number;
}

// Each takes a connection, and its share of one core, that Envoys are served with too.
const defaultMaxServers = 5_000;

interface Followed {
  cluster: Cluster;
  /** By ADDRESS:PORT. */
  servers: ReadonlyMap<string, FollowedServer>;
  readonly tls: KeptTls;
  /** What is seen of them; undefined: it has changed. */
  seen: ReadonlyMap<string, SeenServer> | undefined;
}

interface FollowedServer {
  readonly watcher: ServerWatcher;
  server: WatchedServer;
  /** Who asks it, and how, as text. */
  terms: string;
  /** As it was told last, and when the others of its group were looked at for it. */
  state: ServerState;
}

export class WatcherSet implements Watchers {
  readonly #parts: WatcherSetParts;
  readonly #followed = new Map<string, Followed>();
  readonly #admitted = new Set<ServerWatcher>();
  readonly #sentinels: SentinelSet;
  readonly #redisClusters: RedisClusterSet;
  #seen: Seen | undefined;
  /** Resolved when something is seen otherwise. */
  #change = Promise.withResolvers<void>();

  constructor(parts: WatcherSetParts) {
    this.#parts = parts;
    const { findSecret, onEvent, nowMs } = parts;
    const onChange = (): void => this.#tellChange();
    const onHint: SentinelSetParts['onHint'] = (cluster, servers) => this.#lookNow(cluster, servers);
    this.#sentinels = new SentinelSet({ findSecret, onChange, onHint, onEvent, nowMs });
    this.#redisClusters = new RedisClusterSet({ findSecret, onChange, nowMs });
  }

  get seen(): Seen {
    return (this.#seen ??= new Map(
      Array.from(this.#followed, ([name, followed]) => [name, (followed.seen ??= seenOf(followed.servers))] as const),
    ));
  }

  get sentinels(): SeenSentinels {
    return this.#sentinels.seen;
  }

  get nodes(): SeenNodes {
    return this.#redisClusters.seen;
  }

  seenNow(): Seen {
    return new Map(Array.from(this.#followed, ([name, { servers }]) => [name, seenOf(servers)] as const));
  }

  follow(clusters: Iterable<Cluster>): void {
    const all = [...clusters];
    this.#sentinels.follow(all);
    this.#redisClusters.follow(all);
    const names = new Set<string>();
    for (const cluster of all) {
      const followed = this.#followed.get(cluster.name);
      const plan = followed?.cluster === cluster ? 'known' : watchPlanOf(cluster);
      if (plan === undefined) continue;
      names.add(cluster.name);
      if (plan === 'known') continue;
      const primary = primaryTextOf(followed?.cluster);
      this.#take(followed, cluster, plan);
      // What is known of it is what it was before somebody said so.
      if (followed !== undefined && primary !== primaryTextOf(cluster)) this.#lookNow(cluster.name, 'all');
    }
    for (const [name, { servers }] of this.#followed) {
      if (names.has(name)) continue;
      this.#end(servers.values());
      this.#followed.delete(name);
      this.#seen = undefined;
    }
  }

  async learn(clusters: readonly Cluster[], limitMs: number): Promise<void> {
    const all = new Map(Array.from(this.#followed.values(), ({ cluster }) => [cluster.name, cluster]));
    for (const cluster of clusters) all.set(cluster.name, cluster);
    this.follow(all.values());
    for (const { name } of clusters) this.#lookNow(name, 'all');
    const { promise: isOver, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, limitMs);
    await Promise.race([this.#change.promise, isOver]);
    clearTimeout(timer);
  }

  /** Stops; safe to repeat. */
  close(): void {
    this.#sentinels.close();
    this.#redisClusters.close();
    for (const { servers } of this.#followed.values()) this.#end(servers.values());
  }

  #tellChange(): void {
    this.#change.resolve();
    this.#change = Promise.withResolvers();
    this.#parts.onChange();
  }

  #lookNow(cluster: string, servers: ReadonlySet<string> | 'all'): void {
    for (const [address, { watcher }] of this.#followed.get(cluster)?.servers ?? []) {
      if (servers === 'all' || servers.has(address)) watcher.lookNow();
    }
  }

  #take(before: Followed | undefined, cluster: Cluster, plan: WatchPlan): void {
    const followed: Followed = before ?? { cluster, servers: new Map(), tls: new KeptTls(), seen: undefined };
    const left = new Map(followed.servers);
    const servers = watchedServersOf(cluster).map((server): [string, FollowedServer] => {
      const known = left.get(server.address);
      left.delete(server.address);
      const terms = JSON.stringify([cluster.upstream_tls, server.auth]);
      if (known === undefined) return [server.address, this.#begin(followed, { server, terms, state: 'unknown' }, plan)];
      known.watcher.plan = plan;
      if (known.terms !== terms) known.watcher.reconnect();
      return [server.address, Object.assign(known, { server, terms })];
    });
    this.#end(left.values());
    followed.cluster = cluster;
    followed.servers = new Map(servers);
    this.#followed.set(cluster.name, followed);
    this.#noteChange(followed);
  }

  #begin(followed: Followed, how: Omit<FollowedServer, 'watcher'>, plan: WatchPlan): FollowedServer {
    const { findSecret, nowMs } = this.#parts;
    const watcher = new ServerWatcher({
      findTarget: () => this.#admit(made.watcher) ?? targetIn(followed.cluster, made.server, followed.tls, findSecret),
      plan,
      onChange: () => {
        this.#noteChange(followed);
        this.#noteState(followed, made);
        this.#parts.onChange();
      },
      ...(nowMs && { nowMs }),
    });
    const made: FollowedServer = { ...how, watcher };
    return made;
  }

  #noteState(followed: Followed, changed: FollowedServer): void {
    const { seen } = changed.watcher;
    if (changed.state === seen.state) return;
    changed.state = seen.state;
    const event = transitionEvent(followed.cluster.name, changed.server.address, seen);
    if (event !== undefined) this.#parts.onEvent?.(event);
    this.#lookAtOthers(followed, changed);
  }

  // Of a group that replicates, and of a Redis Cluster, what happens to one says something of the others: whether replicas
  // have lost their primary too, and who it is now. Once for each state that it comes to.
  #lookAtOthers({ cluster, servers }: Followed, changed: FollowedServer): void {
    this.#redisClusters.lookNow(cluster.name);
    if (cluster.kind !== 'replicated') return;
    for (const other of servers.values()) if (other !== changed) other.watcher.lookNow();
  }

  // What is seen of the others stays the same map, so that whoever decides by it looks at this cluster alone.
  #noteChange(followed: Followed): void {
    followed.seen = undefined;
    this.#seen = undefined;
  }

  /** Undefined: it may be connected to. */
  #admit(watcher: ServerWatcher): Unreachable | undefined {
    const { maxServers = defaultMaxServers } = this.#parts;
    if (!this.#admitted.has(watcher) && this.#admitted.size >= maxServers) {
      return { trouble: 'failed', detail: `${maxServers} servers are watched, and no more can be` };
    }
    this.#admitted.add(watcher);
    return undefined;
  }

  #end(servers: Iterable<FollowedServer>): void {
    for (const { watcher } of servers) {
      watcher.close();
      this.#admitted.delete(watcher);
    }
  }
}

function seenOf(servers: ReadonlyMap<string, FollowedServer>): ReadonlyMap<string, SeenServer> {
  const offsets = new Map<string, number>();
  for (const { watcher } of servers.values()) {
    if (watcher.seen.role !== 'primary') continue;
    const { replicationId, offset } = watcher.progress;
    if (replicationId === undefined || offset === undefined) continue;
    offsets.set(replicationId, offset);
  }
  return new Map(Array.from(servers, ([address, { watcher }]) => [address, withLag(watcher, offsets)] as const));
}

// Offsets can be compared only within one history (replid), and both are as old as the last look at each.
function withLag(watcher: ServerWatcher, offsets: ReadonlyMap<string, number>): SeenServer {
  const { seen } = watcher;
  if (seen.role !== 'replica') return seen;
  const { replicationId, offset } = watcher.progress;
  const ahead = replicationId === undefined ? undefined : offsets.get(replicationId);
  if (ahead === undefined || offset === undefined) return seen;
  return { ...seen, lag: Math.max(ahead - offset, 0) };
}

function primaryTextOf(cluster: Cluster | undefined): string | undefined {
  return cluster?.kind === 'replicated' ? cluster.primary : undefined;
}
