// Cuts what a stream lacks into responses that a gRPC client takes: each brings the stream one step nearer, and
// what it holds in between is a holding like any other (docs/adr/0015).

import { namesOf } from './difference.ts';
import type { Difference } from './difference.ts';
import type { Holding } from './holding.ts';
import { placeholderSizeBound, removalSizeBound } from './resource.ts';
import type { View } from './view.ts';

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
  /**
   * True for a type of which each resource goes alone, since a client that refuses one does not say which, and takes of
   * the others what it likes.
   */
  readonly isEachAlone?: boolean | undefined;
}

/** Streams in the same state are given the same part. */
export class Splitter {
  readonly #maxBytes: number;
  readonly #isRemovalSaid: boolean;
  readonly #isEachAlone: boolean;
  readonly #parts = new WeakMap<Difference, Part>();

  constructor({ isRemovalSaid, maxBytes = defaultMaxBytes, isEachAlone = false }: SplitterOptions) {
    this.#isRemovalSaid = isRemovalSaid;
    this.#maxBytes = maxBytes;
    this.#isEachAlone = isEachAlone;
  }

  /** True when all of it goes in one response. */
  fits({ changed, absent, removed, sizeBound }: Difference): boolean {
    if (sizeBound > this.#maxBytes) return false;
    return !this.#isEachAlone || changed.length === 0 || changed.length + absent.length + removed.length === 1;
  }

  /** The first part of `whole`, the difference of `view` from `holding`: what is new or changed, then what does not exist, then what goes. */
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
      if (count > 0 && size > 0 && sizeBound + size > this.#maxBytes) break;
      if (count === 1 && this.#isEachAlone && whole.changed.length > 0) break;
      sizeBound += size;
      count += 1;
    }
    const { changed, absent, removed } = whole;
    if (count === changed.length + absent.length + removed.length) return { difference: whole, held: view.held };
    const absentCount = Math.max(count - changed.length, 0);
    const removedCount = Math.max(absentCount - absent.length, 0);
    const rest = slice(whole, [count], [absentCount], [removedCount], whole.sizeBound - sizeBound);
    const held = holding.only(namesOf(rest), view);
    // What is left is known: it need not be found out once more, part after part.
    view.noteDifference(held, rest);
    return { difference: slice(whole, [0, count], [0, absentCount], [0, removedCount], sizeBound), held };
  }

  *#sizesOf({ changed, absent, removed }: Difference, typeUrl: string): Iterable<number> {
    for (const resource of changed) yield resource.entrySizeBound(typeUrl);
    for (const name of absent) yield this.#isRemovalSaid ? removalSizeBound(name) : placeholderSizeBound(name, typeUrl);
    for (const name of removed) yield this.#isRemovalSaid ? removalSizeBound(name) : 0;
  }
}

type Range = readonly [start: number, end?: number];

function slice(whole: Difference, changed: Range, absent: Range, removed: Range, sizeBound: number): Difference {
  return {
    changed: whole.changed.slice(...changed),
    changedNames: whole.changedNames.slice(...changed),
    absent: whole.absent.slice(...absent),
    removed: whole.removed.slice(...removed),
    sizeBound,
  };
}
