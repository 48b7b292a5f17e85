// The database's files as they were opened, against what is at their paths now: SQLite goes on writing into files that
// were deleted, and what it writes there is gone with the process. Knows nothing of what is in them.

import { accessSync, constants, statSync } from 'node:fs';
import { dirname } from 'node:path';

import { StoreError } from './log-store.ts';

export class HeldFiles {
  readonly #path: string;
  readonly #identities = new Map<string, string>();

  /** @param path of the database, which is open. */
  constructor(path: string) {
    this.#path = path;
    this.note();
  }

  /** To be called after a write: SQLite makes the -wal at the first one, and keeps it until it closes. */
  note(): void {
    for (const path of [this.#path, `${this.#path}-wal`]) {
      if (this.#identities.has(path)) continue;
      const identity = identify(path);
      if (identity !== undefined) this.#identities.set(path, identity);
    }
  }

  /**
   * To be called before a write. Throws StoreError when it would go where nobody finds it, or into a directory that may
   * not be written any more, in which the next start would fail; fine once they are back.
   */
  requireInPlace(): void {
    for (const [path, identity] of this.#identities) {
      if (identify(path) === identity) continue;
      const remedy = 'put it back, or stop this control plane and start it again';
      throw new StoreError(`${path} was moved, removed or replaced while it was open, nothing is written: ${remedy}`);
    }
    try {
      accessSync(dirname(this.#path), constants.W_OK | constants.X_OK);
    } catch (error) {
      const reason = (error as Error).message;
      throw new StoreError(`the data directory can't be written any more: ${reason}`, { cause: error });
    }
  }
}

/** Undefined when there is nothing. No other file has the same while one is open, deleted or not. */
function identify(path: string): string | undefined {
  const found = statSync(path, { throwIfNoEntry: false, bigint: true });
  return found && `${found.dev}:${found.ino}`;
}
