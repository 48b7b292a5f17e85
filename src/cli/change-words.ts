// A difference in words: a line for each object that comes or goes, and for each field that changes.

import type { Context } from './context.ts';
import type { ChangeMessage, FieldChangeMessage } from './messages.ts';
import { paint } from './output.ts';
import type { Color } from './output.ts';
import { toPrintable } from './printable.ts';

const maxEntries = 5;
const maxLength = 100;

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

function describeChange({ kind, name, change, fields = [] }: ChangeMessage): string[] {
  const head = `${kind} ${name}`;
  if (change === 'removed') return [head];
  if (change === 'added') return [`${head}${describeNew(fields)}`];
  return fields.length === 0 ? [head] : fields.map((field) => `${head}  ${describeField(field)}`);
}

// What tells it from others; the rest is in -o json.
function describeNew(fields: readonly FieldChangeMessage[]): string {
  const after = new Map(fields.map((field) => [field.field, field.after]));
  const words = ['kind', 'prefix', 'address', 'cluster'].flatMap((field) => {
    const value = after.get(field);
    return value === undefined || value === null ? [] : [`${field} ${showValue(value)}`];
  });
  for (const field of ['endpoints', 'shards', 'routes']) {
    const list = after.get(field);
    if (Array.isArray(list)) words.push(`${list.length} ${list.length === 1 ? field.slice(0, -1) : field}`);
  }
  return words.length === 0 ? '' : ` (${words.join(', ')})`;
}

function describeField({ field, before, after }: FieldChangeMessage): string {
  if (isListOfObjects(before) && isListOfObjects(after)) return `${field}: ${describeEntries(before, after)}`;
  return `${field}: ${showValue(before)} -> ${showValue(after)}`;
}

/** Which entries come, go or change, by what names them. */
function describeEntries(before: readonly object[], after: readonly object[]): string {
  const [old, now] = [byName(before), byName(after)];
  const words = [...new Set([...old.keys(), ...now.keys()])].flatMap((name) => {
    if (!old.has(name)) return [`+${name}`];
    if (!now.has(name)) return [`-${name}`];
    const [was, is] = [old.get(name) ?? '', now.get(name) ?? ''];
    return was === is ? [] : [`~${name}`];
  });
  const rest = words.length > maxEntries ? [`and ${words.length - maxEntries} more`] : [];
  return words.length === 0 ? 'in another order' : [...words.slice(0, maxEntries), ...rest].join(', ');
}

function byName(list: readonly object[]): Map<string, string> {
  return new Map(list.map((entry) => [nameOf(entry), JSON.stringify(entry)]));
}

function nameOf(entry: object): string {
  const { name, address, port, prefix } = entry as Readonly<Record<string, unknown>>;
  if (address !== undefined) return String(address).includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
  return String(name ?? prefix ?? JSON.stringify(entry));
}

function showValue(value: unknown): string {
  if (value === undefined || value === null) return 'none';
  if (Array.isArray(value) && value.every((each) => typeof each === 'object')) return `${value.length} entries`;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length <= maxLength ? text : `${text.slice(0, maxLength)}…`;
}

function isListOfObjects(value: unknown): value is readonly object[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'object' && entry !== null);
}
