// Hears what a server tells its subscribers: a connection of its own, made again when it ends. What is told while it is
// not there is lost, so that it is good for hints alone.

import { Connection } from './connection.ts';
import type { Target } from './connection.ts';
import { within } from './deadline.ts';
import type { Unreachable } from './watched-servers.ts';

export class Subscription {
  readonly #onMessage: (channel: string, payload: string) => void;
  #connection: Connection | undefined;
  #isBusy = false;
  #trouble: string | undefined;

  /** Nothing is connected to before the first beat. @param onMessage told of each message of each channel. */
  constructor(onMessage: (channel: string, payload: string) => void) {
    this.#onMessage = onMessage;
  }

  /** Why nothing is heard, one line; undefined: all is, or it was not tried yet. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  /**
   * Sees to it that it is there, and lives; never rejects. To be called again and again.
   * @param findTarget asked before each connection.
   */
  async beat(findTarget: () => Target | Unreachable, limitMs: number): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      const kept = this.#connection;
      // A subscriber may ask PING: a server that has gone without a word does not answer.
      if (kept?.isOpen === true) await this.#try(kept, () => kept.ask('PING'), limitMs);
      else await this.#connect(findTarget(), limitMs);
    } finally {
      this.#isBusy = false;
    }
  }

  /** Safe to repeat; another beat connects again. */
  close(): void {
    const connection = this.#connection;
    this.#connection = undefined;
    connection?.close();
  }

  async #connect(target: Target | Unreachable, limitMs: number): Promise<void> {
    this.close();
    if ('trouble' in target) {
      this.#trouble = target.detail;
      return;
    }
    const connection = new Connection(target, limitMs);
    this.#connection = connection;
    const begin = async (): Promise<unknown> => {
      await connection.open();
      connection.onMessage(this.#onMessage);
      return connection.ask('PSUBSCRIBE', '*');
    };
    await this.#try(connection, begin, limitMs);
  }

  async #try(connection: Connection, work: () => Promise<unknown>, limitMs: number): Promise<void> {
    try {
      await within(limitMs, work());
      this.#trouble = undefined;
    } catch (error) {
      if (this.#connection !== connection) return;
      this.close();
      this.#trouble = (await connection.explain(error as Error)).detail;
    }
  }
}
