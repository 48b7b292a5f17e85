// Keeps secrets out of texts that were written elsewhere and are shown here. A text is searched by finders,
// each of which takes time in proportion to its length, whatever it holds.

/** From `start` to before `end`. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** Finds secrets of one sort in a text; in any order, overlapping or not. */
export type SecretFinder = (text: string) => readonly Range[];

const redacted = '[redacted]';

/** The text with each secret that one of the finders finds replaced by `[redacted]`. */
export function redact(text: string, finders: readonly SecretFinder[]): string {
  const found = finders.flatMap((find) => find(text)).sort((a, b) => a.start - b.start);
  const parts: string[] = [];
  let end = 0;
  for (const range of found) {
    if (range.start >= end) parts.push(text.slice(end, range.start), redacted);
    end = Math.max(end, range.end);
  }
  return [...parts, text.slice(end)].join('');
}
