// A difference in words: a line for each object that comes or goes, and for each field that changes.

import type { Context } from './context.ts';
import type { ChangeMessage, FieldChangeMessage } from './messages.ts';
import { paint } from './output.ts';
import type { Color } from './output.ts';
import { toPrintable } from './printable.ts';

const maxLength = 100;

type Fields = Readonly<Record<string, unknown>>;

/** Lists of an object, and what one of them is called. */
const lists = [
  ['endpoints', 'endpoint'],
  ['shards', 'shard'],
  ['routes', 'route'],
] as const;

const signs: Readonly<Record<ChangeMessage['change'], readonly [sign: string, color: Color]>> = {
  added: ['+', 'green'],
  changed: ['~', 'yellow'],
  removed: ['-', 'red'],
};

export function renderChanges(context: Context, changes: readonly ChangeMessage[]): string[] {
  return changes.flatMap((change) => {
    const [sign, color] = signs[change.change];
    return describeChange(change).map((line) => paint(context, color, toPrintable(`${sign} ${line}`)));
  });
}

function describeChange({ kind, name, change, fields = [], after = {} }: ChangeMessage): string[] {
  const head = `${kind} ${name}`;
  if (change === 'removed') return [head];
  if (change === 'added') return [`${head}${describeNew(after)}`];
  return fields.length === 0 ? [head] : fields.map((field) => `${head}  ${describeField(field)}`);
}

// What tells it from others; the rest is in -o json.
function describeNew(object: Fields): string {
  const words = ['kind', 'prefix', 'primary', 'address', 'cluster', 'fingerprint'].flatMap((field) => {
    const value = object[field];
    return value === undefined ? [] : [`${field} ${showValue(value)}`];
  });
  for (const [list, entry] of lists) {
    const entries = object[list];
    if (Array.isArray(entries)) words.push(`${entries.length} ${entries.length === 1 ? entry : list}`);
  }
  return words.length === 0 ? '' : ` (${words.join(', ')})`;
}

function describeField({ field, before, after }: FieldChangeMessage): string {
  const [label, isEntry] = nameOf(field);
  if (isObject(before) && isObject(after)) return `${label}: ${describeInside(before, after)}`;
  if (isEntry && before === undefined) return `${label}: added`;
  if (isEntry && after === undefined) return `${label}: removed`;
  return `${label}: ${showValue(before)} -> ${showValue(after)}`;
}

/** An entry of a list by its own name: `endpoint 10.0.0.1:6379` for `endpoints/10.0.0.1:6379`. */
function nameOf(field: string): readonly [name: string, isEntry: boolean] {
  const [, entry] = lists.find(([list]) => field.startsWith(`${list}/`)) ?? [];
  return entry === undefined ? [field, false] : [`${entry} ${field.slice(field.indexOf('/') + 1)}`, true];
}

function describeInside(before: Fields, after: Fields): string {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  const differing = names.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]));
  return differing.map((name) => `${name} ${showValue(before[name])} -> ${showValue(after[name])}`).join(', ');
}

function showValue(value: unknown): string {
  if (value === undefined || value === null) return 'none';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length <= maxLength ? text : `${text.slice(0, maxLength)}…`;
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
