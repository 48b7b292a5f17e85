// Cuts what a stream lacks into responses that a gRPC client takes: each brings the stream one step nearer, and
// what it holds in between is a holding like any other (docs/adr/0015).

import { removalSizeBound } from './view.ts';
import type { Difference, Holding, View } from './view.ts';

/** One response, and what a stream holds that was sent it. */
export interface Part {
  readonly difference: Difference;
  readonly held: Holding;
}

/** A gRPC client takes 4 MiB unless it is told otherwise. */
const defaultMaxBytes = 3.5 * 1024 * 1024;

export interface SplitterOptions {
  /** False where a response can't say that a resource is gone. */
  readonly isRemovalSaid: boolean;
  /** No part is longer, unless it is a single resource. Default 3.5 MiB. */
  readonly maxBytes?: number | undefined;
}

/** Streams in the same state are given the same part. */
export class Splitter {
  readonly maxBytes: number;
  readonly #isRemovalSaid: boolean;
  readonly #parts = new WeakMap<Difference, Part>();

  constructor({ isRemovalSaid, maxBytes = defaultMaxBytes }: SplitterOptions) {
    this.#isRemovalSaid = isRemovalSaid;
    this.maxBytes = maxBytes;
  }

  /** The first part of `whole`, the difference of `view` from `holding`: what is new or changed, then what goes. */
  first(whole: Difference, view: View, holding: Holding): Part {
    let part = this.#parts.get(whole);
    if (part === undefined) {
      part = this.#cut(whole, view, holding);
      this.#parts.set(whole, part);
    }
    return part;
  }

  #cut(whole: Difference, view: View, holding: Holding): Part {
    let sizeBound = 0;
    let count = 0;
    for (const size of this.#sizesOf(whole, view.set.options.typeUrl)) {
      if (count > 0 && size > 0 && sizeBound + size > this.maxBytes) break;
      sizeBound += size;
      count += 1;
    }
    const { changed, changedNames, removed } = whole;
    if (count === changed.length + removed.length) return { difference: whole, held: view.held };
    const removedCount = Math.max(count - changed.length, 0);
    return {
      difference: {
        changed: changed.slice(0, count),
        changedNames: changedNames.slice(0, count),
        removed: removed.slice(0, removedCount),
        sizeBound,
      },
      held: holding.only([...changedNames.slice(count), ...removed.slice(removedCount)], view),
    };
  }

  *#sizesOf({ changed, removed }: Difference, typeUrl: string): Iterable<number> {
    for (const resource of changed) yield resource.entrySizeBound(typeUrl);
    for (const name of removed) yield this.#isRemovalSaid ? removalSizeBound(name) : 0;
  }
}
