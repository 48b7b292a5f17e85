// One endless sequence of entries, the same in every process, so that a test can tell from a number what a killed
// writer had been answered.

import type { Entry, LogStore } from '../../src/store/log-store.ts';
import { drain, put, remove } from './clusters.ts';
import { commit, discard, order, stage } from './entries.ts';

/** Entry number `index` + 1: mostly staged edits, now and then a commit of several, a discard, or an order. */
export function entryAt(index: number): Entry {
  const [name, other] = [`cluster ${index % 37}`, `cluster ${(index * 7) % 37}`];
  switch (index % 10) {
    case 9: {
      const edits = [put('first', 1 + index), put(name, 1 + index), ...(other === name ? [] : [remove(other)])];
      return commit((index + 1) / 10, edits, { draining: [drain(other, index), drain('last', index)] });
    }
    case 7:
      return discard({ kind: 'cluster', name: other });
    case 6:
      return order(index % 20 === 6 ? 'drain' : 'undrain', 'first', '192.0.2.1:1');
    case 5:
      return stage(remove(name));
    default:
      return stage(put(name, 1, 2 + index));
  }
}

/** Writes the entry after `index` others. */
export async function appendAt(store: LogStore, index: number): Promise<void> {
  const number = await store.append(index, entryAt(index));
  if (number !== index + 1) throw new Error(`entry ${index + 1} was given the number ${number}`);
}
