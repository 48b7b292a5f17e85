// The one write path: stage, commit, roll back. In one serial queue: all is checked first, then made durable in the
// log, then made true in memory.

import { createHash } from 'node:crypto';

import { hostNamesOf } from '../effective/addresses.ts';
import type { Seen } from '../effective/seen.ts';
import type { Outages } from '../effective/verdicts-by-cluster.ts';
import { statusOfCluster } from '../failover/cluster-status.ts';
import type { RedisClusterStatus } from '../failover/cluster-status.ts';
import type { Followings } from '../failover/following.ts';
import type { Change } from '../inventory/change.ts';
import { areEmpty, listEdits, noEdits } from '../inventory/edits.ts';
import type { Edits } from '../inventory/edits.ts';
import type { Config } from '../model/objects.ts';
import type { GivenOrder } from '../orders/order.ts';
import { findOrder, withOrder } from '../orders/standing.ts';
import type { Orders } from '../orders/standing.ts';
import { StoreError } from '../store/log-store.ts';
import type {
  CommitEntry,
  Entry,
  LogState,
  LogStore,
  NumberedEntry,
  ObjectRef,
  Revision,
} from '../store/log-store.ts';

import type { Agents } from './capabilities.ts';
import type { PublishedName, PublishedStatus, Warning } from './published.ts';
import { ConflictError } from './desk.ts';
import type {
  CommitEnd,
  CommitOutcome,
  CommitRequest,
  Declarations,
  Desk,
  Diff,
  Finding,
  ObjectChange,
  OrderOutcome,
  OrderRequest,
  Plan,
  Precondition,
  RestoreOutcome,
  RestoreRequest,
  RollbackOutcome,
  RollbackRequest,
  View,
} from './desk.ts';
import { compareConfigs, compareObjects, editsBetween } from './differences.ts';
import { OldRevisions } from './old-revisions.ts';
import { decideOrder, findMissed } from './ordering.ts';
import { findGuarded } from './guards.ts';
import { KeptSeen } from './kept-seen.ts';
import type { SecretValues } from './known-secrets.ts';
import { Publisher, refuse } from './publisher.ts';
import type { PublisherParts } from './publisher.ts';
import type { Prepared } from './prepared.ts';
import { SerialQueue } from './serial-queue.ts';
import { Staging, applyTo } from './staging.ts';
import { commitEvent, orderEvent } from './told.ts';
import type { WithoutSecrets } from './withheld-secrets.ts';

export interface ControlPlaneParts extends PublisherParts {
  readonly store: LogStore;
  /** Share of all clusters, and of all endpoints, that a commit may take unless it is forced, 0 to 1; default 0.5. */
  readonly guardShare?: number;
  /** Told of what a guard would have refused, but for /api/v1. */
  readonly onGuarded?: (findings: readonly Finding[]) => void;
  /** Told what there is to warn of in the step that a commit of /api/v1 made, which answers nothing. */
  readonly onStep?: (warnings: readonly Warning[]) => void;
  /** Told of each order that was given. */
  readonly onOrder?: (order: GivenOrder) => void;
  /** Told of each commit and rollback what came of it. */
  readonly onCommitEnd?: (end: CommitEnd) => void;
}

/** What is asked of a revision that is about to be. */
interface RevisionRequest {
  readonly author: string;
  readonly message: string;
  readonly rollbackTo?: number | undefined;
  /** What becomes of what a guard finds. */
  readonly guards: 'refuse' | 'tell' | 'pass';
}

// Of new names and primaries, all together: long enough for a second name server where the first one is silent.
const learnLimitMs = 5_000;

export class ControlPlane implements Desk {
  readonly #parts: ControlPlaneParts;
  readonly #staging: Staging;
  readonly #publisher: Publisher;
  readonly #queue = new SerialQueue();
  readonly #kept: KeptSeen;
  readonly #old: OldRevisions;
  #isNoting = false;

