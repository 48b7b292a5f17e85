// Who is connected to a server, as it says itself (CLIENT LIST), look by look on one connection: whether what Envoys had
// asked it before it was taken from them is answered. Never throws: whatever a server does is an answer.

import type { Redis } from 'ioredis';

import { parseAddress } from '../net/address.ts';
import { parseIpAddress } from '../net/ip-address.ts';
import { authenticate, createClient, findTrouble } from './look.ts';
import type { Target, Trouble } from './look.ts';

export interface ServerConnection {
  /** Where it comes from, as the server sees it: an IP address in its canonical spelling. */
  readonly host: string;
  /** A command of it is not answered yet: it is blocked, half read, half written, or in a MULTI that is open. */
  readonly isBusy: boolean;
  /** Since its last command, in whole seconds. */
  readonly idleS: number;
  /** Its last command, as the server names it: `get`, `client|list`. */
  readonly command: string;
}

export type ConnectionsLook =
  | {
      /** Without the one that asked, and those of replicas, primaries and monitors. */
      readonly connections: readonly ServerConnection[];
      /** From where the server sees us. */
      readonly ownHost: string | undefined;
    }
  | { readonly trouble: Trouble; readonly detail: string };

/** One server; nothing is asked before the first look. */
export class ConnectionsWatch {
  readonly #target: Target;
  readonly #deadlineMs: number;
  #redis: Redis | undefined;
  #ownId: string | undefined;

  /** @param deadlineMs for connecting, and for each answer. */
  constructor(target: Target, deadlineMs: number) {
    this.#target = target;
    this.#deadlineMs = deadlineMs;
  }

  /** One at a time. */
  async look(): Promise<ConnectionsLook> {
    let lastError: Error | undefined;
    try {
      const redis = (this.#redis ??= await this.#connect((error) => (lastError = error)));
      return readClientList(String(await redis.call('CLIENT', 'LIST')), this.#ownId);
    } catch (error) {
      this.close();
      const cause = (error as Error).message === 'Connection is closed.' ? (lastError ?? (error as Error)) : (error as Error);
      return { trouble: findTrouble(cause), detail: cause.message };
    }
  }

  /** Safe to repeat; another look connects again. */
  close(): void {
    this.#redis?.disconnect();
    this.#redis = undefined;
  }

  async #connect(onError: (error: Error) => void): Promise<Redis> {
    const redis = createClient(this.#target, this.#deadlineMs);
    // Without a listener the library writes it on the console.
    redis.on('error', onError);
    try {
      await redis.connect();
      const { credentials } = this.#target;
      if (credentials !== undefined) await authenticate(redis, credentials);
      this.#ownId = String(await redis.call('CLIENT', 'ID'));
      return redis;
    } catch (error) {
      redis.disconnect();
      throw error;
    }
  }
}

// Replicas, primaries and monitors: nobody's commands.
const others = /[SMO]/u;

/** @param text a line for each connection, of `name=value` pairs (redis.io/commands/client-list). */
export function readClientList(text: string, ownId: string | undefined): ConnectionsLook {
  const rows = text.split('\n').filter((line) => line !== '').map(readFields);
  const own = rows.find(({ id }) => id === ownId);
  const connections = rows.filter((row) => row !== own && !others.test(row['flags'] ?? '')).map(readConnection);
  return { connections, ownHost: own && hostOf(own) };
}

type Row = Readonly<Record<string, string | undefined>>;

function readFields(line: string): Row {
  return Object.fromEntries(Array.from(line.matchAll(/(\S+?)=(\S*)/gu), ([, name = '', value]) => [name, value]));
}

function readConnection(row: Row): ServerConnection {
  const { flags = '', qbuf = '0', obl = '0', oll = '0', multi = '-1', idle = '0', cmd = '' } = row;
  const isBusy = /[bux]/u.test(flags) || [qbuf, obl, oll].some((each) => Number(each) > 0) || Number(multi) >= 0;
  return { host: hostOf(row) ?? 'unknown', isBusy, idleS: Number(idle), command: cmd };
}

// A unix socket has a path.
function hostOf({ addr = '' }: Row): string | undefined {
  try {
    const { host } = parseAddress(addr);
    return parseIpAddress(host);
  } catch {
    return undefined;
  }
}
