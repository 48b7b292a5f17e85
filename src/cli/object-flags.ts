// Flags that stand for fields of an object: what they are given is a merge patch of it (RFC 7396).

import { Option } from 'commander';

import { parseValue } from '../process/arguments.ts';

/** A flag, and the field that it sets. */
export interface FieldFlag {
  /** As commander has them: `--prefix <TEXT>`. */
  readonly flags: string;
  readonly help: string;
  /** Where the value goes: names from the outside in. */
  readonly path: readonly string[];
  /** Throws an Error whose message is the rule that `text` breaks. By default a value is text. */
  readonly parse?: (text: string) => unknown;
  /** The flag is given once for each entry of a list. */
  readonly isList?: true;
  /** The flag is given once for each `key=value` of an object. */
  readonly isRecord?: true;
  /** What shells complete, and the help names; the control plane knows the rule. */
  readonly choices?: readonly string[];
  /** What the flag stands for without a value. */
  readonly preset?: string;
}

/** Null removes a field. */
export type Patch = { [field: string]: unknown };

/** An empty value removes the field. */
export function fieldOption(flag: FieldFlag): Option {
  const { flags, help, choices, preset, isList, isRecord } = flag;
  const option = new Option(flags, help);
  if (choices !== undefined) option.choices(choices);
  if (preset !== undefined) option.preset(preset);
  const collect = (text: string, before: unknown): unknown => {
    const value = text === '' ? text : parseValue(option.long ?? flags, text, readerOf(flag));
    if (isList !== true && isRecord !== true) return value;
    return [...(Array.isArray(before) ? before : []), value];
  };
  return option.argParser(collect);
}

/** What the flags say, as a merge patch; fields whose flag is not given are not in it. */
export function readPatch(flags: readonly FieldFlag[], values: Readonly<Record<string, unknown>>): Patch {
  const patch: Patch = {};
  for (const flag of flags) {
    const value = values[new Option(flag.flags).attributeName()];
    if (value !== undefined) setIn(patch, flag.path, valueOf(flag, value));
  }
  return patch;
}

/** The object that a patch makes where none is: what it removes is not there, nor objects of which nothing is left. */
export function withoutNulls(patch: Patch): Patch {
  const entries = Object.entries(patch).map(
    ([key, value]) => [key, isRecord(value) ? withoutNulls(value) : value] as const,
  );
  return Object.fromEntries(entries.filter(([key, value]) => value !== null && !isEmptied(patch[key], value)));
}

/** Throws an Error whose message is the rule that `text` breaks. */
export function parseNumber(text: string): number {
  if (!/^-?\d{1,15}$/u.test(text)) throw new Error('must be a whole number');
  return Number(text);
}

/** Throws as {@link parseNumber} does. */
export function parseJsonObject(text: string): Patch {
  const rule = `must be a JSON object, such as {"interval":"1s"}`;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error(rule);
  }
  if (!isRecord(value)) throw new Error(rule);
  return value;
}

/** Throws as {@link parseNumber} does. */
export function parseBoolean(text: string): boolean {
  if (text !== 'true' && text !== 'false') throw new Error('must be true or false');
  return text === 'true';
}

function readerOf({ parse, isRecord: isPairs }: FieldFlag): (text: string) => unknown {
  if (isPairs === true) return parsePair;
  return parse ?? ((text) => text);
}

// An empty value removes the key.
function parsePair(text: string): Patch {
  const [, key, value] = /^([^=]+)=(.*)$/su.exec(text) ?? [];
  if (key === undefined) throw new Error('must be KEY=VALUE');
  return { [key]: value === '' ? null : value };
}

function valueOf({ isList, isRecord: isPairs }: FieldFlag, value: unknown): unknown {
  if (isList !== true && isPairs !== true) return value === '' ? null : value;
  const given = (value as unknown[]).filter((each) => each !== '');
  if (given.length === 0) return null;
  return isPairs === true ? Object.assign({}, ...given) : given;
}

function setIn(patch: Patch, [first = '', ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) {
    patch[first] = value;
    return;
  }
  const inner = (patch[first] ??= {}) as Patch;
  setIn(inner, rest, value);
}

function isEmptied(before: unknown, after: unknown): boolean {
  return isRecord(before) && isRecord(after) && Object.keys(before).length > 0 && Object.keys(after).length === 0;
}

function isRecord(value: unknown): value is Patch {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
