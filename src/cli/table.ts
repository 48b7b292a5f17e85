// Rows of text under each other.

import { stripVTControlCharacters } from 'node:util';

const gap = '  ';

// Characters that take the room of two.
const wide = /[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\p{Emoji_Presentation}]/gu;

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
    row.map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - widthOf(cell))).join(gap).trimEnd(),
  );
}

function widthOf(cell: string): number {
  const text = stripVTControlCharacters(cell);
  return Array.from(text).length + Array.from(text.matchAll(wide)).length;
}
