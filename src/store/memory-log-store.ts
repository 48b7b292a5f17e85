// The log that forgets when the process ends: the in-memory twin of sqlite-log-store.ts, for --data-dir= and for tests.

import { keptEvents } from '../events/event-store.ts';
import type { NumberedEvent } from '../events/event.ts';
import { listEdits, toEdits } from '../inventory/edits.ts';
import type { ObjectEdit } from '../inventory/edits.ts';
import type { Config } from '../model/objects.ts';
import { emptyState, fold, numberEntry } from './fold.ts';
import { StoreError, defaultKeptRevisions } from './log-store.ts';
import type { LogState, LogStore, LoggedCommit, NumberedEntry, Revision } from './log-store.ts';
import { compareText, findObject, isSameObject, keyOf } from './objects.ts';
import type { StoredObject } from './objects.ts';
import { summarize } from './summary.ts';
import type { Change } from './summary.ts';
import { maxLogWeight, weightOf } from './trimming.ts';

interface KeptEntry {
  readonly entry: NumberedEntry;
  /** What the log weighs up to this entry, since its beginning. */
  readonly total: number;
}

interface KeptRevision {
  readonly revision: Revision;
  /** The number of its entry. */
  readonly number: number;
  readonly changes: readonly ObjectChange[];
}

interface ObjectChange extends Change {
  readonly before: StoredObject | undefined;
}

/** A log that is empty. It rejects nothing but a backup. @param keptRevisions at least 1. */
export function createMemoryLogStore(keptRevisions = defaultKeptRevisions): LogStore {
  let state = emptyState;
  let total = 0;
  // Oldest first.
  const entries: KeptEntry[] = [];
  const revisions: KeptRevision[] = [];
  const events: NumberedEvent[] = [];

  const trim = (): void => {
    revisions.splice(0, revisions.length - keptRevisions);
    const [oldest] = revisions;
    const begin = oldest === undefined || oldest.revision.revision === 1 ? 1 : oldest.number;
    const isKept = (each: KeptEntry): boolean => each.entry.number >= begin && each.total > total - maxLogWeight;
    entries.splice(0, entries.findIndex(isKept));
  };

  return {
    load: async () => state,
    append: async (expected, entry) => {
      if (expected !== state.lastEntry) return undefined;
      if (entry.type === 'commit' && entry.revision !== state.revision + 1) return undefined;
      const numbered = numberEntry(state, entry);
      const { number } = numbered;
      if (numbered.type === 'commit') revisions.push(describeRevision(state.committed, numbered));
      state = fold(state, numbered);
      total += weightOf(numbered);
      entries.push({ entry: numbered, total });
      trim();
      return number;
    },
    entriesAfter: async (number, limit) => {
      return entries.flatMap(({ entry }) => (entry.number > number ? entry : [])).slice(0, limit);
    },
    revisions: async (before, limit) => {
      const below = revisions.map(({ revision }) => revision).filter(({ revision }) => revision < before);
      return below.reverse().slice(0, limit);
    },
    editsBackTo: async (wanted) => {
      if (!revisions.some(({ revision }) => revision.revision === wanted)) return undefined;
      const since = revisions.filter(({ revision }) => revision.revision > wanted);
      return findWayBack(state, since.flatMap(({ changes }) => changes));
    },
    keepSecretKey: async (secretKey) => {
      state = { ...state, secretKey };
    },
    keepAddresses: async (changes) => {
      state = { ...state, addresses: withChanges(state.addresses, changes) };
    },
    keepOutages: async (changes) => {
      state = { ...state, outages: withChanges(state.outages, changes) };
    },
    keepNotes: async (changes) => {
      state = { ...state, notes: withChanges(state.notes, changes) };
    },
    lastEvent: async () => events.at(-1)?.id ?? 0,
    keepEvents: async (batch) => {
      events.push(...batch);
      events.splice(0, events.length - keptEvents);
    },
    eventsAfter: async (id, limit, { cluster, type } = {}) => {
      const isWanted = (event: NumberedEvent): boolean =>
        event.id > id &&
        (cluster === undefined || event.cluster === cluster) &&
        (type === undefined || event.type === type);
      return events.filter(isWanted).slice(0, limit);
    },
    backup: () => Promise.reject(new StoreError('nothing is kept on disk: there is nothing to back up')),
    close: () => Promise.resolve(),
  };
}

function withChanges<Value>(
  before: ReadonlyMap<string, Value> | undefined,
  changes: ReadonlyMap<string, Value | undefined>,
): ReadonlyMap<string, Value> {
  const all = new Map<string, Value | undefined>([...(before ?? []), ...changes]);
  return new Map(Array.from(all).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])));
}

function describeRevision(committed: Config, entry: LoggedCommit & NumberedEntry): KeptRevision {
  const changes = listEdits(entry.edits)
    .map((edit) => ({ ...edit, before: findObject(committed, edit) }))
    .filter(({ before, after }) => !isSameObject(before, after));
  const { revision, atMs, author, message, rollbackTo, number } = entry;
  return { revision: { revision, atMs, author, message, rollbackTo, summary: summarize(changes) }, number, changes };
}

/** @param changes oldest first. */
function findWayBack({ committed }: LogState, changes: readonly ObjectChange[]) {
  const first = new Map<string, ObjectEdit>();
  for (const { kind, name, before } of changes) {
    const key = keyOf({ kind, name });
    if (!first.has(key)) first.set(key, { kind, name, after: before });
  }
  const edits = [...first.values()].filter((edit) => !isSameObject(edit.after, findObject(committed, edit)));
  return toEdits(edits.sort((a, b) => compareText(keyOf(a), keyOf(b))));
}
