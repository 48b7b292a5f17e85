// Rows of text under each other.

import { stripVTControlCharacters } from 'node:util';

import { eastAsianWidth } from 'get-east-asian-width';

const gap = '  ';

// One column each.
const plain = /^[\u0020-\u007e]*$/u;
const emoji = /\p{Emoji_Presentation}|\ufe0f/u;
const characters = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/**
 * One line per row, each column as wide as its widest cell, without blanks at the end.
 * Cells may hold colours, which take no room.
 */
export function renderTable(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, widthOf(cell));
    });
  }
  return rows.map((row) =>
    row
      .map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - widthOf(cell)))
      .join(gap)
      .trimEnd(),
  );
}

/** In columns of a terminal. A character with marks, or joined of several, is as wide as its first. */
function widthOf(cell: string): number {
  const text = stripVTControlCharacters(cell);
  if (plain.test(text)) return text.length;
  let width = 0;
  for (const { segment } of characters.segment(text)) {
    width += emoji.test(segment) ? 2 : eastAsianWidth(segment.codePointAt(0) ?? 0);
  }
  return width;
}
