// One look at a server: a connection of its own, a few questions, and how it ended. Never throws: whatever a server
// does is an answer.

import type { ConnectionOptions } from 'node:tls';

import { Redis, ReplyError } from 'ioredis';

import { readFacts } from './facts.ts';
import type { ServerFacts } from './facts.ts';
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

export type Look =
  | { readonly facts: ServerFacts; readonly tookMs: number }
  | { readonly trouble: Trouble; readonly detail: string; readonly tookMs: number };

// What servers begin an error with, see Redis's own list of prefixes.
const troubleByPrefix: Readonly<Record<string, Trouble>> = {
  NOAUTH: 'auth',
  WRONGPASS: 'auth',
  LOADING: 'busy',
  MASTERDOWN: 'busy',
  BUSY: 'busy',
  NOPERM: 'denied',
};

// What the library says of every command that had no answer yet.
const closed = 'Connection is closed.';

const maxDetail = 200;

/** @param deadlineMs for connecting, and again for the answers. */
export async function look(target: Target, deadlineMs: number): Promise<Look> {
  const { host, port, tls, credentials } = target;
  const startMs = performance.now();
  const tookMs = (): number => Math.round(performance.now() - startMs);
  const redis = createClient(target, deadlineMs);
  // Without a listener the library writes it on the console.
  let lastError: Error | undefined;
  redis.on('error', (error: Error) => {
    lastError = error;
  });
  try {
    await redis.connect();
    if (credentials !== undefined) await authenticate(redis, credentials);
    const [info, role, save] = await Promise.allSettled([
      redis.info(),
      redis.call('ROLE'),
      redis.call('CONFIG', 'GET', 'save'),
    ]);
    if (info.status === 'rejected') throw info.reason;
    return { facts: readFacts({ info: info.value, role: valueOf(role), save: valueOf(save) }), tookMs: tookMs() };
  } catch (error) {
    // That the connection is closed is all that a command knows.
    const cause = (error as Error).message === closed ? (lastError ?? (error as Error)) : (error as Error);
    const trouble = findTrouble(cause);
    const refusal = trouble === 'closed' && tls && (await findRefusal({ ...tls, host, port }, deadlineMs));
    const aboutTls = tls && describeTlsError(refusal || cause);
    const detail = (aboutTls ?? cause.message).slice(0, maxDetail);
    return { trouble: aboutTls === undefined ? trouble : 'tls', detail, tookMs: tookMs() };
  } finally {
    redis.disconnect();
  }
}

/** One connection, to be opened once. @param deadlineMs for connecting, and for each answer. */
export function createClient({ host, port, tls }: Target, deadlineMs: number): Redis {
  return new Redis({
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
    commandTimeout: deadlineMs,
    // HELLO is unknown to old servers, and CLIENT SETINFO needs a right of its own.
    protocol: 2,
    disableClientInfo: true,
  });
}

// Not by the library, which writes on the console when a server asks for no password: that is no trouble, as Envoy has it.
export async function authenticate(redis: Redis, { username, password }: Credentials): Promise<void> {
  try {
    await redis.call('AUTH', ...(username === undefined ? [] : [username]), password);
  } catch (error) {
    const asksForNone = /without any password|no password is set/u.test((error as Error).message);
    if (!asksForNone) throw error;
  }
}

function valueOf(result: PromiseSettledResult<unknown>): unknown {
  return result.status === 'fulfilled' ? result.value : undefined;
}

export function findTrouble(error: Error): Trouble {
  if (error instanceof ReplyError) return troubleByPrefix[/^-?([A-Z]+)/u.exec(error.message)?.[1] ?? ''] ?? 'failed';
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ECONNREFUSED') return 'refused';
  if (code === 'ECONNRESET' || code === 'EPIPE' || error.message === closed) return 'closed';
  if (code === 'ETIMEDOUT' || /timed out/u.test(error.message)) return 'timeout';
  // The parser's own words: it has no class for it.
  if (error.message.startsWith('Unknown RESP type')) return 'not-redis';
  return 'failed';
}
