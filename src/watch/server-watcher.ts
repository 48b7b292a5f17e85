// Watches one server: a connection that is kept, a look at each interval, and what they come to. One look at a time.

import type { Replication, SeenServer } from '../effective/seen.ts';
import { Connection } from './connection.ts';
import type { Explanation, Target, Trouble } from './connection.ts';
import { LateError, within } from './deadline.ts';
import { readFacts } from './facts.ts';
import type { ServerFacts } from './facts.ts';
import { ReplyError, encodeBatch } from './resp.ts';
import type { Reply } from './resp.ts';
import { offsetOfRole, parseRole } from './role.ts';
import type { Role } from './role.ts';
import { conditionAfter, unknownSince } from './server-state.ts';
import type { Answer, Condition, Outcome } from './server-state.ts';
import type { Unreachable, WatchPlan } from './watched-servers.ts';

export interface ServerWatcherParts {
  /** Asked before each connection. */
  readonly findTarget: () => Target | Unreachable;
  readonly plan: WatchPlan;
  /** Told each time that {@link ServerWatcher.seen} is another. */
  readonly onChange: () => void;
  /** Wall-clock time (Unix, ms). */
  readonly nowMs?: () => number;
}

/** How far it is in the history of its group; undefined: it does not say. */
export interface Progress {
  readonly replicationId: string | undefined;
  /** Of the replication stream, in bytes. */
  readonly offset: number | undefined;
}

/** What a look brought. */
interface Sight {
  readonly role: Role | undefined;
  readonly offset: number | undefined;
  /** Undefined: INFO was not asked for; `untold`: it was, and not answered. */
  readonly facts: ServerFacts | 'untold' | undefined;
}

const fewQuestions = encodeBatch(['PING'], ['ROLE']);
const allQuestions = encodeBatch(['PING'], ['ROLE'], ['INFO']);

// A server that was never heard of may be none of ours: it is asked less and less often.
const longestWaitOfUnknownMs = 30_000;
// So that those of one cluster do not all look at the same moment.
const jitter = 0.1;
const longestFirstWaitMs = 1_000;
// By so much the time of a start that is reckoned from whole seconds may differ from one look to the next.
const startSlackMs = 5_000;
// Looks that are due so close together are made in one go: to wake up for each costs as much as the look itself.
const wakeEveryMs = 10;

export const answerByTrouble: Readonly<Record<Trouble, Answer>> = {
  refused: 'none',
  timeout: 'none',
  closed: 'none',
  'not-redis': 'none',
  busy: 'not-serving',
  // It lives, and does not let us see.
  auth: 'unseen',
  denied: 'unseen',
  tls: 'unseen',
  // Our own fault, or nobody knows whose.
  secret: 'unseen',
  failed: 'unseen',
};

export class ServerWatcher {
  readonly #parts: ServerWatcherParts;
  readonly #nowMs: () => number;
  #plan: WatchPlan;
  #condition: Condition;
  #seen: SeenServer;
  #role: Role | undefined;
  #facts: ServerFacts | undefined;
  #replication: Replication = {};
  #answeredAtMs: number | undefined;
  #startedAtMs: number | undefined;
  #offset: number | undefined;
  #connection: Connection | undefined;
  #infoDueMs = 0;
  /** Looks in turn at a server that is unknown. */
  #vainLooks = 0;
  /** When it was looked at in its turn. */
  #lookedMs = -Infinity;
  #isLooking = false;
  #isLookDue = false;
  #isClosed = false;
  #timer: NodeJS.Timeout;

  /** Begins within the first second. */
  constructor(parts: ServerWatcherParts) {
    this.#parts = parts;
    this.#plan = parts.plan;
    this.#nowMs = parts.nowMs ?? Date.now;
    this.#condition = unknownSince(this.#nowMs());
    this.#seen = this.#describe();
    this.#timer = this.#lookIn(Math.random() * Math.min(this.#plan.intervalMs, longestFirstWaitMs));
  }

  /** The same object from one look to the next. */
  get seen(): SeenServer {
    return this.#seen;
  }

