// A table of Markdown, as this project's documents have them.

/** The first line names the columns. Cells are Markdown; a bar in them is escaped. */
export function renderMarkdownTable(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const escape = (cell: string): string => cell.replaceAll('|', '\\|');
  const lines = [columns, columns.map(() => '---'), ...rows.map((row) => row.map(escape))];
  return lines.map((cells) => `| ${cells.join(' | ')} |\n`).join('');
}
