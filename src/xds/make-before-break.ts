// In which order a snapshot reaches an aggregated stream: what is referred to comes before what
// refers to it, and goes after it (xDS protocol, "Eventual consistency considerations").

import type { Dialect } from '../snapshot/dialect.ts';
import type { ResourceKind } from '../snapshot/resource.ts';
import type { ResourceSet } from '../snapshot/resource-set.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import type { ListenerPacing } from './listener-pacing.ts';
import { noteHeld } from './other-ways.ts';
import type { OtherWays } from './other-ways.ts';
import type { Watch } from './watch.ts';

/** What may be sent of one kind now. */
export interface Selection {
  /** Undefined: nothing, or nothing yet. */
  readonly set: ResourceSet | undefined;
  /**
   * When more may be sent, by the monotonic clock; Infinity when only an answer of the client changes anything,
   * undefined when this is all.
   */
  readonly restAtMs: number | undefined;
  /** True when what the client has refers to what is gone. */
  readonly isUrgent?: boolean;
}

/** How long others are waited for. */
export interface MakeBeforeBreakTimes {
  /** A client that does not ACK. */
  readonly inForceBoundMs: number;
  /** A client that has come back, to ask for listeners too. */
  readonly returnTimeMs: number;
}

const nothing: Selection = { set: undefined, restAtMs: undefined };

/** Chooses what a stream is sent of a snapshot. Times by the monotonic clock. */
export interface SetSelector {
  /** To be told of each watch, when the first request of its kind has come. */
  begin(watch: Watch, nowMs: number): void;
  /** What the stream is to hold in the end, as far as is known now. */
  target(kind: ResourceKind, snapshot: Snapshot, nowMs: number): ResourceSet;
  /** What it may be sent now. */
  select(kind: ResourceKind, watch: Watch, snapshot: Snapshot, nowMs: number): Selection;
}

/**
 * Secrets, clusters and endpoints grow first; listeners and routes follow when clusters and endpoints are in force; what
 * is no longer named goes last, when what named it is in force. In force is what the client ACKed, or what was sent
 * `inForceBoundMs` ago: Envoy holds ACKs back while any cluster warms, and a fix must still get through.
 * First answers are never held back: there is nothing to break yet. Nor are parts of a set that was begun.
 */
export class MakeBeforeBreak implements SetSelector {
  readonly #dialect: Dialect;
  readonly #watchOf: (kind: ResourceKind) => Watch | undefined;
  readonly #otherWays: OtherWays;
  readonly #boundMs: number;
  readonly #returnTimeMs: number;
  readonly #pacing: ListenerPacing;
  // Made when first needed: most commits hold nothing back.
  #heldBackSinceMs: Map<ResourceKind, number> | undefined;
  #returningUntilMs = 0;

  /**
   * @param watchOf the watches of the same stream.
   * @param pacing how long listeners may wait besides.
   */
  constructor(
    dialect: Dialect,
    watchOf: (kind: ResourceKind) => Watch | undefined,
    otherWays: OtherWays,
    { inForceBoundMs, returnTimeMs }: MakeBeforeBreakTimes,
    pacing: ListenerPacing,
  ) {
    this.#dialect = dialect;
    this.#watchOf = watchOf;
    this.#otherWays = otherWays;
    this.#boundMs = inForceBoundMs;
    this.#returnTimeMs = returnTimeMs;
    this.#pacing = pacing;
  }

  // A client that comes back asks for clusters first, and for listeners a moment later, or on another stream, or with a
  // poll, when its back-off is over. If it holds some it may have listeners of ours, and connections that use what
  // drains: what the first answer left out would be gone until then.
  begin({ kind, isResumed }: Watch, nowMs: number): void {
    if (!isResumed) return;
    this.#otherWays.noteReturned();
    if (isUpstream(kind)) this.#returningUntilMs = nowMs + this.#returnTimeMs;
  }

