// What differs between the kinds of objects that can be declared, as far as the API goes.

import type { Declarations } from '../../commit/desk.ts';
import { noEdits } from '../../inventory/edits.ts';
import type { Edits } from '../../inventory/edits.ts';
import { withClusterDefaults, withListenerDefaults } from '../../model/defaults.ts';
import type { Cluster, Listener, ObjectKind } from '../../model/objects.ts';
import { parseCluster, parseListener } from '../../model/parse.ts';
import type { View } from './view.ts';

export interface ObjectType<T extends Cluster | Listener = Cluster | Listener> {
  readonly kind: ObjectKind;
  /** As paths and lists have it. */
  readonly plural: 'clusters' | 'listeners';
  /** @throws FaultsError */
  readonly parse: (value: unknown) => T;
  readonly withDefaults: (object: T) => Record<string, unknown>;
  readonly get: (declared: Declarations, view: 'staged' | 'committed', name: string) => T | undefined;
  readonly list: (declared: Declarations, view: 'staged' | 'committed') => readonly T[];
  readonly edit: (name: string, after: T | undefined) => Edits;
}

export const clusterType: ObjectType<Cluster> = {
  kind: 'cluster',
  plural: 'clusters',
  parse: parseCluster,
  withDefaults: withClusterDefaults,
  get: (declared, view, name) => declared.get(view, 'cluster', name) as Cluster | undefined,
  list: (declared, view) => declared.list(view, 'cluster'),
  edit: (name, after) => ({ ...noEdits, clusters: [{ name, after }] }),
};

export const listenerType: ObjectType<Listener> = {
  kind: 'listener',
  plural: 'listeners',
  parse: parseListener,
  withDefaults: withListenerDefaults,
  get: (declared, view, name) => declared.get(view, 'listener', name) as Listener | undefined,
  list: (declared, view) => declared.list(view, 'listener'),
  edit: (name, after) => ({ ...noEdits, listeners: [{ name, after }] }),
};

/** What is looked at; effective: what is committed, with every default written out. */
export function showIn<T extends Cluster | Listener>(type: ObjectType<T>, view: View, object: T): object {
  return view === 'effective' ? type.withDefaults(object) : object;
}

export function layerOf(view: View): 'staged' | 'committed' {
  return view === 'effective' ? 'committed' : view;
}
