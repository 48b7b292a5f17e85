// One connection to a server, opened and asked, and what it means when that fails. Of our own making: a thousand of a
// library's took more memory and time than watching may (docs/adr/0033).

import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { ConnectionOptions } from 'node:tls';

import { NotRespError, ReplyError, ReplyReader, encodeBatch } from './resp.ts';
import type { Batch, Reply } from './resp.ts';
import { describeTlsError, findRefusal } from './tls-trouble.ts';

/** Who is asked, and how. */
export interface Target {
  /** An IP address or a host name. */
  readonly host: string;
  readonly port: number;
  /** Undefined: without TLS. */
  readonly tls?: ConnectionOptions | undefined;
  readonly credentials?: Credentials | undefined;
}

/** As whom; without a name as the default user. */
export interface Credentials {
  readonly username?: string | undefined;
  readonly password: string;
}

/**
 * Why there are no facts. `secret`: one that it is to be asked with can't be used, and it was not asked; `refused`:
 * nobody listens there; `timeout`: no answer in time; `closed`: it hung up; `tls`: one of both does not take the other's
 * certificate; `not-redis`: its answer is no RESP; `auth`: it wants a password, or another one; `busy`: it is there, and
 * does not serve (LOADING, MASTERDOWN, a script that does not end); `denied`: it does not let us ask; `failed`: anything
 * else.
 */
export type Trouble =
  | 'secret'
  | 'refused'
  | 'timeout'
  | 'closed'
  | 'tls'
  | 'not-redis'
  | 'auth'
  | 'busy'
  | 'denied'
  | 'failed';

export interface Explanation {
  readonly trouble: Trouble;
  /** One line. */
  readonly detail: string;
}

// What servers begin an error with, see Redis's own list of prefixes.
const troubleByPrefix: Readonly<Record<string, Trouble>> = {
  NOAUTH: 'auth',
  WRONGPASS: 'auth',
  LOADING: 'busy',
  MASTERDOWN: 'busy',
  BUSY: 'busy',
  NOPERM: 'denied',
};

// The network's own words for a host that does not answer.
const unanswered = new Set(['ETIMEDOUT', 'EHOSTUNREACH', 'EHOSTDOWN']);

const maxDetail = 200;

// All connections read into it, one after the other: what a read brings is taken before the next one. Node's own way
// takes as much anew for each read, and the collector pays for it.
const readBuffer = Buffer.allocUnsafeSlow(64 * 2 ** 10);

/** All that a command without an answer knows when its connection ends. */
class ClosedError extends Error {
  override readonly name = 'ClosedError';

  constructor() {
    super('the connection was closed');
  }
}

class NoAnswerError extends Error {
  override readonly name = 'NoAnswerError';
}

/** A batch whose answers are awaited. */
interface Asked {
  readonly count: number;
  /** Those that have come. */
  readonly replies: Reply[];
  readonly resolve: (replies: readonly Reply[]) => void;
  readonly reject: (error: Error) => void;
}

export class Connection {
  readonly #target: Target;
  readonly #deadlineMs: number;
  readonly #answerMs: number | undefined;
  readonly #reader = new ReplyReader();
  /** Oldest first. */
  readonly #asked: Asked[] = [];
  #socket: Socket | undefined;
  #isOpen = false;
  #wasOpen = false;
  #lastError: Error | undefined;
  /** When it was asked last. */
  #bytesRead = 0;
  #onEnd: (() => void) | undefined;
  #onMessage: ((channel: string, payload: string) => void) | undefined;

  /**
   * @param deadlineMs for connecting.
   * @param answerMs for each answer; undefined: who asks sees to it.
   */
  constructor(target: Target, deadlineMs: number, answerMs?: number) {
    this.#target = target;
    this.#deadlineMs = deadlineMs;
    this.#answerMs = answerMs;
  }

  /** Connected, and not closed since. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Connects, and says who we are; once. Rejects with what {@link explain} understands. */
  async open(): Promise<void> {
    await this.#connect();
    const { credentials } = this.#target;
    if (credentials !== undefined) await this.#authenticate(credentials);
  }

  /** Called once when it ends, from whichever side. */
  onEnd(listener: () => void): void {
    this.#onEnd = listener;
  }

  /** Called with each message of a channel that it has subscribed to by a pattern (PSUBSCRIBE), in order. */
  onMessage(listener: (channel: string, payload: string) => void): void {
    this.#onMessage = listener;
  }

  /** Gives an answer that is no error. Rejects with what {@link explain} understands. */
  async ask(...words: readonly string[]): Promise<Reply> {
    const [reply = null] = await this.askAll(encodeBatch(words));
    if (reply instanceof ReplyError) throw reply;
    return reply;
  }

