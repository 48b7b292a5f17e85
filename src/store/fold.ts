// What the log comes to: one entry after the other laid over the state before. Pure. The memory twin is this and no
// more; the tables of the SQLite twin are held to it by tests.

import type { DrainingCluster } from '../inventory/draining.ts';
import { listEdits } from '../inventory/edits.ts';
import { listOfKind, objectKinds } from '../model/kinds.ts';
import type { Config, DeclaredObject } from '../model/objects.ts';
import { ordersAfterCommit, withOrder } from '../orders/standing.ts';
import { applyDrainingEdits, findDrainingEdits, inOrder, toDraining } from './draining-edits.ts';
import type { DiscardEntry, DrainingEdit, Entry, LogState, LoggedCommit } from './log-store.ts';
import type { NumberedEntry, StageEntry, StagedObject } from './log-store.ts';
import { findByKey, findObject, isSameObject, keyOf, nameOf, withItems } from './objects.ts';
import { storedTextOf } from './stored-object.ts';

/** Before the first entry. */
export const emptyState: LogState = {
  lastEntry: 0,
  revision: 0,
  committed: { clusters: [], listeners: [], secrets: [] },
  staged: [],
  draining: [],
  routes: undefined,
  orders: [],
};

/** The entry as the log has it when it is the next one after `state`. */
export function numberEntry(state: LogState, entry: Entry): NumberedEntry {
  const number = state.lastEntry + 1;
  if (entry.type !== 'commit') return { ...entry, number };
  const committedContent = (name: string): string | undefined => {
    const cluster = findByKey(state.committed.clusters, name, nameOf);
    return cluster && storedTextOf('cluster', cluster);
  };
  const draining = findDrainingEdits(toDraining(state.draining), committedContent, toDraining(entry.draining));
  return { ...entry, number, draining };
}

/** The state after the entry, which must be the next one. */
export function fold(state: LogState, entry: NumberedEntry): LogState {
  return { ...state, lastEntry: entry.number, ...changesOf(state, entry) };
}

function changesOf(state: LogState, entry: NumberedEntry): Partial<LogState> {
  switch (entry.type) {
    case 'stage':
      return stage(state, entry);
    case 'discard':
      return discard(state, entry);
    case 'commit':
      return commit(state, entry);
    case 'order':
      return { orders: withOrder(state.orders, entry) };
  }
}

// What is staged as it is committed is not staged.
function stage({ committed, staged }: LogState, { edits, author, atMs }: StageEntry): Partial<LogState> {
  const items = listEdits(edits).map((edit): [string, StagedObject | undefined] => {
    return [keyOf(edit), isSameObject(edit.after, findObject(committed, edit)) ? undefined : { ...edit, author, atMs }];
  });
  return { staged: withItems(staged, items, keyOf) };
}

function discard({ staged }: LogState, { objects }: DiscardEntry): Partial<LogState> {
  return { staged: withItems(staged, objects.map((object) => [keyOf(object), undefined]), keyOf) };
}

function commit(state: LogState, { revision, atMs, edits, draining, routes }: LoggedCommit): Partial<LogState> {
  const lists = objectKinds.map((kind) => {
    const list = listOfKind[kind];
    const items = edits[list].map(({ name, after }) => [name, after] as const);
    return [list, withItems<DeclaredObject>(state.committed[list], items, nameOf)] as const;
  });
  const committed = Object.fromEntries(lists) as unknown as Config;
  const done = listEdits(edits).flatMap((edit): [string, undefined][] => {
    const key = keyOf(edit);
    const object = findByKey(state.staged, key, keyOf);
    return object !== undefined && isSameObject(object.after, findObject(committed, edit)) ? [[key, undefined]] : [];
  });
  return {
    revision,
    committed,
    staged: withItems(state.staged, done, keyOf),
    draining: draining.length === 0 ? state.draining : drain(state, draining),
    routes,
    orders: ordersAfterCommit(state.orders, edits.clusters, atMs),
  };
}

function drain({ draining, committed }: LogState, edits: readonly DrainingEdit[]): DrainingCluster[] {
  const clusterBefore = (name: string) => findByKey(committed.clusters, name, nameOf);
  return inOrder(applyDrainingEdits(toDraining(draining), clusterBefore, edits));
}