  private constructor(parts: ControlPlaneParts, state: LogState) {
    this.#parts = parts;
    this.#staging = new Staging(state);
    this.#kept = new KeptSeen(parts.store, state);
    this.#old = new OldRevisions(parts.store, this.#staging);
    const inTurn = (work: () => void): void => void this.#queue.run(async () => work());
    const { followings, redisClusters } = this.#kept;
    const kept = state.revision === 0 ? undefined : { ...state, followings, redisClusters };
    this.#publisher = new Publisher(parts, kept, inTurn);
  }

  /**
   * Takes up the stored state and publishes what was committed, before it resolves.
   * @param state as the store gave it; undefined: it is asked.
   * @throws StoreError when the stored state can't be read; CommitError when it can't be published with these options.
   */
  static async open(parts: ControlPlaneParts, state?: LogState): Promise<ControlPlane> {
    return new ControlPlane(parts, state ?? (await parts.store.load()));
  }

  get declarations(): Declarations {
    return this.#staging;
  }

  status(): PublishedStatus {
    return this.#publisher.status();
  }

  hostNames(): readonly PublishedName[] {
    return this.#publisher.hostNames();
  }

  outages(): Outages {
    return this.#publisher.outages;
  }

  followings(): Followings {
    return this.#publisher.followings;
  }

  redisClusters(): ReadonlyMap<string, RedisClusterStatus> {
    return new Map(Array.from(this.#publisher.redisClusters, ([name, known]) => [name, statusOfCluster(known)] as const));
  }

  health(): Seen {
    return this.#publisher.health();
  }

  /** What is published of secrets, and was until lately, in clear; the same object until it changes. */
  secretValues(): SecretValues {
    return this.#publisher.knownSecrets.values();
  }

  /** What these do not get as it is meant, of what is published. */
  findWarningsOfClients(agents: readonly Agents[], withoutSecrets: WithoutSecrets): readonly Warning[] {
    return this.#publisher.review.findWarningsOfClients(agents, withoutSecrets);
  }

  change(change: Change, author: string): Promise<void> {
    return this.#queue.run(async () => {
      await this.#appendStaged({ ...noEdits, clusters: [this.#staging.inventory.check(change)] }, author);
    });
  }

