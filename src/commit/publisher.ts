// What is committed, as Envoys are given it: renders what is to follow, and publishes it. Synchronous, and knows no
// store: between the two steps of a commit the caller makes it durable.

import { hostNamesOf, withAddresses } from '../effective/addresses.ts';
import type { Addresses } from '../effective/addresses.ts';
import { effectiveAfter, findHostNames, findWatched, ifAllWereWell } from '../effective/effective.ts';
import type { Declared as Ground, Overlay } from '../effective/effective.ts';
import { healthRulesOf } from '../effective/health-rules.ts';
import { healthAfter, healthFrom } from '../effective/health-step.ts';
import type { Health } from '../effective/health-step.ts';
import type { Seen, Watchers } from '../effective/seen.ts';
import { seenByName } from '../effective/seen-by-name.ts';
import { againAtMsOf } from '../effective/verdicts-by-cluster.ts';
import type { Outages } from '../effective/verdicts-by-cluster.ts';
import type { OnEvent } from '../events/event.ts';
import { groundAfter } from '../effective/ground.ts';
import { withAllToWatch, withTopology } from '../effective/topology.ts';
import type { Topologies } from '../effective/topology.ts';
import { followedAfter, followedFrom } from '../failover/follow.ts';
import type { Followed, Strays } from '../failover/follow.ts';
import type { Followings } from '../failover/following.ts';
import type { KnownClusters } from '../failover/known-clusters.ts';
import type { ClusterEdit, Clusters } from '../inventory/cluster.ts';
import type { DrainingCluster } from '../inventory/draining.ts';
import { noEdits } from '../inventory/edits.ts';
import type { Edits } from '../inventory/edits.ts';
import type { Cluster, Config } from '../model/objects.ts';
import { leftOutBy } from '../orders/leave-out.ts';
import { firstEndOf, ordersAfterCommit, standingAt } from '../orders/standing.ts';
import type { Orders } from '../orders/standing.ts';
import { findUnpublishable } from '../render/check.ts';
import type { SnapshotCache } from '../snapshot/snapshot.ts';
import type { KeptRoutes } from '../store/log-store.ts';
import {
  declareDrained,
  declareNext,
  describeLeftovers,
  describeNewOldRoutes,
  resume,
  routesToKeep,
} from './declared.ts';
import type { Circumstances, Declared } from './declared.ts';
import type { Finding, ResourceChanges } from './desk.ts';
import { findGroupProblems } from './group-problems.ts';
import { GroupSnapshots, compareGroups, findChanged } from './group-snapshots.ts';
import { KnownSecrets } from './known-secrets.ts';
import { loadAfter } from './prepared.ts';
import { ordersInForce } from './ordering.ts';
import type { Prepared } from './prepared.ts';
import { CommitError } from './published.ts';
import type { OldRoutesStatus, PublishedName, PublishedStatus, Warning } from './published.ts';
import { Review } from './review.ts';
import type { ReviewParts } from './review.ts';
import { findClustersToLearn, findUnknownPrimaries, haveSentinels } from './unknown-primaries.ts';
import { SteadyClock } from './steady-clock.ts';
import { endedOrderEvents, followedEvent, outageEvents, troubleEvents } from './told.ts';

export interface PublisherParts extends ReviewParts {
  readonly snapshots: SnapshotCache;
  /** Default: nobody watches servers, and none is left out for its health. */
  readonly watchers?: Watchers | undefined;
  /** Where a failover of ours is under way what it makes of the cluster; another map after each change. Default: nowhere. */
  readonly dictated?: (() => Topologies) | undefined;
  /** Servers that are left behind by one; another map after each change. Default: none. */
  readonly strays?: (() => Strays) | undefined;
  /** Told of what is published for what was seen, and of warnings that come and go, once that is published. */
  readonly onEvent?: OnEvent;
  /** How long a removed cluster stays published for Envoys that may still use it; 0: not at all. Default 0. */
  readonly drainTimeMs?: number;
  /** Told how long the snapshots of each publication took to render, in ms. */
  readonly onRendered?: (tookMs: number) => void;
  /** Told what there is to warn of each time that it is not what it was, at the start too. */
  readonly onWarnings?: (warnings: readonly Warning[]) => void;
  /** Told of each change of the routes that open connections do not follow, of those before a start then. */
  readonly onOldRoutes?: (old: OldRoutesStatus) => void;
}

