// How much of the log is kept.

import { serversOf } from '../inventory/cluster.ts';
import { listEdits } from '../inventory/edits.ts';
import type { NumberedEntry } from './log-store.ts';

/**
 * An entry is dropped once those after it weigh so much, see {@link weightOf}; that is some 50 MB on disk. It is for
 * those who stage very much between commits: of endpoints that are added one by one, each entry has the whole cluster.
 */
export const maxLogWeight = 500_000;

/** How many rows an append removes beyond as many as it brings: it never costs what there is. */
export const spareRemovals = 100;

// On disk one comes to this much.
const bytesPerUnit = 100;

/**
 * What an entry takes of the log's room: one for each object, server and route in it, and for itself; for a secret as
 * many as its sealed value takes.
 */
export function weightOf(entry: NumberedEntry): number {
  if (entry.type === 'order') return 1;
  if (entry.type === 'discard') return 1 + entry.objects.length;
  const servers = sum(entry.edits.clusters.map(({ after }) => (after === undefined ? 0 : serversOf(after).length)));
  const sealed = sum(entry.edits.secrets.map(({ after }) => Math.floor((after?.sealed.length ?? 0) / bytesPerUnit)));
  const weight = 1 + listEdits(entry.edits).length + servers + sealed;
  if (entry.type === 'stage') return weight;
  return weight + entry.draining.length + sum((entry.routes?.old ?? []).map(({ routes }) => routes.length));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
