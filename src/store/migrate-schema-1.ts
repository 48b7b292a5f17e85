// A file of schema 1 made into one of today: what it holds becomes the first entries of the log.

import type { DatabaseSync } from 'node:sqlite';

import type { ClusterEdit } from '../inventory/cluster.ts';
import { noEdits } from '../inventory/edits.ts';
import type { Cluster } from '../model/objects.ts';
import { toDraining } from './draining-edits.ts';
import { schema } from './log-schema.ts';
import { defaultKeptRevisions } from './log-store.ts';
import type { Entry } from './log-store.ts';
import { LogWriter } from './log-writer.ts';
import { compareText, isSameObject } from './objects.ts';
import { readSchema1 } from './schema-1.ts';

const author = 'unknown';
const message = 'taken over from an earlier release';

/** What was committed is revision 1, what was staged otherwise is staged, at `nowMs`. Runs in a transaction. */
export function migrateSchema1(db: DatabaseSync, nowMs: number): void {
  const { staged, committed, draining, routes } = readSchema1(db);
  db.exec(`DROP TABLE staged; DROP TABLE committed; DROP TABLE draining; DROP TABLE meta; ${schema}`);
  const entries: Entry[] = [];
  const deed = { author, atMs: nowMs };
  if (committed !== undefined) {
    const edits = { ...noEdits, clusters: findEdits([], committed) };
    entries.push({ ...deed, type: 'commit', revision: 1, message, edits, draining, routes });
  }
  const clusters = findEdits(committed ?? [], staged);
  if (clusters.length > 0) entries.push({ ...deed, type: 'stage', edits: { ...noEdits, clusters } });
  const writer = new LogWriter(db, defaultKeptRevisions);
  entries.forEach((entry, index) => writer.append(index, entry, toDraining([])));
}

/** In order of name. */
function findEdits(before: readonly Cluster[], after: readonly Cluster[]): ClusterEdit[] {
  const old = new Map(before.map((cluster) => [cluster.name, cluster]));
  const names = new Set(after.map(({ name }) => name));
  const changed = after.filter((cluster) => !isSameObject(old.get(cluster.name), cluster));
  const removed = before.filter(({ name }) => !names.has(name));
  return [
    ...changed.map((cluster) => ({ name: cluster.name, after: cluster })),
    ...removed.map(({ name }) => ({ name, after: undefined })),
  ].sort((a, b) => compareText(a.name, b.name));
}
