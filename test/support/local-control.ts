// What is staged and committed, straight to the streams: the control plane's own parts without its log, and therefore
// at once. For tests that are about what streams are given.

import { Publisher, refuse } from '../../src/commit/publisher.ts';
import type { PublisherParts } from '../../src/commit/publisher.ts';
import { Staging } from '../../src/commit/staging.ts';
import type { PublishedStatus } from '../../src/commit/published.ts';
import type { Change } from '../../src/inventory/change.ts';
import { areEmpty, noEdits } from '../../src/inventory/edits.ts';
import type { Edits } from '../../src/inventory/edits.ts';
import type { DrainingCluster } from '../../src/inventory/draining.ts';
import type { LogState } from '../../src/store/log-store.ts';
import type { KeptRoutes } from '../../src/store/log-store.ts';

/** What outlives a control plane, as its log does: given to a second one it stands for a restart. */
export interface Memory {
  last: () => LogState;
}

export function createMemory(): Memory {
  const nothing: LogState = {
    lastEntry: 0,
    revision: 0,
    committed: { clusters: [], listeners: [], secrets: [] },
    staged: [],
    draining: [],
    routes: undefined,
    orders: [],
  };
  return { last: () => nothing };
}

export class LocalControl {
  readonly #publisher: Publisher;
  readonly #staging: Staging;
  #draining: readonly DrainingCluster[];
  #routes: KeptRoutes | undefined;

  constructor(parts: PublisherParts, memory = createMemory()) {
    const state = memory.last();
    this.#draining = state.draining;
    this.#routes = state.routes;
    this.#staging = new Staging(state);
    this.#publisher = new Publisher(parts, state.revision === 0 ? undefined : state);
    memory.last = () => this.#state;
  }

  stage(change: Change): void {
    this.stageEdits({ clusters: [this.#staging.inventory.check(change)] });
  }

  /** Of declared objects, checked. */
  stageEdits(edits: Partial<Edits>): void {
    this.#staging.noteStaged({ ...noEdits, ...edits }, { author: 'test', atMs: 0 }, this.#staging.lastEntry + 1);
  }

  commit(): { changed: boolean } {
    const { edits } = this.#staging;
    if (areEmpty(edits) && this.#publisher.isPublished) {
      return { changed: false };
    }
    refuse(this.#publisher.review.findProblems(edits));
    const prepared = this.#publisher.prepare(edits);
    const { draining, routes } = prepared;
    this.#draining = draining;
    this.#routes = routes;
    const deed = { author: 'test', message: '', atMs: 0 };
    const entry = { type: 'commit', ...deed, revision: this.#staging.revision + 1, edits, draining, routes } as const;
    this.#staging.noteCommitted(entry, this.#staging.lastEntry + 1);
    this.#publisher.publish(prepared);
    return { changed: true };
  }

  status(): PublishedStatus {
    return this.#publisher.status();
  }

  close(): void {
    this.#publisher.close();
  }

  get #state(): LogState {
    const { lastEntry, revision, staged } = this.#staging;
    const { committed } = this.#staging;
    return { lastEntry, revision, committed, staged, draining: this.#draining, routes: this.#routes, orders: [] };
  }
}