/** What was committed and is left over from before, as it was kept. */
export interface Kept {
  readonly committed: Config;
  readonly draining: readonly DrainingCluster[];
  readonly routes: KeptRoutes | undefined;
  /** Some may be over. */
  readonly orders: Orders;
  /** Who was left out for its health; undefined: nobody. */
  readonly outages?: Outages | undefined;
  /** Who was followed; undefined: nobody. */
  readonly followings?: Followings | undefined;
  /** What was known of Redis Clusters; undefined: nothing. */
  readonly redisClusters?: KnownClusters | undefined;
}

/** What was decided by what was seen. */
type Decided = Pick<Prepared, 'health' | 'followed'>;

const nothingKnown: Decided = {
  health: healthFrom(new Map()),
  followed: followedFrom(new Map(), new Map(), () => undefined),
};
const noAddresses: Addresses = new Map();
const noClusters: Clusters = new Map();
const nobodyDictated: Topologies = new Map();
const noStrays: Strays = new Map();

const maxShownProblems = 10;

const lookAgainMs = 3_600_000;

// setTimeout takes no more.
const longestTimerMs = 2 ** 31 - 1;

export class Publisher {
  readonly knownSecrets: KnownSecrets;
  readonly review: Review;
  readonly #parts: PublisherParts;
  readonly #inTurn: (work: () => void) => void;
  readonly #clock = new SteadyClock();
  #published: Prepared | undefined;
  #orders: Orders;
  #warnings: readonly Warning[] = [];
  // Those of them that what is seen does not change.
  #standing: readonly Warning[] = [];
  // Of what ends by itself.
  #endTimer: NodeJS.Timeout | undefined;
  #healthTimer: NodeJS.Timeout | undefined;
  readonly #warningsTimer: NodeJS.Timeout;

