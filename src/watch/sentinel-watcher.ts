// Asks one Sentinel about one group of servers, again and again, and listens to what it tells: what counts is what it
// answers, and its events are hints to ask it (docs/adr/0036). One look at a time.

import type { SeenSentinel } from '../effective/seen.ts';
import { Connection } from './connection.ts';
import type { Target } from './connection.ts';
import { LateError, within } from './deadline.ts';
import { ReplyError } from './resp.ts';
import type { Reply } from './resp.ts';
import { Ballot } from './sentinel-ballot.ts';
import { isTilted, readMessage, readOpinion } from './sentinel-answers.ts';
import type { Dialed, SentinelMessage } from './sentinel-answers.ts';
import { Subscription } from './subscription.ts';
import type { Unreachable } from './watched-servers.ts';

export interface SentinelPlan {
  readonly intervalMs: number;
  /** For a look, connecting included. */
  readonly timeoutMs: number;
}

export interface SentinelWatcherParts {
  /** The name of the group. */
  readonly master: string;
  /** Asked before each connection. */
  readonly findTarget: () => Target | Unreachable;
  readonly dialed: Dialed;
  readonly plan: SentinelPlan;
  /** Told each time that {@link SentinelWatcher.seen} is another. */
  readonly onChange: () => void;
  /** Told of each event that is about the group, or about none. */
  readonly onMessage: (message: SentinelMessage) => void;
  /** Wall-clock time (Unix, ms). */
  readonly nowMs?: () => number;
}

/** What a look brought. */
type Sight = Pick<SeenSentinel, 'opinion' | 'isNameUnknown' | 'isTilted'>;

const noName: Sight = { isNameUnknown: true };

export class SentinelWatcher {
  readonly #parts: SentinelWatcherParts;
  readonly #nowMs: () => number;
  readonly #subscription: Subscription;
  readonly #ballot: Ballot;
  #plan: SentinelPlan;
  #connection: Connection | undefined;
  #id: string | undefined;
  #sight: Sight = {};
  /** Looks in turn. */
  #failures = 0;
  #failure: SeenSentinel['failure'];
  #answeredAtMs: number | undefined;
  #lookedMs = 0;
  #isLooking = false;
  #isLookDue = false;
  #isClosed = false;
  #timer: NodeJS.Timeout;

  /** Begins at once. */
  constructor(parts: SentinelWatcherParts) {
    this.#parts = parts;
    this.#plan = parts.plan;
    this.#nowMs = parts.nowMs ?? Date.now;
    this.#ballot = new Ballot(parts.dialed, () => this.#id, () => this.#parts.onChange());
    this.#subscription = new Subscription((event, payload) => this.#hear(readMessage(event, payload)));
    this.#timer = this.#lookIn(0);
  }

