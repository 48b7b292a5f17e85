// What happened when: by one clock for all that a drill looks at.

export interface Moment {
  readonly what: string;
  /** Wall-clock time (Unix, ms), with fractions. */
  readonly atMs: number;
}

/** Wall-clock time (Unix, ms), finer than `Date.now()`. */
export function clockMs(): number {
  return toClockMs(performance.now());
}

/** @param ms as `performance.now()` has it. */
export function toClockMs(ms: number): number {
  return performance.timeOrigin + ms;
}

export class Timeline {
  readonly #moments: Moment[] = [];

  /** In order of time. */
  get moments(): readonly Moment[] {
    return this.#moments.toSorted((a, b) => a.atMs - b.atMs);
  }

  /** Gives the time. */
  note(what: string, atMs = clockMs()): number {
    this.#moments.push({ what, atMs });
    return atMs;
  }

  add(moments: readonly Moment[]): void {
    this.#moments.push(...moments);
  }
}