  /**
   * Gives the answers in order, errors among them; only those that came, when it ends, or time is up, before all have.
   * Rejects when there is none, with what {@link explain} understands.
   */
  askAll({ text, count }: Batch): Promise<readonly Reply[]> {
    const socket = this.#socket;
    if (!this.#isOpen || socket === undefined) return Promise.reject(new ClosedError());
    this.#bytesRead = socket.bytesRead;
    socket.write(text);
    const { promise, resolve, reject } = Promise.withResolvers<readonly Reply[]>();
    const asked: Asked = { count, replies: [], resolve, reject };
    this.#asked.push(asked);
    if (this.#answerMs === undefined) return promise;
    const timer = setTimeout(() => giveUp(asked, new NoAnswerError('no answer in time')), this.#answerMs);
    return promise.finally(() => clearTimeout(timer));
  }

  /** Asks the server once more where that alone can tell. */
  async explain(error: Error): Promise<Explanation> {
    const { host, port, tls } = this.#target;
    const cause = error instanceof ClosedError ? (this.#lastError ?? error) : error;
    const trouble = findTrouble(cause);
    const refusal = trouble === 'closed' && tls && (await findRefusal({ ...tls, host, port }, this.#deadlineMs));
    const aboutTls = tls && describeTlsError(refusal || cause);
    const detail = (aboutTls ?? cause.message).slice(0, maxDetail);
    return { trouble: aboutTls === undefined ? trouble : 'tls', detail };
  }

  /** What a look that took too long has seen of the server. */
  describeLateness(): string {
    if (!this.#wasOpen) return 'no connection';
    const isBegun = (this.#socket?.bytesRead ?? 0) > this.#bytesRead;
    return isBegun ? 'an answer that began and did not end' : 'no answer';
  }

  /** Safe to repeat. */
  close(): void {
    this.#socket?.destroy();
    this.#end();
  }

  #connect(): Promise<void> {
    const { host, port, tls } = this.#target;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const onread = { buffer: readBuffer, callback: (count: number) => this.#take(readBuffer.subarray(0, count)) };
    const address = { host, port, noDelay: true, onread };
    const socket = tls === undefined ? connect(address) : connectTls({ ...address, ...tls });
    this.#socket = socket;
    const timer = setTimeout(() => socket.destroy(new NoAnswerError('connecting timed out')), this.#deadlineMs);
    socket.once(tls === undefined ? 'connect' : 'secureConnect', () => {
      this.#isOpen = true;
      this.#wasOpen = true;
      clearTimeout(timer);
      resolve();
    });
    socket.on('error', (error) => {
      this.#lastError ??= error;
    });
    socket.once('close', () => {
      clearTimeout(timer);
      reject(new ClosedError());
      this.#end();
    });
    return promise;
  }

  /** True: more is wanted. @param chunk valid until it returns. */
  #take(chunk: Buffer): boolean {
    try {
      for (const reply of this.#reader.take(chunk)) this.#answer(reply);
      return true;
    } catch (error) {
      this.#socket?.destroy(error as Error);
      return false;
    }
  }

  #answer(reply: Reply): void {
    if (this.#onMessage !== undefined && isMessage(reply)) {
      this.#onMessage(reply[2], reply[3]);
      return;
    }
    const [asked] = this.#asked;
    // Nobody asked: as one that lets nobody in says why before it hangs up.
    if (asked === undefined) this.#lastError ??= reply instanceof ReplyError ? reply : undefined;
    else if (asked.replies.push(reply) === asked.count) this.#asked.shift()?.resolve(asked.replies);
  }

  #end(): void {
    const wasOpen = this.#isOpen;
    this.#isOpen = false;
    for (const asked of this.#asked.splice(0)) giveUp(asked, new ClosedError());
    if (wasOpen) this.#onEnd?.();
  }

  // That a server asks for no password is no trouble, as Envoy has it.
  async #authenticate({ username, password }: Credentials): Promise<void> {
    try {
      await this.ask('AUTH', ...(username === undefined ? [] : [username]), password);
    } catch (error) {
      const asksForNone = /without any password|no password is set/u.test((error as Error).message);
      if (!asksForNone) throw error;
    }
  }
}

// Most of what a server is asked tells something without the rest.
function giveUp({ replies, resolve, reject }: Asked, error: Error): void {
  if (replies.length > 0) resolve([...replies]);
  else reject(error);
}

// As RESP2 has them, between the answers to what was asked.
function isMessage(reply: Reply): reply is readonly [kind: 'pmessage', pattern: string, channel: string, payload: string] {
  if (!Array.isArray(reply) || reply.length !== 4) return false;
  return reply[0] === 'pmessage' && reply.every((each) => typeof each === 'string');
}

function findTrouble(error: Error): Trouble {
  if (error instanceof ReplyError) return troubleByPrefix[/^([A-Z]+)/u.exec(error.message)?.[1] ?? ''] ?? 'failed';
  if (error instanceof NotRespError) return 'not-redis';
  const { code = '' } = error as NodeJS.ErrnoException;
  if (code === 'ECONNREFUSED') return 'refused';
  if (code === 'ECONNRESET' || code === 'EPIPE' || error instanceof ClosedError) return 'closed';
  return unanswered.has(code) || error instanceof NoAnswerError ? 'timeout' : 'failed';
}
