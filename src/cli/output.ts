// How an answer is printed: lines for people, or the answer itself for programs.

import { styleText } from 'node:util';

import type { Context } from './context.ts';
import { toPrintable } from './printable.ts';

export const outputFormats = ['table', 'json', 'yaml'] as const;
export type OutputFormat = (typeof outputFormats)[number];

export type Color = 'green' | 'red' | 'yellow' | 'bold';

// What JSON leaves as it is, and a terminal obeys, hides, or turns.
const misleading = /[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/gu;

/** Prints an answer: as it is, or as the lines that `render` makes of it. */
export async function printAnswer<Answer>(
  context: Context,
  format: OutputFormat,
  answer: Answer,
  render: (answer: Answer) => readonly string[],
): Promise<void> {
  switch (format) {
    case 'json':
      context.stdout.write(`${JSON.stringify(answer, undefined, 2).replace(misleading, escapeInJson)}\n`);
      return;
    case 'yaml':
      printText(context, (await import('yaml')).stringify(answer, { aliasDuplicateObjects: false }));
      return;
    case 'table':
      for (const line of render(answer)) context.stdout.write(`${line}\n`);
  }
}

/** As JSON in one line, safe for a terminal. */
export function renderJsonLine(answer: object): string {
  return JSON.stringify(answer).replace(misleading, escapeInJson);
}

/** Prints text that is for programs: to a terminal with its control characters escaped, elsewhere as it is. */
export function printText({ stdout }: Context, text: string): void {
  stdout.write(stdout.isTTY === true ? text.split('\n').map(toPrintable).join('\n') : text);
}

/** The text in a colour, where standard output shows colours. */
export function paint({ hasColors }: Context, color: Color, text: string): string {
  return hasColors ? styleText(color, text, { validateStream: false }) : text;
}

function escapeInJson(character: string): string {
  const units = Array.from({ length: character.length }, (_, index) => character.charCodeAt(index));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
}
