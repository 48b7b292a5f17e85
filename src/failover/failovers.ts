// Promotions as they are told and made: one at a time for each cluster, and taken up again after a start.

import type { Seen } from '../effective/seen.ts';
import { ownFailoverOf } from '../model/failover-defaults.ts';
import type { ReplicatedCluster } from '../model/objects.ts';
import { serverNameOf } from '../net/address.ts';
import type { Acts } from './acts.ts';
import type { Followings, Trouble } from './following.ts';
import { defaultLimits } from './ground.ts';
import type { Clock, Fence, Ground, Limits } from './ground.ts';
import { Halts } from './halts.ts';
import { findHold, findPause } from './hold.ts';
import { planPromotion, rulesFor } from './plan.ts';
import type { Circumstances, Plan, PromotionRequest, RefusalCode } from './plan.ts';
import { resumePromotion, runPromotion } from './promotion.ts';
import type { PromotionBook } from './promotion-book.ts';
import { advance, isOver } from './record.ts';
import type { PromotionRecord, StepTaken } from './record.ts';

/** Clusters as they are committed, and what is seen of them. */
export interface Clusters {
  /** Undefined: there is none, or it is no replicated one. */
  find(name: string): ReplicatedCluster | undefined;
  /** Who takes the writes, of all that are watched; another map after each change. */
  followings(): Followings;
  seen(): Seen;
  /** Whom orders leave out. */
  leftOut(cluster: string): ReadonlySet<string>;
}

export interface FailoversParts {
  readonly book: PromotionBook;
  readonly clusters: Clusters;
  readonly actsFor: (cluster: ReplicatedCluster) => Acts;
  readonly fence: Fence;
  readonly clock: Clock;
  readonly limits?: Partial<Limits> | undefined;
  /** Told of each step when it is kept. */
  readonly onStep?: ((record: PromotionRecord, taken: StepTaken) => void) | undefined;
  /** Told when one stops where it is, as when it can't be kept. */
  readonly onError?: ((cluster: string, error: unknown) => void) | undefined;
}

/** As it was told. */
export interface Told extends PromotionRequest {
  readonly cluster: string;
  readonly by: string;
}

/** It was refused; nothing has changed. `message` is one line with the cluster. */
export class FailoverError extends Error {
  override readonly name = 'FailoverError';
  readonly code: RefusalCode | 'not-replicated' | 'not-watched' | 'under-way' | 'held';
  /** Without the cluster. */
  readonly reason: string;

  constructor(code: FailoverError['code'], cluster: string, reason: string) {
    super(`cluster ${JSON.stringify(cluster)}: ${reason}`);
    this.code = code;
    this.reason = reason;
  }
}

export class Failovers {
  readonly #parts: FailoversParts;
  readonly #limits: Limits;
  readonly #running = new Map<string, Promise<unknown>>();
  readonly #halts = new Halts();
  #isStopped = false;

  constructor(parts: FailoversParts) {
    this.#parts = parts;
    this.#limits = { ...defaultLimits, ...parts.limits };
  }

  get book(): PromotionBook {
    return this.#parts.book;
  }

  /** Also one that stopped half-way, and is to be taken up again. */
  isUnderWay(cluster: string): boolean {
    return this.#running.has(cluster) || this.#openOf(cluster) !== undefined;
  }

  /** Those that stopped half-way: they say who is routed to until they are over. */
  get troubles(): readonly Trouble[] {
    return Array.from(this.#halts.reasons()).flatMap(([name, reason]): Trouble[] => {
      const record = this.#openOf(name);
      if (record === undefined || this.#parts.clusters.find(name) === undefined) return [];
      const what = `a ${record.kind} stopped at ${record.step}, and is tried again: ${reason}`;
      return [{ code: 'promotion-pending', message: `cluster ${JSON.stringify(name)}: ${what}` }];
    });
  }

