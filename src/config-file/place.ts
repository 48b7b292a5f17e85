// Where in a text something is, for people and their editors.

import type { Fault } from '../model/faults.ts';

/** Both count from 1; columns are UTF-16 code units, as editors have them. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** A fault of what was written as text: with its place, when that is known. */
export interface PlacedFault extends Fault, Partial<Place> {}

/** The place of an offset into `text`. */
export function placeAt(text: string, offset: number): Place {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf('\n') + 1;
  return { line: (before.match(/\n/gu)?.length ?? 0) + 1, column: offset - lineStart + 1 };
}
