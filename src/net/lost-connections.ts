// Connections that can't be taken: when no file descriptor is left, they are closed without a word to us.

import { closeSync, openSync } from 'node:fs';

import type { Logger } from 'pino';

const lookMs = 2_000;
const quietMs = 60_000;

/** Tells the log that connections are lost and why, once a minute at most. Safe to let go of; it holds no process up. */
export class LostConnections {
  readonly #log: Logger;
  #toldAtMs = -Infinity;

  constructor(log: Logger) {
    this.#log = log;
    setInterval(() => this.#lookForDescriptor(), lookMs).unref();
  }

  /** For the error of a server that listens. */
  readonly note = ({ message }: Error): void => {
    const nowMs = performance.now();
    if (nowMs - this.#toldAtMs < quietMs) return;
    this.#toldAtMs = nowMs;
    this.#log.error({ reason: message }, 'new connections are closed, they cannot be taken');
  };

  #lookForDescriptor(): void {
    try {
      closeSync(openSync('/dev/null', 'r'));
    } catch (error) {
      this.note(error as Error);
    }
  }
}
