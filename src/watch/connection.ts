// One connection to a server, opened and asked, and what it means when that fails.

import type { ConnectionOptions } from 'node:tls';

import { Redis, ReplyError } from 'ioredis';

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

// What the library says of every command that had no answer yet, and of one on a connection that has gone.
const closed = 'Connection is closed.';
const gone = /^Stream isn't writeable/u;

const maxDetail = 200;

// A server that hangs does not answer our end of the connection either.
const disconnectTimeoutMs = 100;

export class Connection {
  readonly #redis: Redis;
  readonly #target: Target;
  readonly #deadlineMs: number;
  #lastError: Error | undefined;
  #wasOpen = false;
  /** When it was asked last. */
  #bytesRead = 0;

  /**
   * @param deadlineMs for connecting.
   * @param answerMs for each answer; undefined: who asks sees to it.
   */
  constructor(target: Target, deadlineMs: number, answerMs?: number) {
    const { host, port, tls } = target;
    this.#target = target;
    this.#deadlineMs = deadlineMs;
    this.#redis = new Redis({
      host,
      port,
      ...(tls !== undefined && { tls }),
      lazyConnect: true,
      // How long to go on is for who looks to say.
      retryStrategy: () => null,
      maxRetriesPerRequest: 0,
      enableOfflineQueue: false,
      enableReadyCheck: false,
      connectTimeout: deadlineMs,
      disconnectTimeout: disconnectTimeoutMs,
      ...(answerMs !== undefined && { commandTimeout: answerMs }),
      // HELLO is unknown to old servers, and CLIENT SETINFO needs a right of its own.
      protocol: 2,
      disableClientInfo: true,
    });
    // Without a listener the library writes it on the console.
    this.#redis.on('error', (error: Error) => {
      this.#lastError = error;
    });
  }

  /** Connected, and not closed since. */
  get isOpen(): boolean {
    return this.#redis.status === 'ready';
  }

  /** Connects, and says who we are. Rejects with what {@link explain} understands. */
  async open(): Promise<void> {
    await this.#redis.connect();
    this.#wasOpen = true;
    const { credentials } = this.#target;
    if (credentials !== undefined) await authenticate(this.#redis, credentials);
  }

  /** Called once when it ends, from whichever side. */
  onEnd(listener: () => void): void {
    this.#redis.once('end', listener);
  }

  /** Rejects with what {@link explain} understands. */
  ask(command: string, ...args: readonly string[]): Promise<unknown> {
    this.#bytesRead = this.#redis.stream.bytesRead;
    return this.#redis.call(command, ...args);
  }

  /** Asks the server once more where that alone can tell. */
  async explain(error: Error): Promise<Explanation> {
    const { host, port, tls } = this.#target;
    // That the connection is closed is all that a command knows.
    const cause = error.message === closed || gone.test(error.message) ? (this.#lastError ?? error) : error;
    const trouble = findTrouble(cause);
    const refusal = trouble === 'closed' && tls && (await findRefusal({ ...tls, host, port }, this.#deadlineMs));
    const aboutTls = tls && describeTlsError(refusal || cause);
    const detail = (aboutTls ?? cause.message).slice(0, maxDetail);
    return { trouble: aboutTls === undefined ? trouble : 'tls', detail };
  }

  /** What a look that took too long has seen of the server. */
  describeLateness(): string {
    if (!this.#wasOpen) return 'no connection';
    return this.#redis.stream.bytesRead > this.#bytesRead ? 'an answer that began and did not end' : 'no answer';
  }

  /** Safe to repeat. */
  close(): void {
    this.#redis.disconnect();
  }
}

// Not by the library, which writes on the console when a server asks for no password: that is no trouble, as Envoy has it.
async function authenticate(redis: Redis, { username, password }: Credentials): Promise<void> {
  try {
    await redis.call('AUTH', ...(username === undefined ? [] : [username]), password);
  } catch (error) {
    const asksForNone = /without any password|no password is set/u.test((error as Error).message);
    if (!asksForNone) throw error;
  }
}

function findTrouble(error: Error): Trouble {
  if (error instanceof ReplyError) return troubleByPrefix[/^-?([A-Z]+)/u.exec(error.message)?.[1] ?? ''] ?? 'failed';
  const { code = '' } = error as NodeJS.ErrnoException;
  if (code === 'ECONNREFUSED') return 'refused';
  if (code === 'ECONNRESET' || code === 'EPIPE' || error.message === closed || gone.test(error.message)) return 'closed';
  if (unanswered.has(code) || /timed out/u.test(error.message)) return 'timeout';
  // The parser's own words: it has no class for it.
  if (error.message.startsWith('Unknown RESP type')) return 'not-redis';
  return 'failed';
}
