// Fields of rows, and of JSON in them, each of the type that it must have. All throw an Error that says in a few words
// what is wrong.

import { objectKinds } from '../model/kinds.ts';
import type { ObjectKind } from '../model/objects.ts';

export type Fields = Readonly<Record<string, unknown>>;

export function parseJson(text: unknown): unknown {
  try {
    return JSON.parse(String(text));
  } catch (error) {
    if (error instanceof SyntaxError) throw new Error('no JSON', { cause: error });
    throw error;
  }
}

export function parseObject(value: unknown): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('no JSON object');
  return value as Fields;
}

export function parseList(field: string, value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new Error(`${field} is no list`);
  return value;
}

export function parseNumber(field: string, value: unknown): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new Error(`${field} is no number`);
  return value;
}

export function parseBoolean(field: string, value: unknown): boolean {
  if (typeof value !== 'boolean') throw new Error(`${field} is neither true nor false`);
  return value;
}

export function parseText(field: string, value: unknown): string {
  if (typeof value !== 'string') throw new Error(`${field} is no text`);
  return value;
}

/** SQLite has no other. */
export function parseBit(field: string, value: unknown): boolean {
  if (value !== 0 && value !== 1) throw new Error(`${field} is neither 0 nor 1`);
  return value === 1;
}

export function parseKind(field: string, value: unknown): ObjectKind {
  const kind = objectKinds.find((each) => each === value);
  if (kind === undefined) throw new Error(`${field} is none of ${objectKinds.join(', ')}`);
  return kind;
}

/** Undefined and null: it is not there. */
export function parseOptional<T>(
  parse: (field: string, value: unknown) => T,
  field: string,
  value: unknown,
): T | undefined {
  return value === undefined || value === null ? undefined : parse(field, value);
}

/** What `parse` makes of a row, whose fault is told with its place. */
export function readRow<T>(table: string, row: unknown, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new Error(`table ${table}, row ${JSON.stringify(row)}: ${(error as Error).message}`, { cause: error });
  }
}