  /**
   * The next look is made at once, or follows the one that is being made. It tells of the role; whether the server is up
   * is told by those that are made in turn, however often it is looked at besides.
   */
  lookNow(): void {
    if (this.#isClosed) return;
    if (this.#isLooking) {
      this.#isLookDue = true;
      return;
    }
    clearTimeout(this.#timer);
    this.#timer = this.#lookIn(0);
  }

  get #isUnheard(): boolean {
    const { state, reason = '' } = this.#condition;
    const trouble = reason.slice(0, reason.indexOf(':')) as Trouble;
    return state === 'unknown' && this.#vainLooks >= this.#plan.downAfter && answerByTrouble[trouble] === 'none';
  }

  get progress(): Progress {
    return { replicationId: this.#facts?.history?.id, offset: this.#offset };
  }

  /** From the next look on. */
  set plan(plan: WatchPlan) {
    this.#plan = plan;
  }

  /** The next look is made on a connection of its own: who asks, or how, is another. */
  reconnect(): void {
    const connection = this.#connection;
    this.#connection = undefined;
    connection?.close();
  }

  /** Safe to repeat. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.reconnect();
  }

  #lookIn(waitMs: number): NodeJS.Timeout {
    return setTimeout(() => void this.#lookAndGoOn(), waitMs).unref();
  }

  // Never rejects.
  async #lookAndGoOn(): Promise<void> {
    this.#isLooking = true;
    const startMs = performance.now();
    const isInTurn = !this.#isTooSoon(startMs);
    if (isInTurn) this.#lookedMs = startMs;
    const outcome = await this.#look();
    this.#isLooking = false;
    if (this.#isClosed) return;
    if (isInTurn) this.#condition = conditionAfter(this.#condition, outcome, this.#plan, this.#nowMs());
    if ('role' in outcome) this.#note(outcome);
    if (isInTurn) this.#vainLooks = this.#condition.state === 'unknown' ? this.#vainLooks + 1 : 0;
    this.#timer = this.#lookIn(this.#isLookDue ? 0 : this.#findWaitMs());
    this.#isLookDue = false;
    const before = this.#seen;
    this.#seen = this.#describe();
    if (!isSame(before, this.#seen)) this.#parts.onChange();
  }

  #describe(): SeenServer {
    const { state, sinceMs, reason } = this.#condition;
    const { product, version } = this.#facts ?? {};
    const told = { role: this.#role?.name, product, version, ...this.#replication };
    return { state, sinceMs, reason, ...told, answeredAtMs: this.#answeredAtMs, isUnheard: this.#isUnheard };
  }

  #findWaitMs(): number {
    const { intervalMs } = this.#plan;
    const longestMs = Math.max(intervalMs, longestWaitOfUnknownMs);
    const meanMs = Math.min(intervalMs * 2 ** Math.max(this.#vainLooks - 3, 0), longestMs);
    const waitMs = meanMs * (1 + jitter * (2 * Math.random() - 1));
    const dueMs = Math.round((this.#lookedMs + waitMs) / wakeEveryMs) * wakeEveryMs;
    return Math.max(dueMs - performance.now(), 0);
  }

  async #look(): Promise<Outcome & Partial<Sight>> {
    const { timeoutMs } = this.#plan;
    try {
      const found = await within(timeoutMs, this.#attempt());
      if (!('trouble' in found)) return { answer: 'serving', ...found };
      this.reconnect();
      return outcomeOf(found);
    } catch (error) {
      const connection = this.#connection;
      if (connection === undefined) return { answer: 'unseen', reason: 'who asks has changed' };
      if (error instanceof LateError) {
        const detail = `${connection.describeLateness()} in ${timeoutMs} ms`;
        this.reconnect();
        return outcomeOf({ trouble: 'timeout', detail });
      }
      const explanation = await connection.explain(error as Error);
      // It may be let in with another password, and is then asked anew.
      if (explanation.trouble !== 'busy') this.reconnect();
      return outcomeOf(explanation);
    }
  }

  async #attempt(): Promise<Sight | Explanation> {
    const kept = this.#connection;
    if (kept?.isOpen === true) {
      try {
        return await this.#ask(kept);
      } catch (error) {
        // Closed while nobody looked: that says nothing of whether it can be connected to.
        if (kept.isOpen || this.#connection !== kept) throw error;
      }
    }
    if (this.#isClosed) throw new Error('it is watched no more');
    const target = this.#parts.findTarget();
    if ('trouble' in target) return target;
    this.reconnect();
    const connection = new Connection(target, this.#plan.timeoutMs);
    this.#connection = connection;
    // It may be another than before.
    this.#infoDueMs = 0;
    await connection.open();
    connection.onEnd(() => this.#noteEnd(connection));
    return this.#ask(connection);
  }

  async #ask(connection: Connection): Promise<Sight | Explanation> {
    const isInfoDue = performance.now() >= this.#infoDueMs;
    if (isInfoDue) this.#noteInfo();
    const [pong, role, given] = await connection.askAll(isInfoDue ? allQuestions : fewQuestions);
    if (pong instanceof ReplyError) throw pong;
    if (pong !== 'PONG') return { trouble: 'not-redis', detail: `PING is answered ${JSON.stringify(pong)}` };
    const told = parseRole(role);
    const isOtherRole = isOther(told, this.#role);
    const info = isInfoDue || !isOtherRole ? given : await this.#askInfo(connection);
    const facts = typeof info === 'string' ? readFacts({ info, role }) : undefined;
    return {
      role: told.name === 'unknown' ? facts?.role : told,
      offset: offsetOfRole(role),
      facts: facts ?? (isInfoDue || isOtherRole ? 'untold' : undefined),
    };
  }

  // Undefined: it does not answer that.
  async #askInfo(connection: Connection): Promise<Reply | undefined> {
    this.#noteInfo();
    return connection.ask('INFO').catch(() => undefined);
  }

  #noteInfo(): void {
    this.#infoDueMs = performance.now() + this.#plan.infoIntervalMs;
  }

  #note({ role, offset, facts }: Partial<Sight>): void {
    this.#role = role ?? this.#role;
    this.#offset = offset;
    this.#answeredAtMs = this.#nowMs();
    if (facts === undefined) {
      this.#replication = { ...this.#replication, follows: this.#role?.follows };
    } else if (facts === 'untold') {
      // What it said before may be that of another run.
      this.#replication = { follows: this.#role?.follows };
    } else {
      this.#facts = facts;
      this.#replication = { ...replicationOf(facts, this.#role), runId: facts.runId ?? this.#findRun(facts) };
    }
  }

  // Dragonfly and Kvrocks have no identifier of a run, and tell how long it lasts.
  #findRun({ uptimeS }: ServerFacts): string | undefined {
    if (uptimeS === undefined) return undefined;
    const [before, startedAtMs] = [this.#startedAtMs, this.#nowMs() - uptimeS * 1_000];
    const isSame = before !== undefined && Math.abs(startedAtMs - before) < startSlackMs;
    if (!isSame) this.#startedAtMs = startedAtMs;
    return `started at ${this.#startedAtMs}`;
  }

  // A hint that something happens there. Who ends each connection is not asked more often for it.
  #noteEnd(connection: Connection): void {
    if (this.#isClosed || this.#isLooking || this.#connection !== connection) return;
    if (this.#isTooSoon(performance.now())) return;
    clearTimeout(this.#timer);
    this.#timer = this.#lookIn(0);
  }

  #isTooSoon(atMs: number): boolean {
    return atMs - this.#lookedMs < this.#plan.intervalMs / 2;
  }
}

function outcomeOf({ trouble, detail }: Explanation): Outcome {
  return { answer: answerByTrouble[trouble], reason: `${trouble}: ${detail}` };
}

function isOther(a: Role, b: Role | undefined): boolean {
  return a.name !== 'unknown' && (a.name !== b?.name || a.follows !== b.follows);
}

function isSame(a: SeenServer, b: SeenServer): boolean {
  return (
    a.state === b.state &&
    a.reason === b.reason &&
    a.role === b.role &&
    a.product === b.product &&
    a.version === b.version &&
    a.isUnheard === b.isUnheard &&
    isSameReplication(a, b)
  );
}

// How far it has come, and how many keys it has exactly, is another at each look.
function isSameReplication(a: Replication, b: Replication): boolean {
  return (
    a.follows === b.follows &&
    a.runId === b.runId &&
    a.history?.id === b.history?.id &&
    a.history?.former?.id === b.history?.former?.id &&
    a.link === b.link &&
    a.isSyncing === b.isSyncing &&
    a.isLoading === b.isLoading &&
    a.priority === b.priority &&
    a.hasLoadedNothing === b.hasLoadedNothing &&
    sizeOf(a) === sizeOf(b)
  );
}

// By powers of two.
function sizeOf({ keys }: Replication): number | undefined {
  return keys === undefined ? undefined : Math.ceil(Math.log2(keys + 1));
}

function replicationOf(facts: ServerFacts, role: Role | undefined): Replication {
  const { history, primaryLink, primarySilentS, isSyncing, isLoading, priority, keys, hasLoadedNothing } = facts;
  return {
    follows: role?.follows,
    history,
    link: primaryLink === 'up' || primaryLink === 'down' ? primaryLink : undefined,
    silentMs: primarySilentS === undefined ? undefined : primarySilentS * 1_000,
    isSyncing,
    isLoading,
    priority,
    keys,
    hasLoadedNothing,
  };
}
