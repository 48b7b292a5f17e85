// How many may wait for clients at the same time: whoever waits costs each round of looks something.

import { ProblemError } from './problem.ts';

export class WaitLimit {
  readonly #max: number;
  readonly #refusal: string;
  #waiting = 0;

  /** @param refusal what those beyond it are told, behind the number of those who wait. */
  constructor(max: number, refusal: string) {
    this.#max = max;
    this.#refusal = refusal;
  }

  /** To be called before something is done that is waited for. @throws ProblemError when no more may wait. */
  check(): void {
    if (this.#waiting >= this.#max) throw new ProblemError(503, `wait: ${this.#max} ${this.#refusal}`);
  }

  /** Counts as one who waits until that has ended. */
  async count<Result>(wait: Promise<Result>): Promise<Result> {
    this.#waiting += 1;
    try {
      return await wait;
    } finally {
      this.#waiting -= 1;
    }
  }
}
