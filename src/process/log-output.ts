// Standard output for the log, never waited for: a reader that does not read, or a full disk, holds nothing up.
// Whole lines in; what can't be written at once is kept within a bound, past that dropped and counted.
// Why: docs/adr/0020-back-by-itself.md.

import { constants, fstatSync, openSync, writeSync } from 'node:fs';
import { isatty } from 'node:tty';

/** Where log lines go. */
export interface LogOutput {
  readonly isTerminal: boolean;
  /** Whether it shows colours; false on anything but a terminal. */
  readonly hasColors: boolean;
  /** Set by the logger; called when lines can be written again of which some were dropped. */
  onResumed?: (droppedLines: number) => void;
  /** Takes one entry, whole, with its newline. Never throws, never waits. */
  write(entry: string): void;
}

const standardOutput = 1;
const maxHeldBytes = 1_048_576;
const retryMs = 100;

// A reader that is slow gets the last lines before an exit too; one that takes nothing for so long does not.
const exitPatienceMs = 300;
const exitBoundMs = 2_000;
const exitRetryMs = 5;

export class StandardOutput implements LogOutput {
  readonly isTerminal = isatty(standardOutput);
  readonly hasColors = this.isTerminal && process.stdout.hasColors();
  onResumed?: (droppedLines: number) => void;
  readonly #fd = openNonBlocking(standardOutput);
  // The oldest first; of the first one maybe only the rest.
  readonly #held: Buffer[] = [];
  #heldBytes = 0;
  #droppedLines = 0;
  #untoldLines = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor() {
    process.on('exit', () => this.#flushBeforeExit());
  }

  /** Log entries that were dropped since the start. */
  get droppedLines(): number {
    return this.#droppedLines;
  }

  write(entry: string): void {
    this.#flush();
    const bytes = Buffer.from(entry);
    if (this.#heldBytes + bytes.length > maxHeldBytes) {
      this.#droppedLines += 1;
      this.#untoldLines += 1;
    } else {
      this.#held.push(bytes);
      this.#heldBytes += bytes.length;
      this.#flush();
    }
    if (this.#heldBytes > 0) this.#retryLater();
  }

  #retryLater(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#flush();
      if (this.#heldBytes > 0) this.#retryLater();
    }, retryMs).unref();
  }

  /** Writes what it can; gives the error that stopped it, if any. */
  #flush(): NodeJS.ErrnoException | undefined {
    try {
      for (let first = this.#held[0]; first !== undefined; first = this.#held[0]) {
        const written = writeSync(this.#fd, first);
        this.#heldBytes -= written;
        if (written === first.length) this.#held.shift();
        else this.#held[0] = first.subarray(written);
      }
    } catch (error) {
      return error as NodeJS.ErrnoException;
    }
    if (this.#untoldLines > 0) this.#tellDropped();
    return undefined;
  }

  #tellDropped(): void {
    const lines = this.#untoldLines;
    this.#untoldLines = 0;
    this.onResumed?.(lines);
  }

  #flushBeforeExit(): void {
    const pause = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
    const endsAtMs = performance.now() + exitBoundMs;
    let patienceMs = exitPatienceMs;
    while (patienceMs > 0 && performance.now() < endsAtMs) {
      const before = this.#heldBytes;
      if (this.#flush()?.code !== 'EAGAIN') return;
      patienceMs = this.#heldBytes < before ? exitPatienceMs : patienceMs - exitRetryMs;
      Atomics.wait(pause, 0, 0, exitRetryMs);
    }
  }
}

/**
 * A descriptor of the same file that does not block. A pipe and a terminal are opened anew, since to make them
 * non-blocking as they are would make them so for every process that shares them. Files don't block.
 */
function openNonBlocking(fd: number): number {
  const kind = fstatSync(fd);
  try {
    if (kind.isFIFO() || kind.isCharacterDevice()) {
      return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    }
  } catch {
    // Another user's, or not on Linux.
  }
  // Node makes a pipe or a socket non-blocking, as it is, when it makes its stream.
  return process.stdout.fd;
}
