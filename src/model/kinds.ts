// The kinds of objects that can be declared, as a table: what concerns each of them goes over it.

import type { Config, ObjectKind } from './objects.ts';

/** What a list of each kind is called. In order of kind. */
export const listOfKind = {
  cluster: 'clusters',
  listener: 'listeners',
  secret: 'secrets',
} as const satisfies Readonly<Record<ObjectKind, keyof Config>>;

export const objectKinds = Object.keys(listOfKind) as readonly ObjectKind[];

/** One value for each kind. */
export function byKind<T>(valueOf: (kind: ObjectKind) => T): Record<ObjectKind, T> {
  return Object.fromEntries(objectKinds.map((kind) => [kind, valueOf(kind)])) as Record<ObjectKind, T>;
}
