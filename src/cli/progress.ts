// Progress on standard error: one line that is rewritten on a terminal, now and then a line elsewhere.

/** Where progress is shown: standard error. */
export interface ProgressOutput {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

// In a log, more lines would hide the rest. The last one of each second is shown when it is over.
const lineEveryMs = 1_000;
const clearLine = '\r\u001b[K';

export class ProgressLine {
  readonly #output: ProgressOutput;
  #nextLineAtMs = -Infinity;
  #withheld = '';
  #timer: NodeJS.Timeout | undefined;

  constructor(output: ProgressOutput) {
    this.#output = output;
  }

  /** @param nowMs by the monotonic clock. */
  show(text: string, nowMs: number = performance.now()): void {
    if (this.#output.isTTY === true) {
      this.#output.write(`${clearLine}${text}`);
    } else if (nowMs >= this.#nextLineAtMs) {
      this.#forgetWithheld();
      this.#nextLineAtMs = nowMs + lineEveryMs;
      this.#output.write(`${text}\n`);
    } else {
      this.#withheld = text;
      this.#timer ??= setTimeout(() => this.show(this.#withheld, this.#nextLineAtMs), this.#nextLineAtMs - nowMs);
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