  /**
   * Takes up what nobody runs: it was under way when the control plane ended, or could not be kept. Of clusters that
   * are gone all is given up, and forgotten.
   */
  takeUp(): void {
    const { book, clusters, clock } = this.#parts;
    if (this.#isStopped) return;
    for (const name of book.all().keys()) {
      if (this.#running.has(name) || !this.#halts.isDue(name, clock.steadyMs())) continue;
      const record = this.#openOf(name);
      const cluster = clusters.find(name);
      if (cluster === undefined) void this.#note<unknown>(name, record ? this.#abandon(record) : book.forget(name));
      else if (record !== undefined) void this.#run(record, cluster, resumePromotion);
    }
  }

  #openOf(cluster: string): PromotionRecord | undefined {
    const record = this.book.lastOf(cluster);
    return record === undefined || isOver(record) ? undefined : record;
  }

  #abandon(record: PromotionRecord): Promise<void> {
    return this.#keep(advance(record, 'aborted', this.#parts.clock.wallMs(), 'there is no such cluster any more'));
  }

  /** Lets those that are under way end, for so long; the others go on after the next start. */
  async stop(limitMs: number): Promise<void> {
    const all = Promise.allSettled(this.#running.values());
    if (this.#running.size > 0) await Promise.race([all, this.#parts.clock.wait(limitMs)]);
    this.#isStopped = true;
  }

  /** @throws FailoverError when it is no replicated cluster that is watched. */
  requireFollowed(name: string): ReplicatedCluster {
    const { clusters } = this.#parts;
    const cluster = clusters.find(name);
    if (cluster === undefined) throw new FailoverError('not-replicated', name, 'is not committed as a replicated one');
    if (clusters.followings().has(name)) return cluster;
    throw new FailoverError('not-watched', name, 'its servers are not watched: what is promoted could not be followed');
  }

  /** What it would do now, and why it would be refused. @throws FailoverError when that can't be said. */
  async plan(told: Told): Promise<Plan> {
    const cluster = this.requireFollowed(told.cluster);
    if (this.isUnderWay(told.cluster)) throw underWay(told.cluster);
    const acts = this.#parts.actsFor(cluster);
    try {
      return await planPromotion(told, this.#circumstances(cluster), acts);
    } finally {
      acts.close();
    }
  }

  /**
   * Does it; resolves when it is over, also when it was given up. Rejects when it can't be kept.
   * @param why of a failover: how it is known that the primary is dead.
   * @param onStep told of each step when it is kept.
   * @throws FailoverError when it is refused; nothing has changed then.
   */
  async promote(told: Told, onStep?: (record: PromotionRecord) => void, why?: string): Promise<PromotionRecord> {
    const plan = await this.plan(told);
    if (plan.refusal !== undefined) throw new FailoverError(plan.refusal.code, told.cluster, plan.refusal.reason);
    // It was decided on what was known a moment ago: somebody may have been faster.
    if (this.isUnderWay(told.cluster)) throw underWay(told.cluster);
    const cluster = this.requireFollowed(told.cluster);
    const hold = told.kind === 'failover' ? this.#findHold(cluster, plan) : undefined;
    if (hold !== undefined) throw new FailoverError('held', told.cluster, hold);
    return this.#run(this.#begin(told, plan, why), cluster, runPromotion, onStep);
  }

  /** Why what was planned without being told to is not done after all. */
  #findHold(cluster: ReplicatedCluster, { from }: Plan): string | undefined {
    const terms = ownFailoverOf(cluster);
    if (terms === undefined) return 'failover is not by the control plane any more';
    const leader = this.#parts.clusters.followings().get(cluster.name)?.leader;
    if (leader !== from) return `${leader ?? 'nobody'} is taken for the primary meanwhile`;
    return findHold(this.book, cluster.name, terms);
  }

  #circumstances(cluster: ReplicatedCluster): Circumstances {
    const { book, clusters } = this.#parts;
    const following = clusters.followings().get(cluster.name);
    return {
      cluster,
      leader: following?.leader,
      isHeld: following?.isHeld ?? false,
      history: following?.history,
      seen: clusters.seen().get(cluster.name) ?? new Map(),
      leftOut: clusters.leftOut(cluster.name),
      pending: book.pendingOf(cluster.name),
      silentForMs: this.#silentForMs(cluster.name, following?.leader),
    };
  }

  #silentForMs(cluster: string, server: string | undefined): number {
    const seen = server === undefined ? undefined : this.#parts.clusters.seen().get(cluster)?.get(server);
    if (seen === undefined || seen.state === 'up' || seen.state === 'recovering') return 0;
    return Math.max(this.#parts.clock.wallMs() - (seen.answeredAtMs ?? seen.sinceMs), 0);
  }

  #begin(told: Told, plan: Plan, why?: string): PromotionRecord {
    const { cluster, kind, by, force } = told;
    const { way, from, to, reference, referenceKeys, gapBytes, offset } = plan;
    const atMs = this.#parts.clock.wallMs();
    const gap = gapBytes === undefined ? 'how far it is behind is not known' : `${gapBytes} bytes behind`;
    const candidate = to === undefined ? 'Sentinels choose' : `${to}, offset ${offset ?? 'not told'}, ${gap}`;
    const step = why === undefined ? 'candidate' : 'detecting';
    return {
      ...{ cluster, kind, way, by, from, to, step, startedAtMs: atMs },
      ...(force === true && { force }),
      steps: [{ step, atMs, detail: why ?? candidate }],
      ...{ reference, referenceKeys, gapBytes },
      pending: this.book.pendingOf(cluster),
    };
  }

