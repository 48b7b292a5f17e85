// Steps from one state of what is declared to the next.

import { listOfKind, objectKinds } from '../model/kinds.ts';
import type { DeclaredObject, Listener, ObjectKind, Secret } from '../model/objects.ts';
import type { ClusterEdit } from './cluster.ts';

/** As {@link ClusterEdit}. */
export interface ListenerEdit {
  readonly name: string;
  readonly after: Listener | undefined;
}

/** As {@link ClusterEdit}. */
export interface SecretEdit {
  readonly name: string;
  readonly after: Secret | undefined;
}

/** Of each object there is one edit at most. */
export interface Edits {
  readonly clusters: readonly ClusterEdit[];
  readonly listeners: readonly ListenerEdit[];
  readonly secrets: readonly SecretEdit[];
}

export const noEdits: Edits = { clusters: [], listeners: [], secrets: [] };

/** The edit of an object of whatever kind. */
export interface ObjectEdit {
  readonly kind: ObjectKind;
  readonly name: string;
  /** Of its kind; undefined: it is to go. */
  readonly after: DeclaredObject | undefined;
}

/** Every edit, in order of kind. */
export function listEdits(edits: Edits): ObjectEdit[] {
  return objectKinds.flatMap((kind) => edits[listOfKind[kind]].map((edit) => ({ kind, ...edit })));
}

/** As {@link Edits}, in the order given. */
export function toEdits(list: readonly ObjectEdit[]): Edits {
  const ofKind = (wanted: ObjectKind) => {
    return list.flatMap(({ kind, name, after }) => (kind === wanted ? { name, after } : []));
  };
  return Object.fromEntries(objectKinds.map((kind) => [listOfKind[kind], ofKind(kind)])) as unknown as Edits;
}

export function areEmpty(edits: Edits): boolean {
  return objectKinds.every((kind) => edits[listOfKind[kind]].length === 0);
}
