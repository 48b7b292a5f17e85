// Wall-clock time that is not set back: what lasts for a time does not last longer because somebody mended the clock.

/** Less is how a clock is kept right, not set. */
const toleratedMs = 1_000;

export class SteadyClock {
  #lastMs = Date.now();
  #askedAtMs = performance.now();

  /** Unix time in whole ms; since the last call it has gone on by no less than what passed, up to a second. */
  nowMs(): number {
    const askedAtMs = performance.now();
    const leastMs = this.#lastMs + askedAtMs - this.#askedAtMs;
    const wallMs = Date.now();
    this.#lastMs = wallMs < leastMs - toleratedMs ? leastMs : wallMs;
    this.#askedAtMs = askedAtMs;
    return Math.round(this.#lastMs);
  }
}