  stage(decide: (declarations: Declarations) => Edits, author: string): Promise<void> {
    return this.#queue.run(async () => {
      await this.#appendStaged(this.#decideEdits(decide), author);
    });
  }

  preview(decide: (declarations: Declarations) => Edits): Promise<Diff> {
    return this.#queue.run(async () => ({ changes: this.#changesOf(this.#decideEdits(decide), 'staged') }));
  }

  discard(
    objects: readonly ObjectRef[] | 'all',
    author: string,
    require?: Precondition,
  ): Promise<readonly ObjectRef[]> {
    return this.#queue.run(async () => {
      require?.(this.#staging);
      const { staged } = this.#staging;
      const isMeant = (each: ObjectRef): boolean => {
        return objects === 'all' || objects.some(({ kind, name }) => kind === each.kind && name === each.name);
      };
      const discarded = staged.filter(isMeant).map(({ kind, name }) => ({ kind, name }));
      if (discarded.length === 0) return [];
      const edits = this.#staging.editsBack(discarded);
      this.#staging.inventory.requireDistinctPrefixes(edits.clusters);
      const deed = { author, atMs: this.#publisher.nowMs() };
      const number = await this.#append({ type: 'discard', ...deed, objects: discarded });
      this.#staging.noteStaged(edits, deed, number);
      return discarded;
    });
  }

  plan(): Promise<Plan> {
    return this.#queue.run(async () => {
      const { edits, revision } = this.#staging;
      await this.#learn(edits);
      const problems = this.#findProblems(edits);
      const prepared = problems.length > 0 ? undefined : this.#publisher.prepare(edits);
      const plan = {
        token: this.#planToken,
        revision,
        changes: this.#changesOf(edits),
        errors: problems.map((message) => ({ code: 'unpublishable', message })),
        guards: this.#findGuarded(edits),
        warnings: prepared === undefined ? [] : this.#publisher.review.findWarningsBefore(prepared, edits),
        resources: prepared === undefined ? [] : this.#publisher.findResourceChangesOf(prepared),
      };
      this.#publisher.followPublished();
      return plan;
    });
  }

  diff(from?: number, to?: number): Promise<Diff> {
    return this.#queue.run(async () => {
      if (from === undefined && to === undefined) return { changes: this.#changesOf(this.#staging.edits) };
      const before = from === undefined ? this.#committed : await this.#old.contentOf(from);
      const after = to === undefined ? applyTo(this.#committed, this.#staging.edits) : await this.#old.contentOf(to);
      return { changes: compareConfigs(before, after) };
    });
  }

  commit(request: CommitRequest): Promise<CommitOutcome> {
    return this.#runCommit(async () => {
      const { author, message = '', force = false, isUnguarded = false, plan, expectedRevision, require } = request;
      require?.(this.#staging);
      this.#requireRevision(expectedRevision);
      if (plan !== undefined && plan !== this.#planToken) {
        throw new ConflictError('stale-plan', 'the plan is stale: what it was made of has changed; plan again');
      }
      const guards = force ? 'pass' : isUnguarded ? 'tell' : 'refuse';
      return this.#commitEdits(this.#staging.edits, { author, message, guards });
    });
  }

  rollback(request: RollbackRequest): Promise<RollbackOutcome> {
    const { author, message, revision, force, expectedRevision, require } = request;
    return this.#runCommit(async () => {
      require?.(this.#staging);
      this.#requireRevision(expectedRevision);
      const rollbackTo = revision ?? this.#old.last;
      const edits = await this.#old.editsBackTo(rollbackTo);
      const text = message ?? `rollback to revision ${rollbackTo}`;
      const guards = force === true ? 'pass' : 'refuse';
      const outcome = await this.#commitEdits(edits, { author, message: text, rollbackTo, guards });
      const rolledBack = new Set(listEdits(edits).map(({ kind, name }) => `${kind} ${name}`));
      const stillStaged = this.#staging.staged
        .filter(({ kind, name }) => rolledBack.has(`${kind} ${name}`))
        .map(({ kind, name }) => ({ kind, name }));
      return { ...outcome, rollbackTo, stillStaged };
    });
  }

  restore({ author, state, message, force = false, require }: RestoreRequest): Promise<RestoreOutcome> {
    return this.#runCommit(async () => {
      require?.(this.#staging);
      const text = message ?? `restored from a backup of revision ${state.revision}`;
      const guards = force ? 'pass' : 'refuse';
      const outcome = await this.#commitRestored(state, { author, message: text, guards });
      await this.#stageRestored(state, author, outcome);
      const staged = this.#staging.staged.map(({ kind, name }) => ({ kind, name }));
      return { ...outcome, restoredRevision: state.revision, staged };
    });
  }

  revisions(before: number, limit: number): Promise<readonly Revision[]> {
    return this.#parts.store.revisions(before, limit);
  }

  content(revision: number): Promise<Config> {
    return this.#queue.run(() => this.#old.contentOf(revision));
  }

  entriesAfter(number: number, limit: number): Promise<readonly NumberedEntry[]> {
    return this.#parts.store.entriesAfter(number, limit);
  }

  order(request: OrderRequest): Promise<OrderOutcome> {
    return this.#queue.run(async () => {
      const { clusters } = this.#publisher;
      const nowMs = this.#publisher.nowMs();
      const entry = decideOrder(request, {
        declared: this.#staging.committedClusters,
        clusters,
        orders: this.#publisher.orders(),
        nowMs,
      });
      if (entry !== undefined) {
        this.#staging.noteOther(await this.#append(entry));
        this.#publisher.keepOrders(withOrder(this.#publisher.orders(), entry));
        this.#publisher.publishNow();
        this.#parts.onOrder?.(entry);
        this.#parts.onEvent?.(orderEvent(entry));
      }
      return { changed: entry !== undefined, order: findOrder(this.#publisher.orders(), request) };
    });
  }

  orders(): Orders {
    return this.#publisher.orders();
  }

  backup(file: string): Promise<void> {
    return this.#parts.store.backup(file);
  }

  /**
   * Publishes what follows from what is seen now, of servers and of host names, and keeps it for the next start.
   * @throws StoreError when it can't be kept: it is published all the same.
   */
  async noteSeen(): Promise<void> {
    // One that waits for its turn will see what there is then.
    if (this.#isNoting) return;
    this.#isNoting = true;
    await this.#queue.run(async () => {
      this.#isNoting = false;
      this.#publisher.publishNow();
      await this.#keepAddresses();
      await this.#kept.keepOutages(this.#publisher.outages);
      await this.#keepFollowed();
    });
  }

  /**
   * Keeps a text for the next start (see LogStore.keepNotes; undefined: none any more), then does what it stands for and
   * publishes what follows.
   * @throws StoreError when it can't be kept, or what follows can't: `apply` was called then, or was not.
   */
  keepNote(name: string, text: string | undefined, apply: () => void): Promise<void> {
    return this.#queue.run(async () => {
      await this.#parts.store.keepNotes(new Map([[name, text]]));
      apply();
      this.#publisher.publishNow();
      await this.#keepFollowed();
    });
  }

  /** Stops what runs by itself; safe to repeat. */
  close(): void {
    this.#publisher.close();
  }

  #runCommit<Outcome extends CommitOutcome>(work: () => Promise<Outcome>): Promise<Outcome> {
    return this.#queue.run(async () => {
      try {
        const outcome = await work();
        this.#parts.onCommitEnd?.(outcome.changed ? 'published' : 'unchanged');
        return outcome;
      } catch (error) {
        this.#publisher.followPublished();
        this.#parts.onCommitEnd?.('failed');
        throw error;
      }
    });
  }

  get #guardShare(): number {
    return this.#parts.guardShare ?? 0.5;
  }

  get #committed(): Config {
    return this.#staging.committed;
  }

  // The number of the last entry stands for all that is staged and committed; the options may be another run's.
  get #planToken(): string {
    const { renderOptions, guardShare } = this.#parts;
    const made = JSON.stringify([this.#staging.lastEntry, renderOptions, guardShare]);
    return createHash('sha256').update(made).digest('hex').slice(0, 32);
  }

  /** The first commit ever publishes even when nothing is staged: it is what lets waiting Envoys start. */
  async #commitEdits(edits: Edits, request: RevisionRequest): Promise<CommitOutcome> {
    const changes = this.#changesOf(edits);
    if (changes.length === 0 && this.#publisher.isPublished) {
      return { changed: false, revision: this.#staging.revision, changes, warnings: [] };
    }
    const askedMs = this.#publisher.nowMs();
    await this.#learn(edits);
    this.#requireUnguarded(edits, request);
    refuse(this.#findProblems(edits));
    const prepared = this.#publisher.prepare(edits);
    const warnings = this.#publisher.review.findWarningsOfStep(prepared, edits);
    await this.#keepAddresses();
    await this.#appendCommit(edits, prepared, request);
    this.#publisher.publish(prepared);
    const { author, message, rollbackTo } = request;
    const told = { revision: this.#staging.revision, author, message, rollbackTo, changes: changes.length };
    this.#parts.onEvent?.(commitEvent(told, askedMs));
    if (request.guards === 'tell' && warnings.length > 0) this.#parts.onStep?.(warnings);
    return { changed: true, revision: this.#staging.revision, changes, warnings };
  }

  // A backup of before the first commit publishes nothing, least of all a first revision.
  async #commitRestored({ revision, committed }: LogState, request: RevisionRequest): Promise<CommitOutcome> {
    const edits = editsBetween(this.#committed, committed);
    if (revision > 0 || listEdits(edits).length > 0) return this.#commitEdits(edits, request);
    return { changed: false, revision: this.#staging.revision, changes: [], warnings: [] };
  }

  // One entry, so that it is there whole or not at all: what is staged as it is committed is not staged.
  async #stageRestored({ staged }: LogState, author: string, { changed, revision }: CommitOutcome): Promise<void> {
    try {
      await this.#appendStaged(this.#staging.editsTo(staged), author);
    } catch (error) {
      if (!changed || !(error instanceof StoreError)) throw error;
      const done = `what was committed is restored as revision ${revision}, but what is staged is not`;
      throw new StoreError(`${done}: ${error.message}`, { cause: error });
    }
  }

  #findGuarded(edits: Edits): Finding[] {
    const { committedClusters } = this.#staging;
    const taken = findGuarded(committedClusters, edits.clusters, this.#guardShare);
    return [
      ...taken,
      ...this.#publisher.review.findLacking(edits).dangerous,
      ...this.#publisher.review.findListenersTaken(edits),
      ...this.#publisher.review.findUnknownNames(edits),
      ...this.#publisher.findUnknownPrimaries(edits),
      ...findMissed(edits.clusters, committedClusters, this.#publisher.orders()),
    ];
  }

  #requireUnguarded(edits: Edits, { guards }: RevisionRequest): void {
    if (guards === 'pass') return;
    const findings = this.#findGuarded(edits);
    if (findings.length === 0) return;
    if (guards === 'tell') {
      this.#parts.onGuarded?.(findings);
      return;
    }
    const reasons = findings.map(({ message }) => message).join('; ');
    throw new ConflictError('guard', `${reasons}: force it if it is meant`, findings);
  }

  #requireRevision(expected: number | undefined): void {
    const { revision } = this.#staging;
    if (expected === undefined || expected === revision) return;
    const reason = `the newest revision is ${revision}, not ${expected}: somebody else has committed`;
    throw new ConflictError('stale-revision', reason);
  }

  // What a name leads to, and who is the primary, must be known before it is published: nothing is taken for want of an
  // answer.
  async #learn(edits: Edits): Promise<void> {
    const names = edits.clusters.flatMap(({ after }) => (after === undefined ? [] : hostNamesOf(after)));
    const learnNames = names.length > 0 && this.#parts.hostNames?.learn(new Set(names), learnLimitMs);
    await Promise.all([learnNames, this.#publisher.learnPrimaries(edits, learnLimitMs)]);
  }

  async #keepAddresses(): Promise<void> {
    const addresses = this.#parts.hostNames?.addresses;
    if (addresses !== undefined) await this.#kept.keepAddresses(addresses);
  }

  #keepFollowed(): Promise<void> {
    const { followings, redisClusters } = this.#publisher;
    return this.#kept.keepFollowed(followings, redisClusters);
  }

  #findProblems(edits: Edits): string[] {
    return [...this.#staging.findTwinPrefixes(edits), ...this.#publisher.review.findProblems(edits)];
  }

  /** @throws InventoryError */
  #decideEdits(decide: (declarations: Declarations) => Edits): Edits {
    const edits = this.#staging.withoutIdle(decide(this.#staging));
    this.#staging.inventory.requireDistinctPrefixes(edits.clusters);
    this.#staging.requireRoom(edits);
    return edits;
  }

  #changesOf(edits: Edits, view: View = 'committed'): ObjectChange[] {
    return listEdits(edits).flatMap(({ kind, name, after }) => {
      return compareObjects(kind, name, this.#staging.get(view, kind, name), after) ?? [];
    });
  }

  async #appendStaged(edits: Edits, author: string): Promise<void> {
    if (areEmpty(edits)) return;
    const deed = { author, atMs: this.#publisher.nowMs() };
    const number = await this.#append({ type: 'stage', ...deed, edits });
    this.#staging.noteStaged(edits, deed, number);
  }

  async #appendCommit(edits: Edits, { draining, routes }: Prepared, request: RevisionRequest): Promise<void> {
    const { author, message, rollbackTo } = request;
    const revision = this.#staging.revision + 1;
    const deed = { author, atMs: this.#publisher.nowMs() };
    const entry: CommitEntry = { type: 'commit', ...deed, revision, message, rollbackTo, edits, draining, routes };
    this.#staging.noteCommitted(entry, await this.#append(entry));
    this.#publisher.keepOrders(this.#publisher.ordersAfter(edits));
  }

  async #append(entry: Entry): Promise<number> {
    const number = await this.#parts.store.append(this.#staging.logEnd, entry);
    if (number === undefined) throw new StoreError('somebody else has written to the log: start again to take it up');
    return number;
  }
}

