// Objects of all kinds as one list, and lists that are kept in order.

import { contentOf } from '../model/canonical.ts';
import { listOfKind } from '../model/kinds.ts';
import type { Config, DeclaredObject } from '../model/objects.ts';
import type { ObjectRef } from './log-store.ts';

export { compareText } from '../model/compare-text.ts';

export type StoredObject = DeclaredObject;

export function findObject(config: Config, { kind, name }: ObjectRef): StoredObject | undefined {
  const objects: readonly StoredObject[] = config[listOfKind[kind]];
  return findByKey(objects, name, nameOf);
}

/** True also for two that are not there. */
export function isSameObject(a: StoredObject | undefined, b: StoredObject | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && contentOf(a) === contentOf(b));
}

export function nameOf({ name }: { readonly name: string }): string {
  return name;
}

/** Orders by kind, then by name. */
export function keyOf({ kind, name }: ObjectRef): string {
  return `${kind} ${name}`;
}

/** @param list in order of key. */
export function findByKey<T>(list: readonly T[], key: string, keyOfItem: (item: T) => string): T | undefined {
  const item = list[findPlace(list, key, keyOfItem)];
  return item !== undefined && keyOfItem(item) === key ? item : undefined;
}

/** The list with each key's item as it is to be, undefined: gone. @param list in order of key; so is what is given. */
export function withItems<T>(
  list: readonly T[],
  items: Iterable<readonly [key: string, item: T | undefined]>,
  keyOfItem: (item: T) => string,
): readonly T[] {
  const next = list.slice();
  for (const [key, item] of items) {
    const place = findPlace(next, key, keyOfItem);
    const there = next[place];
    const isThere = there !== undefined && keyOfItem(there) === key;
    if (item === undefined) next.splice(place, isThere ? 1 : 0);
    else next.splice(place, isThere ? 1 : 0, item);
  }
  return next;
}

function findPlace<T>(list: readonly T[], key: string, keyOfItem: (item: T) => string): number {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const item = list[middle];
    if (item !== undefined && keyOfItem(item) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
