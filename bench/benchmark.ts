// What a benchmark is and how its outcome is shown.

/** How often and how long to measure. */
export interface Effort {
  /** Turns of each server. */
  readonly turns: number;
  /** True cuts the number of commits, for a first look. */
  readonly quick: boolean;
}

/** One row of a table of results, and how to get it. */
export interface Benchmark {
  /** Chooses the row on the command line. */
  readonly id: string;
  /** The table that the row belongs to; rows of one table have the same columns. */
  readonly table: string;
  /** What stands in the row's first column. */
  readonly load: string;
  readonly columns: readonly string[];
  /** Returns one cell for each column. */
  readonly measure: (effort: Effort) => Promise<readonly Cell[]>;
}

/** A figure with its limit. */
export interface Cell {
  readonly text: string;
  /** False when the figure is past its limit; undefined without a limit. */
  readonly met: boolean | undefined;
}

export interface Row {
  readonly benchmark: Benchmark;
  readonly cells: readonly Cell[];
}

type Unit = 'ms' | 'MiB' | '/s' | '%';

/** A figure as a ratio of another; with a limit, the smaller the better. */
export function compare(figure: number, other: number, unit: Unit, limit?: number): Cell {
  const ratio = figure / other;
  const figures = `${renderFigure(figure)} : ${renderFigure(other)} ${unit}`;
  return { text: `${ratio.toFixed(2)}x (${figures})${renderLimit(limit, 'x')}`, met: isMet(ratio, limit) };
}

/** A figure by itself, the smaller the better. */
export function show(figure: number, unit: Unit, limit?: number): Cell {
  return { text: `${renderFigure(figure)} ${unit}${renderLimit(limit, ` ${unit}`)}`, met: isMet(figure, limit) };
}

/** Stands in each column of a row that could not be measured. */
export const failedCell: Cell = { text: 'failed', met: false };

function isMet(figure: number, limit: number | undefined): boolean | undefined {
  return limit === undefined ? undefined : figure <= limit;
}

function renderLimit(limit: number | undefined, unit: string): string {
  return limit === undefined ? '' : `, at most ${limit}${unit}`;
}

function renderFigure(figure: number): string {
  return figure.toFixed(Math.abs(figure) < 10 ? 2 : Math.abs(figure) < 100 ? 1 : 0);
}

/** Renders Markdown tables; a figure past its limit is bold. */
export function renderTables(rows: readonly Row[]): string {
  const tables = Map.groupBy(rows, ({ benchmark }) => benchmark.table);
  return Array.from(tables, ([title, members]) => `## ${title}\n\n${renderTable(members)}`).join('\n');
}

function renderTable(rows: readonly Row[]): string {
  const columns = ['load', ...(rows[0]?.benchmark.columns ?? [])];
  const lines = [columns, columns.map(() => '---'), ...rows.map(({ benchmark, cells }) => [
    benchmark.load, ...cells.map(({ text, met }) => (met === false ? `**${text}**` : text)),
  ])];
  return lines.map((line) => `| ${line.join(' | ')} |\n`).join('');
}
