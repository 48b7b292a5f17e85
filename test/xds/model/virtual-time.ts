// Timers, turns of the event loop and clocks under the model's control: a run is the same every
// time, and whatever would still run by itself can be seen.

interface Timer {
  readonly atMs: number;
  readonly run: () => void;
}

/** In force from its making until {@link restore}. Callbacks run only inside {@link turn} and {@link advance}. */
export class VirtualTime {
  #nowMs = 0;
  // In the order of setting.
  readonly #timers = new Map<object, Timer>();
  #turns: (() => void)[] = [];
  readonly #restores: (() => void)[] = [];

  constructor() {
    const startedAtMs = Date.UTC(2024, 0, 1);
    this.#replace(globalThis, 'setTimeout', (run: () => void, delayMs: number) => this.#setTimeout(run, delayMs));
    this.#replace(globalThis, 'clearTimeout', (timer: object | undefined) => timer && this.#timers.delete(timer));
    this.#replace(globalThis, 'setImmediate', (run: () => void) => this.#turns.push(run));
    this.#replace(performance, 'now', () => this.#nowMs);
    this.#replace(Date, 'now', () => startedAtMs + this.#nowMs);
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  /** Timers that are set. */
  get timerCount(): number {
    return this.#timers.size;
  }

  /** True when something waits for its turn. */
  get isTurnPlanned(): boolean {
    return this.#turns.length > 0;
  }

  /** Runs what was planned with setImmediate before this call. */
  turn(): void {
    for (const run of this.#turns.splice(0)) run();
  }

  /** Lets time pass; runs the timers that end in it, in order. */
  advance(ms: number): void {
    const untilMs = this.#nowMs + ms;
    for (;;) {
      const due = [...this.#timers].filter(([, { atMs }]) => atMs <= untilMs);
      const [next] = due.sort(([, a], [, b]) => a.atMs - b.atMs);
      if (next === undefined) break;
      const [key, { atMs, run }] = next;
      this.#timers.delete(key);
      this.#nowMs = Math.max(this.#nowMs, atMs);
      run();
    }
    this.#nowMs = untilMs;
  }

  /** Gives the process its own time back. */
  restore(): void {
    for (const restore of this.#restores.splice(0)) restore();
  }

  #setTimeout(run: () => void, delayMs: number): object {
    const timer = { ref: () => timer, unref: () => timer };
    this.#timers.set(timer, { atMs: this.#nowMs + Math.max(delayMs, 0), run });
    return timer;
  }

  #replace<Owner extends object>(owner: Owner, key: keyof Owner, value: unknown): void {
    const original = Object.getOwnPropertyDescriptor(owner, key);
    Object.defineProperty(owner, key, { value, configurable: true, writable: true });
    this.#restores.push(() => {
      if (original === undefined) Reflect.deleteProperty(owner, key);
      else Object.defineProperty(owner, key, original);
    });
  }
}
