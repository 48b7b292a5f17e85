// Connections that end before anything is asked on them: no TLS where it is wanted, TLS where there is none, a
// certificate that is not taken. Who comes again and again must not fill the log.

import type { Logger } from 'pino';

const quietMs = 60_000;

interface Told {
  atMs: number;
  /** Since then. */
  more: number;
}

export class RefusedConnections {
  readonly #log: Logger;
  readonly #port: string;
  readonly #now: () => number;
  readonly #told = new Map<string, Told>();

  /**
   * @param port as the log has it: `xds` or `api`.
   * @param now in milliseconds.
   */
  constructor(log: Logger, port: string, now: () => number = () => performance.now()) {
    this.#log = log;
    this.#port = port;
    this.#now = now;
  }

  /** Logs it: each reason once a minute at most, with how many there were of it since. @param reason one of few. */
  note(peer: string, reason: string): void {
    const nowMs = this.#now();
    const told = this.#told.get(reason);
    if (told !== undefined && nowMs - told.atMs < quietMs) {
      told.more += 1;
      return;
    }
    this.#told.set(reason, { atMs: nowMs, more: 0 });
    this.#log.warn({ port: this.#port, peer, reason, ...(told && { more: told.more }) }, 'connection refused');
  }
}
