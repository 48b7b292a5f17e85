// What the control plane does by itself: where failover is by it, primaries are watched, and a replica is promoted when
// one is dead; and servers that a promotion has left behind are told whom to follow when they are back.

import type { Seen } from '../effective/seen.ts';
import { ownFailoverOf, sentinelOf } from '../model/failover-defaults.ts';
import type { OwnFailoverTerms } from '../model/failover-defaults.ts';
import type { ReplicatedCluster } from '../model/objects.ts';
import { serverNameOf } from '../net/address.ts';
import { detect, nothingDetected } from './death.ts';
import type { Detection, Verdict } from './death.ts';
import { FailoverError } from './failovers.ts';
import type { Failovers, FailoversParts } from './failovers.ts';
import type { Following, Trouble } from './following.ts';
import { findHold } from './hold.ts';
import { pointTo } from './promoting.ts';

export interface OwnFailoverParts extends Pick<FailoversParts, 'clusters' | 'actsFor' | 'clock' | 'onError'> {
  readonly failovers: Failovers;
  /** Told each time that {@link OwnFailover.troubles} are others. */
  readonly onTroubles?: (() => void) | undefined;
}

interface Watching {
  detection: Detection;
  trouble: Trouble | undefined;
  /** Something is being done. */
  isBusy: boolean;
  /** Before that it is not done again; monotonic (ms). */
  planAtMs: number;
  tendAtMs: number;
}

const tickMs = 500;
const planAgainMs = 5_000;
const tendAgainMs = 2_000;