  #run(
    record: PromotionRecord,
    cluster: ReplicatedCluster,
    run: typeof runPromotion,
    onStep?: (record: PromotionRecord) => void,
  ): Promise<PromotionRecord> {
    const acts = this.#parts.actsFor(cluster);
    const keep = async (next: PromotionRecord): Promise<void> => {
      await this.#keep(next);
      onStep?.(next);
    };
    const running = run(record, this.#groundOf(cluster, acts, keep)).finally(() => acts.close());
    return this.#note(cluster.name, running);
  }

  /** It runs until it is over, or stops where it is. Nobody has to wait for what it gives: a rejection is told. */
  #note<Made>(name: string, work: Promise<Made>): Promise<Made> {
    const running = work.then(
      (made) => {
        this.#running.delete(name);
        this.#halts.clear(name);
        return made;
      },
      (error: unknown) => {
        this.#running.delete(name);
        const reason = error instanceof Error ? error.message : String(error);
        this.#halts.note(name, reason, this.#parts.clock.steadyMs());
        this.#parts.onError?.(name, error);
        throw error;
      },
    );
    running.catch(() => undefined);
    this.#running.set(name, running);
    return running;
  }

  #groundOf(cluster: ReplicatedCluster, acts: Acts, keep: Ground['keep']): Ground {
    const { clusters, fence, clock } = this.#parts;
    const now = (): ReplicatedCluster => clusters.find(cluster.name) ?? cluster;
    return {
      ...{ acts, fence, clock, keep },
      limits: this.#limits,
      servers: () => now().endpoints.map(serverNameOf),
      rules: ({ from, reference, referenceKeys }) => {
        const silentForMs = this.#silentForMs(cluster.name, from);
        const leftOut = clusters.leftOut(cluster.name);
        return rulesFor({ cluster: now(), leftOut, silentForMs }, reference, referenceKeys);
      },
      pause: () => findPause(this.book, cluster.name),
      primary: () => clusters.followings().get(cluster.name)?.topology.primary,
    };
  }

  async #keep(record: PromotionRecord): Promise<void> {
    if (this.#isStopped) throw new Error('the control plane stops: it goes on after the next start');
    await this.book.keepRecord(record);
    const taken = record.steps.at(-1);
    if (taken !== undefined) this.#parts.onStep?.(record, taken);
  }
}

function underWay(cluster: string): FailoverError {
  return new FailoverError('under-way', cluster, 'a promotion is under way, and is to end first');
}
