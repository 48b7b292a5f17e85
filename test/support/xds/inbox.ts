// What has arrived and was not yet looked at. Waiting is for an item, never for a time.

import { bounded } from './bounded.ts';

interface Waiter<Item> {
  readonly isWanted: (item: Item) => boolean;
  readonly resolve: (item: Item) => void;
  readonly reject: (error: Error) => void;
}

export class Inbox<Item> {
  readonly #describe: (item: Item) => string;
  #unread: Item[] = [];
  #waiters: Waiter<Item>[] = [];
  #failure: Error | undefined;
  #count = 0;

  /** @param describe one item in a line, for failures. */
  constructor(describe: (item: Item) => string) {
    this.#describe = describe;
  }

  /** All that ever arrived. */
  get count(): number {
    return this.#count;
  }

  /** What was not taken yet, oldest first. */
  get unread(): readonly Item[] {
    return this.#unread;
  }

  put(item: Item): void {
    this.#count += 1;
    const waiter = this.#waiters.find(({ isWanted }) => isWanted(item));
    if (waiter === undefined) {
      this.#unread.push(item);
      return;
    }
    this.#waiters = this.#waiters.filter((other) => other !== waiter);
    waiter.resolve(item);
  }

  /** Nothing more will come: rejects who waits, now and later. What is unread can still be taken. */
  close(reason: Error): void {
    this.#failure ??= reason;
    for (const { reject } of this.#waiters) reject(this.#failure);
    this.#waiters = [];
  }

  /** The oldest item wanted, as soon as there is one. Rejects after a generous bound, or when the source ends. */
  take(what: string, isWanted: (item: Item) => boolean = () => true): Promise<Item> {
    const index = this.#unread.findIndex(isWanted);
    const [found] = index < 0 ? [] : this.#unread.splice(index, 1);
    if (found !== undefined) return Promise.resolve(found);
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const { promise, resolve, reject } = Promise.withResolvers<Item>();
    this.#waiters.push({ isWanted, resolve, reject });
    return bounded(promise, () => `${what}; unread: ${this.#unread.map(this.#describe).join(', ') || 'nothing'}`);
  }
}
