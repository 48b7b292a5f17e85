// A histogram's numbers, cheap enough to be fed ten thousand times per commit. Imports nothing.

/** Counts values by fixed upper bounds. */
export class Distribution {
  /** Inclusive upper bounds, rising; above the last one there is no other. */
  readonly bounds: readonly number[];
  /** One more than there are bounds; not cumulative. */
  readonly #counts: number[];
  #sum = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.#counts = new Array<number>(bounds.length + 1).fill(0);
  }

  get sum(): number {
    return this.#sum;
  }

  observe(value: number): void {
    const { bounds } = this;
    let index = 0;
    while (index < bounds.length && value > (bounds[index] as number)) index += 1;
    (this.#counts[index] as number) += 1;
    this.#sum += value;
  }

  /** How many values were no larger than each bound; the last number is that of all values. */
  cumulativeCounts(): number[] {
    let total = 0;
    return this.#counts.map((count) => (total += count));
  }
}
