// What a promotion asks of servers: the port. Its twin for tests is a stand-in; redis-acts.ts does it.

import type { Standing } from './standing.ts';

/**
 * On the servers of one cluster, each named ADDRESS:PORT as Envoys dial it. Every act but {@link Acts.look} rejects
 * with {@link ActError} when the server did not do it, or did not say so in time: it may have done it all the same.
 */
export interface Acts {
  /** What it says of itself; one line on why it can't be asked otherwise. Never rejects. */
  look(server: string): Promise<Standing | { readonly problem: string }>;
  /** Commands that write wait, those that read go on; for so long, from now (CLIENT PAUSE WRITE). */
  pauseWrites(server: string, ms: number): Promise<void>;
  /** Those that wait go on. */
  unpause(server: string): Promise<void>;
  /** Ends the connections of its clients; those of replicas stay. */
  killClients(server: string): Promise<void>;
  /** It is to follow nobody any more. */
  promote(server: string): Promise<void>;
  /** It is to follow `primary`, and to take its data in place of its own. */
  follow(server: string, primary: string): Promise<void>;
  /** Dragonfly: the replica is to take its primary's place, when it has all of it. */
  takeOver(server: string, limitMs: number): Promise<void>;
  /** How it is known that Sentinels watch it, in a few words; undefined: they do not, or it does not tell. */
  findSentinels(server: string): Promise<string | undefined>;
  /** A Sentinel is told to fail over; gives which one. */
  failOver(): Promise<string>;
  /** Safe to repeat. */
  close(): void;
}

/** The server did not do it; `message` is one line, without its name. */
export class ActError extends Error {
  override readonly name = 'ActError';
}

export function isStanding(looked: Standing | { readonly problem: string }): looked is Standing {
  return !('problem' in looked);
}
