// Promotions that stopped half-way, as when a step could not be kept: why, and when each is taken up again.

const firstDelayMs = 1_000;
const longestDelayMs = 30_000;

interface Halt {
  readonly reason: string;
  readonly delayMs: number;
  /** Monotonic (ms). */
  readonly againAtMs: number;
}

export class Halts {
  readonly #halts = new Map<string, Halt>();

  /** It stopped, once more perhaps: then it waits for longer. @param reason one line. */
  note(cluster: string, reason: string, nowMs: number): void {
    const last = this.#halts.get(cluster);
    const delayMs = last === undefined ? firstDelayMs : Math.min(2 * last.delayMs, longestDelayMs);
    this.#halts.set(cluster, { reason, delayMs, againAtMs: nowMs + delayMs });
  }

  clear(cluster: string): void {
    this.#halts.delete(cluster);
  }

  /** Whether it may be taken up; also when it has not stopped. */
  isDue(cluster: string, nowMs: number): boolean {
    return nowMs >= (this.#halts.get(cluster)?.againAtMs ?? 0);
  }

  /** By cluster: why it stopped. */
  reasons(): ReadonlyMap<string, string> {
    return new Map(Array.from(this.#halts, ([cluster, { reason }]) => [cluster, reason]));
  }
}
