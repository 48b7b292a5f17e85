// How many calls of one kind may be answered at the same time: each of them holds memory, or costs every round of work.

export class CallLimit {
  readonly #max: number;
  #calls = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** To be asked before anything is done for a call: with true it has to be refused. */
  get isReached(): boolean {
    return this.#calls >= this.#max;
  }

  /** Counts a call until `answer` has ended. */
  async count<Result>(answer: Promise<Result>): Promise<Result> {
    this.#calls += 1;
    try {
      return await answer;
    } finally {
      this.#calls -= 1;
    }
  }
}
