// Work that takes its turn: one piece is over before the next begins.

export class SerialQueue {
  #last: Promise<unknown> = Promise.resolve();

  /** Runs `work` after all that was given before, whatever became of it. Gives what it gives. */
  run<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}
