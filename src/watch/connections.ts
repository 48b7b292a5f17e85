// Who is connected to a server, as it says itself (CLIENT LIST), look by look on one connection: whether what Envoys
// had asked it before it was taken from them is answered. Never throws: whatever a server does is an answer.

import { parseAddress } from '../net/address.ts';
import { parseIpAddress } from '../net/ip-address.ts';
import { Connection } from './connection.ts';
import type { Explanation, Target } from './connection.ts';

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
  | Explanation;

/** One server; nothing is asked before the first look. */
export class ConnectionsWatch {
  readonly #target: Target;
  readonly #deadlineMs: number;
  #connection: Connection | undefined;
  #ownId: string | undefined;

  /** @param deadlineMs for connecting, and for each answer. */
  constructor(target: Target, deadlineMs: number) {
    this.#target = target;
    this.#deadlineMs = deadlineMs;
  }

  /** One at a time. */
  async look(): Promise<ConnectionsLook> {
    const connection = this.#connection ?? new Connection(this.#target, this.#deadlineMs, this.#deadlineMs);
    try {
      if (this.#connection === undefined) {
        this.#connection = connection;
        await connection.open();
        this.#ownId = String(await connection.ask('CLIENT', 'ID'));
      }
      return readClientList(String(await connection.ask('CLIENT', 'LIST')), this.#ownId);
    } catch (error) {
      const explanation = await connection.explain(error as Error);
      this.close();
      return explanation;
    }
  }

  /** Safe to repeat; another look connects again. */
  close(): void {
    this.#connection?.close();
    this.#connection = undefined;
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