  /**
   * Publishes what was committed, if anything was, before it returns.
   * @param inTurn runs what comes by itself when nobody is between the two steps of a commit.
   * @throws CommitError when it can't be published with these options.
   */
  constructor(parts: PublisherParts, kept: Kept | undefined, inTurn: (work: () => void) => void = (work) => work()) {
    this.#parts = parts;
    this.#inTurn = inTurn;
    this.#orders = kept?.orders ?? [];
    this.review = new Review(parts, () => this.#circumstances(), () => this.#published);
    this.knownSecrets = new KnownSecrets(parts.renderOptions.openSecret);
    this.#warningsTimer = setInterval(() => this.#lookAgain(), lookAgainMs).unref();
    if (kept === undefined) return;
    const declared = resume(kept, this.#circumstances());
    refuse([
      ...findUnpublishable(declared.clusters.values(), parts.renderOptions),
      ...findGroupProblems(declared, parts.renderOptions),
    ]);
    const { outages = new Map(), followings = new Map(), redisClusters = new Map() } = kept;
    const followed = followedFrom(followings, redisClusters, (name) => declared.clusters.get(name));
    this.publish(this.#render(declared, noEdits, { health: healthFrom(outages), followed }));
  }

  /** False until the first commit. */
  get isPublished(): boolean {
    return this.#published !== undefined;
  }

  /** By the clock that goes on while the wall clock is set back (Unix, ms). */
  nowMs(): number {
    return this.#clock.nowMs();
  }

  /** How things stand with what is committed. */
  status(): PublishedStatus {
    const warnings = this.review.warningsNow(this.#standing);
    if (this.#published === undefined) return { warnings, draining: [], oldRoutes: [], orders: [] };
    const leftovers = describeLeftovers(this.#published.declared, this.#clock.nowMs());
    return { warnings, ...leftovers, orders: this.orders() };
  }

  /** The orders that stand now. */
  orders(): Orders {
    return standingAt(this.#orders, this.#clock.nowMs());
  }

  /** Those that stand after the edits. */
  ordersAfter({ clusters }: Edits, topologies = (this.#published ?? nothingKnown).followed.topologies): Orders {
    const edits = clusters.map(({ name, after }) => ({ name, after: after && withTopology(after, topologies.get(name)) }));
    return ordersAfterCommit(this.#orders, edits, this.#clock.nowMs());
  }

  /** These from now on, in place of those before; they are in force with the next publication. */
  keepOrders(orders: Orders): void {
    this.#orders = orders;
  }

  /** The host names that are looked up for what is published. */
  hostNames(): PublishedName[] {
    const { hostNames } = this.#parts;
    if (this.#published === undefined || hostNames === undefined) return [];
    const clusters = findHostNames(this.#published.ground);
    return hostNames.statuses.map((status) => ({ ...status, clusters: clusters.get(status.name) ?? [] }));
  }

  /** What is seen of the servers that are watched. */
  health(): Seen {
    return this.#parts.watchers?.seenNow() ?? new Map();
  }

  /** Who is left out for its health. */
  get outages(): Outages {
    return (this.#published ?? nothingKnown).health.outages;
  }

  /** Who is followed where it is seen who takes the writes. */
  get followings(): Followings {
    return (this.#published ?? nothingKnown).followed.followings;
  }

  /** What is known of the Redis Clusters that are watched. */
  get redisClusters(): KnownClusters {
    return (this.#published ?? nothingKnown).followed.redisClusters;
  }

  /** What is published, before anything is left out of it. */
  get clusters(): Clusters {
    return this.#published?.ground.clusters ?? noClusters;
  }

  /** The Envoy resources that would change. */
  findResourceChangesOf({ snapshots }: Prepared): ResourceChanges[] {
    return compareGroups(this.#published?.snapshots.byGroup, snapshots.byGroup);
  }

  /** Who would be followed after the edits. */
  followingsAfter(edits: Edits): Followings {
    const after = new Map(edits.clusters.map(({ name, after: cluster }) => [name, cluster]));
    const clusters = this.#published?.declared.clusters;
    const find = (name: string): Cluster | undefined => (after.has(name) ? after.get(name) : clusters?.get(name));
    return this.#follow((this.#published ?? nothingKnown).followed, find, edits).followings;
  }

  /**
   * Asks the Sentinels of clusters that the edits bring for the primary; resolves when it is known, or that it won't be
   * by waiting, or after `limitMs`.
   */
  async learnPrimaries(edits: Edits, limitMs: number): Promise<void> {
    const { hostNames, watchers } = this.#parts;
    const endMs = performance.now() + limitMs;
    while (haveSentinels(edits)) {
      const { seen = new Map(), sentinels = new Map() } = watchers ?? {};
      const sight = { seen, sentinels, addresses: this.#addresses };
      const clusters = findClustersToLearn(edits, this.#declaredClusters, this.followingsAfter(edits), sight);
      const names = clusters.flatMap(hostNamesOf);
      if (names.length > 0) await hostNames?.learn(new Set(names), endMs - performance.now());
      const leftMs = endMs - performance.now();
      if (watchers?.learn === undefined || clusters.length === 0 || leftMs <= 0) return;
      const addresses = this.#addresses;
      await watchers.learn(clusters.map((cluster) => withAddresses(cluster, addresses)), leftMs);
    }
  }

  /** Clusters that the edits bring, of which nobody knows who takes the writes. */
  findUnknownPrimaries(edits: Edits): readonly Finding[] {
    if (!haveSentinels(edits)) return [];
    return findUnknownPrimaries(edits, this.#declaredClusters, this.followingsAfter(edits));
  }

  /** Looks at what is published, and no more at what was to be learned of what was not. */
  followPublished(): void {
    if (this.#published === undefined) this.#parts.watchers?.follow([]);
    else this.#followWatched(this.#published);
  }

  /** The state after the edits, from which no problem was found. What streams have asked for is rendered. */
  prepare(edits: Edits): Prepared {
    return this.#render(declareNext(this.#published?.declared, edits, this.#circumstances()), edits);
  }

  /** Gives the streams what was prepared last, and tells of what there is to warn of. */
  publish(prepared: Prepared): void {
    const { declared, ground, snapshots } = prepared;
    const last = this.#published;
    const oldRoutes = describeNewOldRoutes(last?.declared, declared);
    const changes = findChanged(last?.snapshots.byGroup, snapshots.byGroup);
    this.#published = prepared;
    this.knownSecrets.notePublished(declared.secrets);
    this.#parts.snapshots.update(changes);
    this.#noteAllWarnings(prepared);
    for (const old of oldRoutes) this.#parts.onOldRoutes?.(old);
    if (last !== undefined) this.#tellSeen(last, prepared);
    this.#parts.hostNames?.follow(new Set(findHostNames(ground).keys()));
    this.#followWatched(prepared);
    this.#setHealthTimer(prepared);
    clearTimeout(this.#endTimer);
    const endMs = Math.min(firstEndOf(prepared.orders) ?? Infinity, ...declared.draining.map(({ untilMs }) => untilMs));
    if (endMs === Infinity) return;
    const delayMs = Math.min(Math.max(endMs - this.#clock.nowMs(), 0), longestTimerMs);
    this.#endTimer = setTimeout(() => this.#inTurn(() => this.#endWhatIsOver()), delayMs).unref();
  }

  /** Publishes what is declared as it is now ordered and seen, when that is otherwise than before. */
  publishNow(): void {
    const last = this.#published;
    if (last === undefined) return;
    const { declared, ground, effective } = last;
    const orders = this.ordersAfter(noEdits);
    const followed = this.#follow(last.followed, (name) => declared.clusters.get(name), noEdits);
    if (followed.topologies !== last.followed.topologies) return this.publish(this.#render(declared, noEdits));
    const health = this.#decideHealth(last.health, ground, [], effective);
    const isSeenAlike = health.outages === effective.outages && this.#addresses === effective.addresses;
    if (orders !== last.orders || !isSeenAlike) return this.publish(this.#render(declared, noEdits));
    // Mostly: a server says another role, or does not answer for once.
    const next = { ...last, followed, health };
    this.#published = next;
    this.#setHealthTimer(next);
    this.#noteWarnings([...this.#standing, ...this.review.findPassing(next)]);
  }

  /** Stops what runs by itself; safe to repeat. */
  close(): void {
    clearTimeout(this.#endTimer);
    clearTimeout(this.#healthTimer);
    clearInterval(this.#warningsTimer);
  }

  // A certificate expires without a commit.
  #lookAgain(): void {
    if (this.#published !== undefined) this.#noteAllWarnings(this.#published);
  }

  #circumstances(): Circumstances {
    const { renderOptions, drainTimeMs = 0 } = this.#parts;
    return { options: renderOptions, drainTimeMs, nowMs: this.#clock.nowMs(), leftOut: leftOutBy(this.orders()), topologies: (this.#published ?? nothingKnown).followed.topologies };
  }

  #render(declared: Declared, edits: Edits, before: Decided = this.#published ?? nothingKnown): Prepared {
    const { renderOptions, onRendered } = this.#parts;
    const { draining } = declared;
    const startMs = performance.now();
    const orders = this.ordersAfter(edits);
    const followed = this.#follow(before.followed, (name) => declared.clusters.get(name), edits);
    const [leftOut, addresses] = [leftOutBy(ordersInForce(orders, followed.followings)), this.#addresses];
    const { ground, edits: groundEdits } = groundAfter(this.#published?.ground, declared, edits.clusters, {
      before: before.followed.topologies,
      after: followed.topologies,
    });
    const health = this.#decideHealth(before.health, ground, groundEdits, { leftOut, addresses });
    const overlay = { leftOut, addresses, outages: health.outages };
    const { effective, edits: clusters } = effectiveAfter(this.#published?.effective, ground, groundEdits, overlay);
    const objects = { ...declared, ...effective };
    const last = this.#published?.snapshots;
    const snapshots = last?.next({ ...edits, clusters }, objects) ?? GroupSnapshots.of(objects, renderOptions);
    onRendered?.(performance.now() - startMs);
    const load = loadAfter(this.#published, declared, edits);
    const kept = { draining, routes: routesToKeep(declared) };
    return { declared, orders, followed, ground, health, effective, load, snapshots, ...kept };
  }

  #follow(before: Followed, find: (name: string) => Cluster | undefined, edits: Edits): Followed {
    const { watchers, dictated, strays } = this.#parts;
    const seen = watchers === undefined ? before.by.seen : seenByName(watchers.seen, find, this.#addresses);
    const sentinels = watchers?.sentinels ?? before.by.sentinels;
    const nodes = watchers?.nodes ?? before.by.nodes;
    const ours = { dictated: dictated?.() ?? nobodyDictated, strays: strays?.() ?? noStrays };
    const observed = { addresses: this.#addresses, seen, sentinels, nodes, ...ours };
    const edited = edits.clusters.map(({ name }) => name);
    return followedAfter(before, observed, edited, find, this.#clock.nowMs());
  }

  #tellSeen(before: Prepared, after: Prepared): void {
    const { onEvent, watchers } = this.#parts;
    for (const event of outageEvents(before.health.outages, after.health.outages, watchers?.seen ?? new Map())) {
      onEvent?.(event);
    }
    for (const event of endedOrderEvents(before.orders, after.orders, this.#clock.nowMs())) onEvent?.(event);
    this.#tellFollowed(before.followed.followings, after.followed.followings);
  }

  #tellFollowed(before: Followings, after: Followings): void {
    for (const [name, following] of after) {
      const last = before.get(name);
      if (last?.topology.primary === following.topology.primary) continue;
      this.#parts.onEvent?.(followedEvent(name, following, last));
    }
  }

  #decideHealth(
    before: Health,
    { clusters }: Ground,
    edits: readonly ClusterEdit[],
    overlay: Omit<Overlay, 'outages'>,
  ): Health {
    const seen = this.#parts.watchers?.seen ?? new Map();
    const find = (name: string): Cluster | undefined => {
      const cluster = clusters.get(name);
      return cluster && ifAllWereWell(cluster, overlay);
    };
    const edited = edits.map(({ name }) => name);
    return healthAfter(before, seen, edited, find, healthRulesOf, this.#clock.nowMs());
  }

  // Whoever is left out too: else nobody would see that it is back.
  #followWatched({ ground, declared, followed: { followings } }: Prepared): void {
    const addresses = this.#addresses;
    const watched = findWatched(ground.clusters).map((cluster) => {
      return withAllToWatch(cluster, declared.clusters.get(cluster.name), followings.get(cluster.name)?.strays);
    });
    this.#parts.watchers?.follow(watched.map((cluster) => withAddresses(cluster, addresses)));
  }

  // Those that are up again come back some at a time.
  #setHealthTimer({ health }: Prepared): void {
    clearTimeout(this.#healthTimer);
    const atMs = againAtMsOf(health.verdicts);
    if (atMs === undefined) return;
    const delayMs = Math.max(atMs - this.#clock.nowMs(), 0);
    this.#healthTimer = setTimeout(() => this.#inTurn(() => this.publishNow()), delayMs).unref();
  }

  get #declaredClusters(): Clusters {
    return this.#published?.declared.clusters ?? noClusters;
  }

  get #addresses(): Addresses {
    return this.#parts.hostNames?.addresses ?? noAddresses;
  }

  #noteAllWarnings(prepared: Prepared): void {
    this.#standing = this.review.findStanding(prepared);
    this.#noteWarnings([...this.#standing, ...this.review.findPassing(prepared)]);
  }

  #noteWarnings(warnings: readonly Warning[]): void {
    const before = this.#warnings;
    this.#warnings = warnings;
    if (JSON.stringify(warnings) === JSON.stringify(before)) return;
    this.#parts.onWarnings?.(warnings);
    for (const event of troubleEvents(before, warnings)) this.#parts.onEvent?.(event);
  }

  // Needs no write: what is over is passed over when it is read, and gone with the next commit, or order.
  #endWhatIsOver(): void {
    if (this.#published === undefined) return;
    this.publish(this.#render(declareDrained(this.#published.declared, this.#clock.nowMs()), noEdits));
  }
}

/** @throws CommitError when there are problems: one line that can be read, however many. */
export function refuse(problems: readonly string[]): void {
  if (problems.length === 0) return;
  const shown = problems.slice(0, maxShownProblems);
  if (problems.length > shown.length) shown.push(`and ${problems.length - shown.length} more`);
  throw new CommitError(`not published: ${shown.join('; ')}`);
}
