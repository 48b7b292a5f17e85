// What is wrong with a value, all of it: where, what is there, and the rule that it breaks.

import type { z } from 'zod';

import { noSuchField } from './foreign-fields.ts';

export interface Fault {
  /** JSON pointer (RFC 6901); '' is the whole. */
  readonly pointer: string;
  /** What is there; undefined: nothing. */
  readonly value: unknown;
  /** As `must be ...`, or `no such field`. */
  readonly rule: string;
}

/** One or more faults; nothing was changed. `message` is the first of them, in one line. */
export class FaultsError extends Error {
  override readonly name = 'FaultsError';
  readonly faults: readonly Fault[];

  constructor(faults: readonly Fault[]) {
    super(describeFaults(faults));
    this.faults = faults;
  }
}

type Path = readonly PropertyKey[];

const maxShown = 10;
const maxQuotedLength = 100;

/** The faults of what a schema refused. @param input what it was given. */
export function faultsOf(error: z.ZodError, input: unknown, base: Path = []): Fault[] {
  return error.issues.flatMap((issue) => faultsOfIssue(issue as Issue, input, base));
}

/** One line for people: the first of them, and how many there are. */
export function describeFaults(faults: readonly Fault[]): string {
  const shown = faults.slice(0, maxShown).map(describeFault);
  const rest = faults.length > shown.length ? [`and ${faults.length - shown.length} more`] : [];
  return [...shown, ...rest].join('; ');
}

export function describeFault({ pointer, value, rule }: Fault): string {
  const what = value === undefined ? '' : ` ${quote(value)}`;
  return `${pointer === '' ? 'the whole' : pointer}${what}: ${rule}`;
}

/** A pointer to the value at the end of `path`. */
export function toPointer(path: Path): string {
  return path.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** As JSON in one line, cut when long. */
export function quote(value: unknown): string {
  const text = JSON.stringify(value) ?? 'undefined';
  const short = text.length <= maxQuotedLength ? text : `${text.slice(0, maxQuotedLength)}…`;
  return short.replace(/[\u007f-\u009f]/gu, (control) => `\\u00${control.charCodeAt(0).toString(16)}`);
}

interface Issue {
  readonly code: string;
  readonly path: Path;
  readonly message: string;
  readonly keys?: readonly string[];
  readonly expected?: string;
  readonly origin?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly values?: readonly unknown[];
  readonly options?: readonly unknown[];
  readonly errors?: readonly (readonly Issue[])[];
  readonly issues?: readonly Issue[];
}

function faultsOfIssue(issue: Issue, input: unknown, base: Path): Fault[] {
  const path = [...base, ...issue.path];
  if (issue.code === 'unrecognized_keys') {
    return (issue.keys ?? []).map((key) => faultAt([...path, key], input, base, noSuchField(key)));
  }
  if (issue.code === 'invalid_key') {
    return (issue.issues ?? []).map((each) => faultAt(path, input, base, `name ${ruleOf(each, undefined)}`));
  }
  const nested = findNearest(issue);
  if (nested !== undefined) {
    return nested.flatMap((each) => faultsOfIssue({ ...each, path: [...issue.path, ...each.path] }, input, base));
  }
  return [faultAt(path, input, base, ruleOf(issue, valueAt(input, issue.path)))];
}

// Of the alternatives the one of whose kind the value is.
function findNearest({ code, errors = [] }: Issue): readonly Issue[] | undefined {
  if (code !== 'invalid_union') return undefined;
  const isInside = (issues: readonly Issue[]): boolean => issues.some(({ path }) => path.length > 0);
  return errors.find(isInside) ?? errors.find((issues) => issues.every((each) => each.code === 'custom'));
}

function faultAt(path: Path, input: unknown, base: Path, rule: string): Fault {
  return { pointer: toPointer(path), value: valueAt(input, path.slice(base.length)), rule };
}

function ruleOf(issue: Issue, value: unknown): string {
  const { code, expected, origin, minimum, maximum, values, options } = issue;
  switch (code) {
    case 'invalid_type':
      return value === undefined ? 'is required' : `must be ${describeType(expected)}`;
    case 'too_small':
      if (origin === 'string') return issue.message;
      if (origin === 'array') return `must have at least ${minimum} ${minimum === 1 ? 'entry' : 'entries'}`;
      return `must be at least ${minimum}`;
    case 'too_big':
      if (origin === 'string') return `must have at most ${maximum} characters`;
      return origin === 'array' ? `must have at most ${maximum} entries` : `must be at most ${maximum}`;
    case 'invalid_value':
      return describeChoice(values ?? []);
    case 'invalid_union':
      return options === undefined ? describeAlternatives(issue) : describeChoice(options.filter(isChoice));
    default:
      return issue.message;
  }
}

function describeAlternatives({ errors = [] }: Issue): string {
  const rules = errors.map((issues) => issues.map((each) => ruleOf(each, null)).join(', '));
  return rules.map((rule, index) => (index === 0 ? rule : rule.replace(/^must be /u, ''))).join(', or ');
}

function describeChoice(values: readonly unknown[]): string {
  return `must be ${values.length === 1 ? '' : 'one of '}${values.map(String).join(', ')}`;
}

const typeNames: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};

// Where a field may be left out, nothing is among the choices.
function isChoice(option: unknown): boolean {
  return option !== null && option !== undefined;
}

function describeType(expected = ''): string {
  return typeNames[expected] ?? expected;
}

function valueAt(input: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, key) => {
    const isThere = typeof value === 'object' && value !== null && Object.hasOwn(value, key);
    return isThere ? Reflect.get(value, key) : undefined;
  }, input);
}
