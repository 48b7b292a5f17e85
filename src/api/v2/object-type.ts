// What differs between the kinds of objects that can be declared, as far as the API goes.

import type { Declarations } from '../../commit/desk.ts';
import { noEdits } from '../../inventory/edits.ts';
import type { Edits } from '../../inventory/edits.ts';
import { withClusterDefaults, withListenerDefaults } from '../../model/defaults.ts';
import { listOfKind } from '../../model/kinds.ts';
import type { Cluster, DeclaredObject, Listener, ObjectKind, Secret } from '../../model/objects.ts';
import { parseCluster, parseListener } from '../../model/parse.ts';
import type { View } from './view.ts';

export interface ObjectType<T extends DeclaredObject = DeclaredObject> {
  readonly kind: ObjectKind;
  /** As paths and lists have it. */
  readonly plural: (typeof listOfKind)[ObjectKind];
  /** As it is answered. */
  readonly show: (object: T) => object;
  readonly withDefaults: (object: T) => object;
  readonly get: (declared: Declarations, view: 'staged' | 'committed', name: string) => T | undefined;
  readonly list: (declared: Declarations, view: 'staged' | 'committed') => readonly T[];
  readonly edit: (name: string, after: T | undefined) => Edits;
}

/** One that is declared as it is kept. */
export interface PlainObjectType<T extends DeclaredObject> extends ObjectType<T> {
  /** @throws FaultsError */
  readonly parse: (value: unknown) => T;
}

export const clusterType: PlainObjectType<Cluster> = {
  kind: 'cluster',
  plural: listOfKind.cluster,
  parse: parseCluster,
  show: (cluster) => cluster,
  withDefaults: withClusterDefaults,
  get: (declared, view, name) => declared.get(view, 'cluster', name),
  list: (declared, view) => declared.list(view, 'cluster'),
  edit: (name, after) => ({ ...noEdits, clusters: [{ name, after }] }),
};

export const listenerType: PlainObjectType<Listener> = {
  kind: 'listener',
  plural: listOfKind.listener,
  parse: parseListener,
  show: (listener) => listener,
  withDefaults: withListenerDefaults,
  get: (declared, view, name) => declared.get(view, 'listener', name),
  list: (declared, view) => declared.list(view, 'listener'),
  edit: (name, after) => ({ ...noEdits, listeners: [{ name, after }] }),
};

export const secretType: ObjectType<Secret> & { readonly show: (secret: Secret) => ShownSecret } = {
  kind: 'secret',
  plural: listOfKind.secret,
  show: withoutSealed,
  withDefaults: withoutSealed,
  get: (declared, view, name) => declared.get(view, 'secret', name),
  list: (declared, view) => declared.list(view, 'secret'),
  edit: (name, after) => ({ ...noEdits, secrets: [{ name, after }] }),
};

export type ShownSecret = Omit<Secret, 'sealed'>;

/** An object of any kind as it is answered. */
export function showObject(object: DeclaredObject): Exclude<DeclaredObject, Secret> | ShownSecret {
  return 'sealed' in object ? withoutSealed(object) : object;
}

function withoutSealed({ sealed: _, ...shown }: Secret): ShownSecret {
  return shown;
}

/** What is looked at; effective: what is committed, with every default written out. */
export function showIn<T extends DeclaredObject>(type: ObjectType<T>, view: View, object: T): object {
  return view === 'effective' ? type.withDefaults(object) : type.show(object);
}

export function layerOf(view: View): 'staged' | 'committed' {
  return view === 'effective' ? 'committed' : view;
}