  get seen(): SeenSentinel {
    const { votes, selected } = this.#ballot;
    const heard = { deafness: this.#subscription.trouble, votes, selected };
    return { ...this.#sight, answeredAtMs: this.#answeredAtMs, failure: this.#failure, id: this.#id, ...heard };
  }

  /** From the next look on. */
  set plan(plan: SentinelPlan) {
    this.#plan = plan;
  }

  /** The next look is made at once, or follows the one that is being made. */
  lookNow(): void {
    if (this.#isClosed) return;
    if (this.#isLooking) {
      this.#isLookDue = true;
      return;
    }
    clearTimeout(this.#timer);
    this.#timer = this.#lookIn(0);
  }

  /** The next look is made on connections of its own: who asks, or how, is another. */
  reconnect(): void {
    this.#disconnect();
    this.#subscription.close();
  }

  /** Safe to repeat. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#ballot.close();
    this.reconnect();
  }

  #lookIn(waitMs: number): NodeJS.Timeout {
    return setTimeout(() => void this.#lookAndGoOn(), waitMs).unref();
  }

  // Never rejects.
  async #lookAndGoOn(): Promise<void> {
    this.#isLooking = true;
    this.#lookedMs = performance.now();
    const before = this.#describe();
    const found = await this.#look();
    this.#isLooking = false;
    if (this.#isClosed) return;
    this.#note(found);
    const waitMs = Math.max(this.#lookedMs + this.#plan.intervalMs - performance.now(), 0);
    this.#timer = this.#lookIn(this.#isLookDue ? 0 : waitMs);
    this.#isLookDue = false;
    if (this.#describe() !== before) this.#parts.onChange();
  }

  /** @returns what was found, or one line on why nothing was. */
  async #look(): Promise<Sight | string> {
    const { timeoutMs } = this.#plan;
    void this.#subscription.beat(this.#parts.findTarget, timeoutMs);
    try {
      return await within(timeoutMs, this.#attempt());
    } catch (error) {
      const connection = this.#connection;
      if (connection === undefined) return 'who asks has changed';
      this.#disconnect();
      if (error instanceof LateError) return `${connection.describeLateness()} in ${timeoutMs} ms`;
      const { trouble, detail } = await connection.explain(error as Error);
      return trouble === 'failed' ? detail : `${trouble}: ${detail}`;
    }
  }

  async #attempt(): Promise<Sight | string> {
    const kept = this.#connection;
    if (kept?.isOpen === true) {
      try {
        return await this.#ask(kept);
      } catch (error) {
        // Closed while nobody looked: that says nothing of whether it can be connected to.
        if (kept.isOpen || this.#connection !== kept) throw error;
      }
    }
    if (this.#isClosed) throw new Error('it is asked no more');
    const target = this.#parts.findTarget();
    if ('trouble' in target) return target.detail;
    this.#disconnect();
    const connection = new Connection(target, this.#plan.timeoutMs);
    this.#connection = connection;
    await connection.open();
    const id = await settle(connection.ask('SENTINEL', 'MYID'));
    this.#id = typeof id === 'string' ? id : undefined;
    return this.#ask(connection);
  }

  async #ask(connection: Connection): Promise<Sight> {
    const { master: name, dialed } = this.#parts;
    const [named, master, ...others] = await Promise.allSettled([
      connection.ask('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', name),
      connection.ask('SENTINEL', 'MASTER', name),
      settle(connection.ask('SENTINEL', 'REPLICAS', name)),
      settle(connection.ask('SENTINEL', 'SENTINELS', name)),
      settle(connection.ask('INFO', 'sentinel')),
    ]);
    if (named.status === 'rejected') throw named.reason;
    if (named.value === null) return noName;
    if (master.status === 'rejected') throw master.reason;
    const [replicas, sentinels, info] = others.map((each) => (each.status === 'fulfilled' ? each.value : undefined));
    const opinion = readOpinion({ named: named.value, master: master.value, replicas, sentinels }, dialed);
    if (opinion === undefined) throw new Error(`it names nobody: ${JSON.stringify(named.value)}`);
    return { opinion, isTilted: isTilted(info) };
  }

  // What it said last stays its opinion: who counts it looks whether it is still there. One look that fails is no news.
  #note(found: Sight | string): void {
    if (typeof found !== 'string') {
      this.#sight = found;
      this.#failures = 0;
      this.#failure = undefined;
      this.#answeredAtMs = this.#nowMs();
      return;
    }
    this.#failures += 1;
    const isNews = this.#failures > 1 || this.#answeredAtMs === undefined;
    if (!isNews || this.#failure?.reason === found) return;
    this.#failure = { reason: found, sinceMs: this.#failure?.sinceMs ?? this.#nowMs() };
  }

  #hear(message: SentinelMessage): void {
    if (this.#isClosed || (message.master !== undefined && message.master !== this.#parts.master)) return;
    this.#ballot.note(message);
    this.#parts.onMessage(message);
  }

  #describe(): string {
    return JSON.stringify([this.#sight, this.#failure, this.#id, this.#subscription.trouble]);
  }

  #disconnect(): void {
    const connection = this.#connection;
    this.#connection = undefined;
    connection?.close();
  }
}

/** What is refused is not there. */
async function settle(answer: Promise<Reply>): Promise<Reply | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ReplyError) return undefined;
    throw error;
  }
}
