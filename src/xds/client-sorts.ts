// Clients by all that a commit is judged by: their release, their node group, whether they are given secrets. One who
// wants to know what kinds of clients there are is told of the first of each since the last commit, and of no other.

import type { JudgedClient } from './pollers.ts';

/** What clients say of themselves must not fill memory: of more than these nobody is told. */
const maxSorts = 10_000;

export class ClientSorts {
  readonly #known = new Set<string>();
  readonly #onFirst: (client: JudgedClient) => void;

  constructor(onFirst: (client: JudgedClient) => void) {
    this.#onFirst = onFirst;
  }

  /** To be told of each client as soon as it has said who it is. */
  note({ node, group, isGivenSecrets }: JudgedClient): void {
    const { userAgentName, userAgentVersion } = node;
    const sort = JSON.stringify([userAgentName, userAgentVersion, group, isGivenSecrets]);
    if (this.#known.has(sort) || this.#known.size === maxSorts) return;
    this.#known.add(sort);
    this.#onFirst({ node, group, isGivenSecrets });
  }

  /** To be told when other objects are committed: what there is to say of a client goes by them. */
  forget(): void {
    this.#known.clear();
  }
}