export class OwnFailover {
  readonly #parts: OwnFailoverParts;
  readonly #watching = new Map<string, Watching>();
  #troubles: readonly Trouble[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: OwnFailoverParts) {
    this.#parts = parts;
  }

  /** Why nothing is promoted though a primary does not answer, what stopped half-way, and whom nothing is sent to. */
  get troubles(): readonly Trouble[] {
    return this.#troubles;
  }

  start(): void {
    this.#timer = setInterval(() => this.tick(), tickMs).unref();
  }

  /** Safe to repeat. */
  stop(): void {
    clearInterval(this.#timer);
  }

  /** Looks once at all that is seen; what it begins goes on after it returns. */
  tick(): void {
    const { clusters, failovers } = this.#parts;
    failovers.takeUp();
    const followings = clusters.followings();
    let seen: Seen | undefined;
    for (const [name, following] of followings) {
      const cluster = clusters.find(name);
      if (cluster === undefined || failovers.isUnderWay(name)) continue;
      const terms = ownFailoverOf(cluster);
      const pending = failovers.book.strays.get(name);
      if (terms === undefined && pending === undefined) {
        this.#watching.delete(name);
        continue;
      }
      const watching = this.#watchingOf(name);
      if (pending !== undefined) this.#tendInTime(cluster, pending, watching);
      watching.trouble = terms && this.#watch(cluster, terms, following, (seen ??= clusters.seen()), watching);
    }
    for (const name of this.#watching.keys()) if (!followings.has(name)) this.#watching.delete(name);
    this.#noteTroubles();
  }

  #watchingOf(name: string): Watching {
    const known = this.#watching.get(name);
    if (known !== undefined) return known;
    const made = { detection: nothingDetected, trouble: undefined, isBusy: false, planAtMs: 0, tendAtMs: 0 };
    this.#watching.set(name, made);
    return made;
  }

  #watch(
    cluster: ReplicatedCluster,
    terms: OwnFailoverTerms,
    following: Following,
    seen: Seen,
    watching: Watching,
  ): Trouble | undefined {
    const { clock } = this.#parts;
    const { leader, history, runId } = following;
    if (leader === undefined) return undefined;
    const servers = seen.get(cluster.name) ?? new Map();
    const isKnown = history !== undefined || runId !== undefined;
    const watched = { servers, primary: leader, isKnown, downAfterMs: terms.downAfterMs };
    const now = { steadyMs: clock.steadyMs(), wallMs: clock.wallMs() };
    const { detection, verdict } = detect(watching.detection, watched, now);
    watching.detection = detection;
    if (verdict.state === 'well' || verdict.state === 'failing') return undefined;
    const trouble = (code: Trouble['code'], what: string): Trouble => {
      return { code, message: `cluster ${JSON.stringify(cluster.name)}: primary ${leader} ${what}` };
    };
    if (verdict.state === 'unreachable') return trouble('primary-unreachable', `does not answer: ${verdict.detail}`);
    const hold = findHold(this.#parts.failovers.book, cluster.name, terms);
    const held = (why: string): Trouble => trouble('failover-held', `is dead, and nothing is promoted: ${why}`);
    if (hold !== undefined) return held(hold);
    if (watching.isBusy || now.steadyMs < watching.planAtMs) return watching.trouble;
    watching.planAtMs = now.steadyMs + planAgainMs;
    this.#busy(watching, cluster.name, async () => {
      const refusal = await this.#failOver(cluster.name, leader, verdict);
      watching.trouble = refusal === undefined ? undefined : held(refusal);
    });
    return watching.trouble;
  }

  /** Gives why it was refused. */
  async #failOver(
    cluster: string,
    leader: string,
    { forMs, witnesses }: Extract<Verdict, { state: 'dead' }>,
  ): Promise<string | undefined> {
    const lost = `${witnesses.join(', ')} ${witnesses.length === 1 ? 'has' : 'have'} no link to it`;
    const why = `${leader} does not answer for ${Math.round(forMs / 1_000)} s, and ${lost}`;
    try {
      await this.#parts.failovers.promote({ cluster, kind: 'failover', by: 'controlplane' }, undefined, why);
      return undefined;
    } catch (error) {
      if (error instanceof FailoverError) return error.reason;
      throw error;
    }
  }

  #tendInTime(cluster: ReplicatedCluster, pending: ReadonlySet<string>, watching: Watching): void {
    const nowMs = this.#parts.clock.steadyMs();
    if (watching.isBusy || nowMs < watching.tendAtMs) return;
    watching.tendAtMs = nowMs + tendAgainMs;
    this.#busy(watching, cluster.name, () => this.#tend(cluster, pending));
  }

  /** Whoever was left behind is told to follow, when it is there, and is then no more left out. */
  async #tend(cluster: ReplicatedCluster, pending: ReadonlySet<string>): Promise<void> {
    const { clusters, failovers, actsFor } = this.#parts;
    const primary = clusters.followings().get(cluster.name)?.topology.primary;
    if (primary === undefined) return;
    // Under Sentinel they are Sentinel's.
    const declared = new Set(sentinelOf(cluster) === undefined ? cluster.endpoints.map(serverNameOf) : []);
    // Who was declared the primary since follows nobody.
    const asked = [...pending].filter((server) => server !== primary && declared.has(server));
    const acts = actsFor(cluster);
    try {
      const ends = await Promise.all(asked.map((server) => pointTo(acts, server, primary, true)));
      const left = asked.filter((_, index) => ends[index]?.state !== 'follows');
      // A promotion that has begun meanwhile has taken them over.
      if (left.length === pending.size || failovers.isUnderWay(cluster.name)) return;
      await failovers.book.keepPending(cluster.name, left);
    } finally {
      acts.close();
    }
  }

  #busy(watching: Watching, cluster: string, work: () => Promise<void>): void {
    watching.isBusy = true;
    work()
      .catch((error: unknown) => this.#parts.onError?.(cluster, error))
      .finally(() => {
        watching.isBusy = false;
        this.#noteTroubles();
      });
  }

  #noteTroubles(): void {
    const followings = this.#parts.clusters.followings();
    const left = Array.from(this.#parts.failovers.book.strays).flatMap(([name, servers]): Trouble[] => {
      if (!followings.has(name)) return [];
      const who = `${[...servers].join(', ')} ${servers.size === 1 ? 'does' : 'do'} not follow the primary yet`;
      return [{ code: 'promotion-pending', message: `cluster ${JSON.stringify(name)}: ${who}: nothing is sent there` }];
    });
    const watched = Array.from(this.#watching.values()).flatMap(({ trouble }) => trouble ?? []);
    const troubles = [...watched, ...this.#parts.failovers.troubles, ...left];
    if (JSON.stringify(troubles) === JSON.stringify(this.#troubles)) return;
    this.#troubles = troubles;
    this.#parts.onTroubles?.();
  }
}
