// How much of the log clients may fill: a client can repeat what is logged as fast as it can send.

/** What was not logged in a while. */
export interface LeftOut {
  readonly lines: number;
  /** How many streams had something to say that was left out. */
  readonly streams: number;
  readonly windowMs: number;
}

export interface LineBounds {
  /** For so long lines are counted together. Default 10,000. */
  readonly windowMs?: number;
  /** Of one stream. Default 10. */
  readonly perStream?: number;
  /** Of all streams. Default 1,000: a fleet that refuses a push has more, and status tells of all. */
  readonly total?: number;
}

export class LineBudget {
  readonly #windowMs: number;
  readonly #perStream: number;
  readonly #total: number;
  readonly #onLeftOut: (leftOut: LeftOut) => void;
  // Of this window.
  #asked = new Map<object, number>();
  #written = 0;
  #leftOut = 0;
  readonly #streamsLeftOut = new Set<object>();
  #timer: NodeJS.Timeout | undefined;

  /** @param onLeftOut told at the end of a window in which lines were left out. */
  constructor(
    onLeftOut: (leftOut: LeftOut) => void,
    { windowMs = 10_000, perStream = 10, total = 1_000 }: LineBounds = {},
  ) {
    this.#onLeftOut = onLeftOut;
    this.#windowMs = windowMs;
    this.#perStream = perStream;
    this.#total = total;
  }

  /** True when one more line may be written; else it is counted. @param stream the same for all lines of a stream. */
  take(stream: object): boolean {
    this.#timer ??= setTimeout(() => this.#endWindow(), this.#windowMs).unref();
    const asked = this.#asked.get(stream) ?? 0;
    this.#asked.set(stream, asked + 1);
    if (asked < this.#perStream && this.#written < this.#total) {
      this.#written += 1;
      return true;
    }
    this.#leftOut += 1;
    this.#streamsLeftOut.add(stream);
    return false;
  }

  /** Says at once what was left out, if anything was; safe to repeat. */
  close(): void {
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#endWindow();
  }

  #endWindow(): void {
    const leftOut = { lines: this.#leftOut, streams: this.#streamsLeftOut.size, windowMs: this.#windowMs };
    this.#timer = undefined;
    this.#asked = new Map();
    this.#streamsLeftOut.clear();
    this.#written = 0;
    this.#leftOut = 0;
    if (leftOut.lines > 0) this.#onLeftOut(leftOut);
  }
}
