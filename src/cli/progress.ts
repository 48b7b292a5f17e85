// Progress on standard error: one line that is rewritten on a terminal; elsewhere, when it takes long, a line a second.

/** Where progress is shown: standard error. */
export interface ProgressOutput {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

// In a log, more lines would hide the rest: the last one of each second is shown when it is over, from the first on.
const lineEveryMs = 1_000;
const clearLine = '\r\u001b[K';

export class ProgressLine {
  readonly #output: ProgressOutput;
  #nextLineAtMs: number | undefined;
  #withheld = '';
  #timer: NodeJS.Timeout | undefined;

  constructor(output: ProgressOutput) {
    this.#output = output;
  }

  /** @param nowMs by the monotonic clock. */
  show(text: string, nowMs: number = performance.now()): void {
    if (this.#output.isTTY === true) {
      this.#output.write(`${clearLine}${text}`);
      return;
    }
    const nextLineAtMs = (this.#nextLineAtMs ??= nowMs + lineEveryMs);
    if (nowMs >= nextLineAtMs) {
      this.#forgetWithheld();
      this.#nextLineAtMs = nowMs + lineEveryMs;
      this.#output.write(`${text}\n`);
    } else {
      this.#withheld = text;
      this.#timer ??= setTimeout(() => this.show(this.#withheld, nextLineAtMs), nextLineAtMs - nowMs);
    }
  }

  /** Makes room for what comes instead; to be called at the end. */
  clear(): void {
    this.#forgetWithheld();
    if (this.#output.isTTY === true) this.#output.write(clearLine);
  }

  #forgetWithheld(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