  target(kind: ResourceKind, snapshot: Snapshot, nowMs: number): ResourceSet {
    return this.#hasListeners() || this.#areListenersExpected(nowMs)
      ? this.#withWhatDrains(kind, snapshot)
      : snapshot.resources(kind, this.#dialect);
  }

  select(kind: ResourceKind, watch: Watch, snapshot: Snapshot, nowMs: number): Selection {
    if (isUpstream(kind)) noteHeld(this.#otherWays, watch, snapshot, this.#dialect);
    const set = this.target(kind, snapshot, nowMs);
    const targetEndsAtMs = this.#targetEndsAtMs(kind, snapshot, nowMs);
    if (watch.isSent(set)) {
      this.#heldBackSinceMs?.delete(kind);
      return targetEndsAtMs === undefined ? nothing : { set: undefined, restAtMs: targetEndsAtMs };
    }
    const whole = { set, restAtMs: targetEndsAtMs };
    const isBegun = watch.latestPart !== undefined && watch.lastSet === set;
    const isNothingNew = isReferring(kind) && !watch.hasNews(set);
    if (!watch.wasAnswered || isBegun || isNothingNew) return whole;
    const dueAtMs = this.#dueAtMs(kind, snapshot, nowMs);
    if (dueAtMs <= nowMs) {
      this.#heldBackSinceMs?.delete(kind);
      return whole;
    }
    if (isReferring(kind)) return { set: undefined, restAtMs: dueAtMs };
    const restAtMs = Math.min(dueAtMs, targetEndsAtMs ?? Infinity);
    return { set: watch.lastSet === undefined ? set : set.retaining(watch.lastSet), restAtMs };
  }

  // Connections of a replaced listener live on for Envoy's drain time, and use what it routed to. A client that never
  // had that has no such connections; one that has not asked for clusters yet may have it.
  #withWhatDrains(kind: ResourceKind, snapshot: Snapshot): ResourceSet {
    const set = snapshot.resources(kind, this.#dialect, 'reachable');
    if (!isUpstream(kind) || snapshot.draining.length === 0) return set;
    const clusters = this.#watchOf('cluster');
    return clusters === undefined ? set : set.without(clusters.lacking(snapshot.draining));
  }

  // On this stream or in another way.
  #hasListeners(): boolean {
    return this.#watchOf('listener') !== undefined || this.#otherWays.takesListeners();
  }

  #areListenersExpected(nowMs: number): boolean {
    return nowMs < this.#listenersExpectedUntilMs;
  }

  // Until then a client that has not asked for listeners is taken to be about to.
  get #listenersExpectedUntilMs(): number {
    return this.#otherWays.isOther() ? 0 : Math.max(this.#returningUntilMs, this.#otherWays.mayTakeUntilMs());
  }

  // When the target changes without a new snapshot; undefined: it does not.
  #targetEndsAtMs(kind: ResourceKind, snapshot: Snapshot, nowMs: number): number | undefined {
    if (this.#hasListeners() || !this.#areListenersExpected(nowMs)) return undefined;
    const declared = snapshot.resources(kind, this.#dialect);
    return this.#withWhatDrains(kind, snapshot) === declared ? undefined : this.#listenersExpectedUntilMs;
  }

  #dueAtMs(kind: ResourceKind, snapshot: Snapshot, nowMs: number): number {
    const inForceAtMs = isReferring(kind)
      ? this.#upstreamsInForceAtMs(snapshot)
      : this.#removalAtMs(kind, snapshot, nowMs);
    if (inForceAtMs <= nowMs) return inForceAtMs;
    const latestMs = this.#latestAtMs(kind, nowMs);
    return inForceAtMs === Infinity ? Infinity : Math.min(inForceAtMs, latestMs);
  }

  // Changes that come faster than they are ACKed put the bound off again and again; they must not do so for ever.
  // A removal waits for listeners that may have waited themselves, and then for their pause; of secrets, for clusters too.
  #latestAtMs(kind: ResourceKind, nowMs: number): number {
    this.#heldBackSinceMs ??= new Map();
    const sinceMs = this.#heldBackSinceMs.get(kind) ?? nowMs;
    this.#heldBackSinceMs.set(kind, sinceMs);
    if (isReferring(kind)) return sinceMs + 2 * this.#boundMs;
    return sinceMs + (kind === 'secret' ? 4 : 3) * this.#boundMs + this.#pacing.pauseMs;
  }

  #upstreamsInForceAtMs(snapshot: Snapshot): number {
    const clusters = this.#watchOf('cluster');
    const endpoints = this.#watchOf('endpoint');
    const endpointsAtMs = endpoints?.delivery.inForceAtMs(this.#boundMs) ?? 0;
    const latest = clusters?.delivery.latest;
    if (clusters === undefined || latest === undefined) return endpointsAtMs;
    // A client may ACK new clusters before it asks for their endpoints. Those of some are none of ours to give.
    const { resources } = snapshot.resources('endpoint', this.#dialect, 'reachable');
    const isComplete =
      endpoints === undefined ||
      clusters.lastChanges.every((name) => endpoints.holds(name) || !resources.has(name));
    const clustersAtMs = isComplete ? clusters.delivery.inForceAtMs(this.#boundMs) : latest.sentAtMs + this.#boundMs;
    return Math.max(clustersAtMs, endpointsAtMs);
  }

  // Never before what was sent no longer names what goes.
  #removalAtMs(kind: ResourceKind, snapshot: Snapshot, nowMs: number): number {
    let inForceAtMs = 0;
    for (const referring of kind === 'secret' ? refersToSecrets : refersToClusters) {
      const watch = this.#watchOf(referring);
      if (watch === undefined) continue;
      if (!watch.isSent(this.target(referring, snapshot, nowMs))) return Infinity;
      inForceAtMs = Math.max(inForceAtMs, watch.delivery.inForceAtMs(this.#boundMs));
    }
    return inForceAtMs;
  }
}

const refersToClusters: readonly ResourceKind[] = ['listener', 'route'];
const refersToSecrets: readonly ResourceKind[] = ['cluster', 'listener'];

function isReferring(kind: ResourceKind): boolean {
  return kind === 'listener' || kind === 'route';
}

function isUpstream(kind: ResourceKind): boolean {
  return kind === 'cluster' || kind === 'endpoint';
}
