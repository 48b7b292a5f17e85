// What differs between two states, by object and by field. Pure.

import { toEdits } from '../inventory/edits.ts';
import type { Edits } from '../inventory/edits.ts';
import { contentOf } from '../model/canonical.ts';
import { listOfKind, objectKinds } from '../model/kinds.ts';
import type { Config, DeclaredObject, ObjectKind } from '../model/objects.ts';
import type { FieldChange, ObjectChange } from './desk.ts';

export function isSameObject(a: DeclaredObject | undefined, b: DeclaredObject | undefined): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined || sizeOf(a) !== sizeOf(b)) return false;
  return contentOf(a) === contentOf(b);
}

/** The change from one to the other; undefined when they are equal. */
export function compareObjects(
  kind: ObjectKind,
  name: string,
  before: DeclaredObject | undefined,
  after: DeclaredObject | undefined,
): ObjectChange | undefined {
  if (isSameObject(before, after)) return undefined;
  const change = before === undefined ? 'added' : after === undefined ? 'removed' : 'changed';
  const fields = before === undefined || after === undefined ? [] : compareFields(before, after);
  return { kind, name, change, before, after, fields };
}

/** All changes, in order of kind and name. */
export function compareConfigs(before: Config, after: Config): ObjectChange[] {
  return objectKinds.flatMap((kind) => compareLists(kind, before[listOfKind[kind]], after[listOfKind[kind]]));
}

/** What leads from one to the other, in order of name. */
export function editsBetween(before: Config, after: Config): Edits {
  return toEdits(
    objectKinds.flatMap((kind) => {
      const edits = editsOfLists<DeclaredObject>(before[listOfKind[kind]], after[listOfKind[kind]]);
      return edits.map((edit) => ({ kind, ...edit }));
    }),
  );
}

function compareLists(
  kind: ObjectKind,
  before: readonly DeclaredObject[],
  after: readonly DeclaredObject[],
): ObjectChange[] {
  const from = byName(before);
  return editsOfLists(before, after).flatMap((edit) => {
    return compareObjects(kind, edit.name, from.get(edit.name), edit.after) ?? [];
  });
}

function editsOfLists<T extends DeclaredObject>(before: readonly T[], after: readonly T[]) {
  const [from, to] = [byName(before), byName(after)];
  const names = [...new Set([...from.keys(), ...to.keys()])].sort();
  const edits = names.map((name) => ({ name, after: to.get(name) }));
  return edits.filter((edit) => !isSameObject(from.get(edit.name), edit.after));
}

function byName<T extends DeclaredObject>(objects: readonly T[]): ReadonlyMap<string, T> {
  return new Map(objects.map((object) => [object.name, object]));
}

const dividedFields: ReadonlySet<string> = new Set([
  'labels',
  'load_balancing',
  'refresh',
  'upstream_auth',
  'auth',
  'buffer',
]);

// Lists whose entries have a name of their own are compared entry by entry.
const entryKeys: Readonly<Record<string, (entry: Readonly<Record<string, unknown>>) => string>> = {
  endpoints: ({ address, port }) => (String(address).includes(':') ? `[${address}]:${port}` : `${address}:${port}`),
  shards: ({ name }) => String(name),
  // For other hosts there may be another one of the same prefix.
  routes: ({ prefix, hosts }) => (Array.isArray(hosts) ? `${prefix} of ${hosts.join(', ')}` : String(prefix)),
};

function compareFields(before: DeclaredObject, after: DeclaredObject): FieldChange[] {
  const [from, to] = [flatten(before), flatten(after)];
  const fields = [...new Set([...from.keys(), ...to.keys()])].sort();
  return fields.flatMap((field) => {
    const [old, now] = [from.get(field), to.get(field)];
    return JSON.stringify(old) === JSON.stringify(now) ? [] : [{ field, before: old, after: now }];
  });
}

/** Every value by its field, entries of named lists by their names. */
function flatten(object: DeclaredObject): Map<string, unknown> {
  const fields = new Map<string, unknown>();
  for (const [field, value] of Object.entries(object)) {
    // Its fingerprint tells of it.
    if (field === 'sealed') continue;
    const entryKey = entryKeys[field];
    if (entryKey !== undefined && Array.isArray(value)) {
      for (const entry of value) fields.set(`${field}/${entryKey(entry)}`, entry);
    } else if (dividedFields.has(field)) {
      for (const [key, each] of Object.entries(value as object)) fields.set(`${field}.${key}`, each);
    } else {
      fields.set(field, value);
    }
  }
  return fields;
}

// Tells most that differ apart, without writing out ten thousand endpoints.
function sizeOf(object: DeclaredObject): number {
  if ('endpoints' in object) return object.endpoints.length;
  return 'shards' in object ? object.shards.length : 0;
}
